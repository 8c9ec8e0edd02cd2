// What is found out about a step's sums before they are applied: whether they are finite, and their global norm.

import Autograd
import CKernels
import Collectives
import Optimizers

extension GradientReducer {
    // MARK: Finite or not

    /// On one host all sums are looked at where they are made. Between hosts that would let updates wait for the last
    /// gradient of all ranks; so a rank only tells, in the record that is summed with the gradients, whether its own sums
    /// are so large that the total might overflow. If any are, the owners of the totals are asked, which is a collective.
    ///
    /// - Parameter buffers: this rank's sums.
    func lookForLargeSums(in bucket: Range<Int>, _ buffers: [Int]) {
        // As many sums as there are shards, each below the limit, add up to 2^127 at most, however they are rounded.
        let limit = Float(sign: .plus, exponent: 127 - plan.shards.trailingZeroBitCount, significand: 1)
        if !buffers.allSatisfy({ memory.gradients[$0].isBelow(limit, bucket) }) { memory.suspect(step: step) }
        // Of a rank's buckets, this one is finished last.
        if bucket.contains(suspicion), memory.isSuspected(step: step), let first = buffers.first {
            memory.gradients[first].pointer[suspicion] += 1
        }
    }

    /// Where in the record ranks with large sums are counted.
    private var suspicion: Int { parameters.record.upperBound - 1 }

    /// Whether any rank found a sum that is not finite. Collective where there was reason to suspect it.
    func wasSpoilt() throws(CommunicationError) -> Bool {
        let isSpoilt = memory.isSpoilt(step: step)
        if exchange == nil || parameters.values.pointer[suspicion] == 0 { return isSpoilt }
        return try communicator.allReduce([isSpoilt ? 1 : 0], .maximum) == [1]
    }

    /// The parts of the last step's sums that this rank has made, in buffers that hold them until the next step.
    package var ownTotals: [(range: Range<Int>, buffer: FlatBuffer)] {
        if let exchange {
            return exchange.pieces.filter { !$0.owned.isEmpty }.map { ($0.owned, exchange.total(of: $0)) }
        }
        return (0..<plan.threads).map {
            (slices.slice(ofWorker: communicator.rank * plan.threads + $0), sums[$0].total)
        }
    }

    /// Whether all sums of a step are looked at before any is applied.
    package var knowsBeforeUpdate: Bool { exchange == nil }

    // MARK: The global norm

    /// On the exchange thread, once everything is reduced: the norm over all trainable gradients (block sums of all ranks,
    /// added in the order of blocks), and whether all sums are finite.
    func verdictBetweenHosts() throws(CommunicationError) -> HostExchange.Verdict {
        guard let exchange else { return HostExchange.Verdict() }
        var isFinite = true
        for piece in exchange.pieces where !piece.owned.isEmpty {
            let total = exchange.total(of: piece)
            isFinite = isFinite && total.isFinite(piece.owned)
            if wantsNorm { keepBlockSums(of: total, piece.owned) }
        }
        if wantsNorm { try gatherBlockSums(exchange.communicator) }
        isFinite = try exchange.communicator.allReduce([isFinite ? 1 : 0], .minimum) == [1]
        return HostExchange.Verdict(
            norm: wantsNorm ? norm.norm(fromBlockSums: Array(blockSums)) : nil, isFinite: isFinite)
    }

    func keepBlockSums(of gradients: FlatBuffer, _ range: Range<Int>) {
        let own = range.clamped(to: parameters.trainable)
        if own.isEmpty { return }
        for (index, sum) in norm.blockSums(of: gradients, own).enumerated() {
            blockSums[own.lowerBound / SliceLayout.blockLength + index] = sum
        }
    }

    func gatherBlockSums(_ communicator: any Communicator) throws(CommunicationError) {
        try gather(UnsafeMutableRawBufferPointer(blockSums), communicator) { range in
            let own = range.clamped(to: parameters.trainable)
            // A slice beyond the trainable range has no block, not even the range's last one.
            if own.isEmpty { return 0..<0 }
            let first = own.lowerBound / SliceLayout.blockLength
            let last = (own.upperBound + SliceLayout.blockLength - 1) / SliceLayout.blockLength
            return (first * MemoryLayout<Double>.stride)..<(last * MemoryLayout<Double>.stride)
        }
    }
}

extension FlatBuffer {
    /// Whether no element of `range` is NaN or infinite.
    package func isFinite(_ range: Range<Int>) -> Bool { isBelow(.infinity, range) }

    /// Whether the size of all elements of `range` is below `limit`, infinity or a power of two; NaN never is.
    func isBelow(_ limit: Float, _ range: Range<Int>) -> Bool {
        lk_all_below(pointer + range.lowerBound, Int64(range.count), limit) != 0
    }
}
