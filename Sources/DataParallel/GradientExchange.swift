// Moving partial sums between ranks, and updated parameters back. Two ways: memory that all ranks of a node see, or
// messages. Neither adds floating-point numbers: the reducer does, in the canonical order.

import Autograd
import Collectives

/// The buffers of a rank and the way its slice's partial sums come together. Called by one thread of the rank, except
/// for the pointers.
protocol GradientExchange: AnyObject {
    /// This rank's parameter values.
    var values: FlatBuffer { get }
    /// This rank's gradient buffers.
    var gradients: [FlatBuffer] { get }
    /// Buffers with the tree's partial sums, left to right over all shards, valid within this rank's slice after
    /// `collect`. Additions may write to them there.
    var partialSums: [(node: SubtreeSum, buffer: FlatBuffer)] { get }
    /// Makes all ranks' partial sums of this rank's slice available. Collective.
    func collect() throws(CommunicationError)
    /// Called by each thread once its part of the values is updated.
    func publish(_ range: Range<Int>)
    /// Returns when every rank has every rank's published values. Collective.
    func complete() throws(CommunicationError)
}

/// What every exchange derives from the plan. Buffers of a rank are numbered `thread * buffersPerThread + index`.
package struct ExchangeLayout: Sendable {
    package let plan: ShardPlan
    package let slices: SliceLayout
    /// Gradient buffers that the thread with the most shards needs.
    package let buffersPerThread: Int
    /// For every rank: the additions among its threads' partial sums, and what remains for the other ranks.
    package let sums: [CanonicalSum]

    package init(plan: ShardPlan, count: Int) {
        let schedules = (0..<plan.workers).map { WorkerSchedule(shards: plan.shards(ofWorker: $0)) }
        let perThread = schedules.map(\.bufferCount).max() ?? 1
        self.plan = plan
        slices = SliceLayout(count: count, workers: plan.workers)
        buffersPerThread = perThread
        sums = (0..<plan.ranks).map { rank in
            CanonicalSum(
                (0..<plan.threads).flatMap { thread in
                    schedules[rank * plan.threads + thread].results.map { ($0.node, thread * perThread + $0.buffer) }
                })
        }
    }

    package var buffersPerRank: Int { plan.threads * buffersPerThread }

    func slice(ofRank rank: Int) -> Range<Int> { slices.slice(ofRank: rank, threads: plan.threads) }
}

/// One rank, or several that share memory: every rank reads the others' gradients, and writes its slice of the
/// parameters into all replicas.
final class SharedMemoryExchange: GradientExchange {
    let values: FlatBuffer
    let gradients: [FlatBuffer]
    let partialSums: [(node: SubtreeSum, buffer: FlatBuffer)]
    private let otherReplicas: [UnsafeMutablePointer<Float>]
    private let window: (any SharedWindow)?

    /// For a rank alone.
    convenience init(layout: ExchangeLayout) {
        let memory = FlatBuffer(count: (1 + layout.buffersPerRank) * layout.slices.count)
        self.init(layout: layout, window: nil, owner: memory, rank: 0) { _ in memory.pointer }
    }

    /// For ranks of one node; nil on all ranks where they can't share memory. Collective.
    convenience init?(layout: ExchangeLayout, communicator: any Communicator) throws(CommunicationError) {
        let count = (1 + layout.buffersPerRank) * layout.slices.count
        guard let window = try communicator.makeSharedWindow(byteCount: count * MemoryLayout<Float>.stride) else {
            return nil
        }
        self.init(layout: layout, window: window, owner: window, rank: communicator.rank) {
            window.block(of: $0).baseAddress!.assumingMemoryBound(to: Float.self)
        }
    }

    /// Each rank's block holds its values, then its gradient buffers.
    private init(
        layout: ExchangeLayout, window: (any SharedWindow)?, owner: AnyObject, rank: Int,
        block: (Int) -> UnsafeMutablePointer<Float>
    ) {
        let count = layout.slices.count
        self.window = window
        values = FlatBuffer(viewing: block(rank), count: count, owner: owner)
        gradients = (0..<layout.buffersPerRank).map {
            FlatBuffer(viewing: block(rank) + (1 + $0) * count, count: count, owner: owner)
        }
        partialSums = (0..<layout.plan.ranks).flatMap { rank in
            layout.sums[rank].results.map {
                ($0.node, FlatBuffer(viewing: block(rank) + (1 + $0.buffer) * count, count: count, owner: owner))
            }
        }
        otherReplicas = (0..<layout.plan.ranks).filter { $0 != rank }.map(block)
    }

    func collect() throws(CommunicationError) { try window?.synchronize() }

    func publish(_ range: Range<Int>) {
        for replica in otherReplicas {
            (replica + range.lowerBound).update(from: values.pointer + range.lowerBound, count: range.count)
        }
    }

    func complete() throws(CommunicationError) { try window?.synchronize() }
}

/// Ranks that share no memory: each sends every other rank that rank's slice of its partial sums. With 2^k ranks there
/// is one partial sum per rank, and the volume is that of a reduce-scatter and an all-gather.
final class MessageExchange: GradientExchange {
    let values: FlatBuffer
    let gradients: [FlatBuffer]
    let partialSums: [(node: SubtreeSum, buffer: FlatBuffer)]
    private let layout: ExchangeLayout
    private let communicator: any Communicator
    /// What arrives: for the k-th partial sum of every rank, the slices side by side.
    private let received: [FlatBuffer]

    init(layout: ExchangeLayout, communicator: any Communicator) {
        let ranks = layout.plan.ranks
        let slice = layout.slice(ofRank: communicator.rank)
        let most = layout.sums.map(\.results.count).max() ?? 0
        let received = (0..<most).map { _ in FlatBuffer(count: ranks * slice.count) }
        self.layout = layout
        self.communicator = communicator
        self.received = received
        values = FlatBuffer(count: layout.slices.count)
        gradients = (0..<layout.buffersPerRank).map { _ in FlatBuffer(count: layout.slices.count) }
        partialSums = (0..<ranks).flatMap { peer in
            layout.sums[peer].results.enumerated().map { k, result in
                // As if the whole buffer were here, so that flat indices apply.
                let start = received[k].pointer + peer * slice.count - slice.lowerBound
                return (result.node, FlatBuffer(viewing: start, count: layout.slices.count, owner: received[k]))
            }
        }
    }

    func collect() throws(CommunicationError) {
        let own = layout.sums[communicator.rank].results
        let width = layout.slice(ofRank: communicator.rank).count
        for k in received.indices {
            let sendBlocks = layout.sums.indices.map { k < own.count ? bytes(layout.slice(ofRank: $0)) : 0..<0 }
            let receiveBlocks = layout.sums.indices.map { peer in
                bytes((peer * width)..<(peer * width + (k < layout.sums[peer].results.count ? width : 0)))
            }
            let source = k < own.count ? gradients[own[k].buffer] : values
            try communicator.allToAll(
                UnsafeRawBufferPointer(source.bytes(0..<source.count)), sendBlocks: sendBlocks,
                into: received[k].bytes(0..<received[k].count), receiveBlocks: receiveBlocks)
        }
    }

    func publish(_ range: Range<Int>) {}

    func complete() throws(CommunicationError) {
        let blocks = layout.sums.indices.map { bytes(layout.slice(ofRank: $0)) }
        try communicator.allGather(inPlace: values.bytes(0..<values.count), blocks: blocks)
    }

    private func bytes(_ range: Range<Int>) -> Range<Int> {
        (range.lowerBound * MemoryLayout<Float>.stride)..<(range.upperBound * MemoryLayout<Float>.stride)
    }
}
