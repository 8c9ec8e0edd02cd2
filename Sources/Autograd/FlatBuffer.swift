// One aligned array of floats: all parameters, all gradients, or one kind of optimizer state. Reduction, update,
// broadcast, checkpoint and fingerprint are loops over ranges of it.

import CHash
import Foundation
import Tensors

/// A fixed-length array of floats with a stable address, zero at first.
///
/// The contents are shared by reference between the worker threads of a rank, which write disjoint ranges; the
/// training step orders writes and reads.
public final class FlatBuffer: @unchecked Sendable {
    package let count: Int
    /// The first element, 64-byte aligned; valid while the buffer lives.
    package let pointer: UnsafeMutablePointer<Float>
    /// Keeps foreign memory (a shared window) alive; nil where the memory is our own.
    private let owner: AnyObject?
    private let allocation: UnsafeMutableRawPointer?

    /// Zeroed memory of our own. A page that nobody writes to takes no room: a rank's optimizer state is as large as the
    /// slice that the rank updates.
    package init(count: Int) {
        self.count = count
        owner = nil
        let alignment = 64
        guard let zeros = calloc(count * MemoryLayout<Float>.stride + alignment, 1) else {
            fatalError("out of memory: no room for a buffer of \(count) floats")
        }
        allocation = zeros
        pointer = zeros.alignedUp(toMultipleOf: alignment).assumingMemoryBound(to: Float.self)
    }

    /// Memory that `owner` keeps alive, with its present contents.
    package init(viewing pointer: UnsafeMutablePointer<Float>, count: Int, owner: AnyObject) {
        self.count = count
        self.owner = owner
        self.pointer = pointer
        allocation = nil
    }

    deinit { free(allocation) }

    /// The elements of `range`.
    package subscript(range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        require(range.lowerBound >= 0 && range.upperBound <= count, "range \(range) is outside a buffer of \(count)")
        return UnsafeMutableBufferPointer(start: pointer + range.lowerBound, count: range.count)
    }

    /// The bytes of `range`, for communication and files.
    package func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(self[range])
    }

    /// A tensor that shares the memory of `range`.
    package func view(_ range: Range<Int>, shape: Shape) -> Tensor {
        require(shape.count == range.count, "a view of shape \(shape) does not fit a range of \(range.count) floats")
        return Tensor(viewing: self[range].baseAddress ?? pointer, shape: shape, owner: self)
    }

    /// The 128-bit hash of the bytes of `range`.
    package func fingerprint(_ range: Range<Int>) -> Fingerprint {
        Fingerprint(of: UnsafeRawBufferPointer(bytes(range)))
    }
}
