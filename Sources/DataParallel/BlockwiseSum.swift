// The additions of the canonical tree over a block that fits into the cache: each partial sum is read from memory once,
// and the total takes the place of one that is not needed any more. The reducer has one for each thread.

import Autograd
import CKernels

/// Adds up buffers in the order of a `CanonicalSum`, a block at a time.
final class BlockwiseSum {
    /// Floats in a block: few enough for the first-level cache to hold its total.
    static let blockLength = SliceLayout.blockLength

    private enum Operand {
        case input(Int)
        case scratch(Int)
        case total
    }

    /// Holds the sums of the ranges that were asked for.
    let total: FlatBuffer

    private let inputs: [FlatBuffer]
    /// Each adds two operands into a block of `scratch`, the last one into the total.
    private var steps: [(out: Operand, left: Operand, right: Operand)] = []
    private let scratch: FlatBuffer

    /// - Parameters:
    ///   - partialSums: left to right over all shards.
    ///   - total: receives the sums; it may be one of the partial sums.
    init(_ partialSums: [(node: SubtreeSum, buffer: FlatBuffer)], into total: FlatBuffer) {
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
            steps.append((.scratch(out), left, right))
            places[addition.target] = .scratch(out)
        }
        // A single partial sum is the total as it lies.
        self.total = steps.isEmpty ? inputs[0] : total
        if let last = steps.indices.last { steps[last].out = .total }
        scratch = FlatBuffer(count: used * BlockwiseSum.blockLength)
    }

    /// Adds up `range`, at most a block.
    ///
    /// - Returns: whether all of it is finite. A sum is not where any of its terms is not, so the last one tells.
    func add(_ range: Range<Int>) -> Bool {
        let count = Int64(range.count)
        var isFinite = steps.isEmpty ? total.isFinite(range) : true
        for step in steps {
            isFinite =
                lk_add(address(step.out, range), address(step.left, range), address(step.right, range), count) != 0
        }
        return isFinite
    }

    private func address(_ operand: Operand, _ range: Range<Int>) -> UnsafeMutablePointer<Float> {
        switch operand {
        case .input(let index): inputs[index].pointer + range.lowerBound
        case .scratch(let slot): scratch.pointer + slot * BlockwiseSum.blockLength
        case .total: total.pointer + range.lowerBound
        }
    }
}
