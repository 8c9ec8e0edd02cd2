// The additions of the canonical tree over a block that fits into the cache: each partial sum is read from memory once,
// and nothing but the total is there afterwards. The reducer has one for each thread.

import Autograd
import CKernels

/// Adds up buffers in the order of a `CanonicalSum`, a block at a time; the buffers are only read.
final class BlockwiseSum {
    /// Floats in a block: with the parameters and moments that an update reads beside them, half of a usual
    /// second-level cache.
    static let blockLength = 4 * SliceLayout.blockLength

    private enum Operand {
        case input(Int)
        case scratch(Int)
    }

    private let inputs: [FlatBuffer]
    /// Each adds two operands into a block of `scratch`.
    private var steps: [(out: Int, left: Operand, right: Operand)] = []
    private let result: Operand
    private let scratch: FlatBuffer

    /// - Parameter partialSums: left to right over all shards.
    init(_ partialSums: [(node: SubtreeSum, buffer: FlatBuffer)]) {
        inputs = partialSums.map(\.buffer)
        var places = inputs.indices.map(Operand.input)
        var (free, used) = ([Int](), 0)
        for addition in CanonicalSum(partialSums.enumerated().map { ($1.node, $0) }).additions {
            let (left, right) = (places[addition.target], places[addition.source])
            let out: Int
            if case .scratch(let slot) = left {
                out = slot
            } else if let slot = free.popLast() {
                out = slot
            } else {
                out = used
                used += 1
            }
            if case .scratch(let slot) = right { free.append(slot) }
            steps.append((out, left, right))
            places[addition.target] = .scratch(out)
        }
        result = places[0]
        scratch = FlatBuffer(count: used * BlockwiseSum.blockLength)
    }

    /// The total of `range`, at most a block, in a buffer indexed like the inputs; valid until the next call.
    func callAsFunction(_ range: Range<Int>) -> FlatBuffer {
        for step in steps {
            lk_add(
                address(.scratch(step.out), range), address(step.left, range), address(step.right, range),
                Int64(range.count))
        }
        guard case .scratch = result else { return inputs[0] }
        return FlatBuffer(
            viewing: address(result, range) - range.lowerBound, count: inputs[0].count, owner: scratch)
    }

    private func address(_ operand: Operand, _ range: Range<Int>) -> UnsafeMutablePointer<Float> {
        switch operand {
        case .input(let index): inputs[index].pointer + range.lowerBound
        case .scratch(let slot): scratch.pointer + slot * BlockwiseSum.blockLength
        }
    }
}
