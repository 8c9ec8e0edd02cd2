// The memory that the ranks of one host share: everybody's parameters and gradients, and which gradients are final.

import Autograd
import CKernels
import Collectives
import Hosts
import Synchronization

/// Which gradient buffers the workers need, and what is in them at a step's end. Buffers of a rank are numbered
/// `thread * buffersPerThread + index`.
package struct ExchangeLayout: Sendable {
    package let plan: ShardPlan
    package let placement: Placement
    /// Floats in each buffer.
    package let count: Int
    /// Gradient buffers that the thread with the most shards needs.
    package let buffersPerThread: Int
    /// By rank, then by thread.
    package let schedules: [[WorkerSchedule]]
    /// By rank: its threads' partial sums, and the additions among them.
    package let workerSums: [[(node: SubtreeSum, buffer: Int)]]
    package let sums: [CanonicalSum]

    package init(plan: ShardPlan, placement: Placement? = nil, count: Int) {
        let placement = placement ?? .oneHost(ranks: plan.ranks)
        let schedules = placement.positions.map { position in
            (0..<plan.threads).map {
                WorkerSchedule(shards: plan.shards(ofWorker: position * plan.threads + $0))
            }
        }
        let perThread = schedules.joined().map(\.bufferCount).max() ?? 1
        self.plan = plan
        self.placement = placement
        self.count = count
        self.schedules = schedules
        buffersPerThread = perThread
        workerSums = schedules.map { threads in
            threads.enumerated().flatMap { thread, schedule in
                schedule.results.map { ($0.node, thread * perThread + $0.buffer) }
            }
        }
        sums = workerSums.map { CanonicalSum($0) }
    }

    package var buffersPerRank: Int { plan.threads * buffersPerThread }
}

/// This rank's buffers, and those of the other ranks of its host.
///
/// Each rank has a block `[marks | values | gradient buffers]`, in a shared window where the host has several ranks.
final class HostMemory: @unchecked Sendable {
    /// This rank's parameter values.
    let values: FlatBuffer
    /// This rank's gradient buffers.
    let gradients: [FlatBuffer]
    /// The partial sums of all workers of the host, left to right.
    let workerSums: [(node: SubtreeSum, buffer: FlatBuffer)]
    /// The same once every rank has added up those of its threads.
    let rankSums: [(node: SubtreeSum, buffer: FlatBuffer)]
    private let otherReplicas: [UnsafeMutablePointer<Float>]
    private let window: (any SharedWindow)?
    /// By rank of the host, by bucket: the last step in which the rank's sums were final there.
    private let marks: [UnsafeMutablePointer<Atomic<Int>>]
    private let ownMarks: UnsafeMutablePointer<Atomic<Int>>
    /// Behind those of the buckets, the last steps in which a sum was not finite, and was large.
    private let spoiltMark: Int
    /// Whether replicas are too large to wait in the cache for the next forward pass.
    private let outgrowsCache: Bool
    /// A guess at what all replicas of a host may take of the last-level cache.
    private static let cacheBytes = 16 << 20

    /// Collective over the ranks of the host; nil on all of them where they can't share memory.
    ///
    /// - Parameter host: the ranks that share this rank's host; nil if it is the only one.
    init?(layout: ExchangeLayout, rank: Int, host: (any Communicator)?, bucketCount: Int) throws(CommunicationError) {
        let line = ParameterBuffer.alignment
        let floatsPerMark = MemoryLayout<Atomic<Int>>.stride / MemoryLayout<Float>.stride
        // Whole cache lines, in which every buffer starts at the beginning of one.
        let pitch = (layout.count + line - 1) / line * line
        let head = ((bucketCount + 2) * floatsPerMark + line - 1) / line * line
        let blockCount = head + (1 + layout.buffersPerRank) * pitch
        let owner: AnyObject
        let block: (Int) -> UnsafeMutablePointer<Float>
        if let host {
            guard let window = try host.makeSharedWindow(byteCount: blockCount * MemoryLayout<Float>.stride) else {
                return nil
            }
            (owner, self.window) = (window, window)
            block = { window.block(of: $0).baseAddress!.assumingMemoryBound(to: Float.self) }
        } else {
            let memory = FlatBuffer(count: blockCount)
            (owner, window) = (memory, nil)
            block = { _ in memory.pointer }
        }
        let ranks = layout.placement.hosts[layout.placement.hostOf[rank]]
        func buffer(_ member: Int, _ index: Int) -> FlatBuffer {
            FlatBuffer(viewing: block(member) + head + index * pitch, count: layout.count, owner: owner)
        }
        let own = host?.rank ?? 0
        values = buffer(own, 0)
        gradients = (0..<layout.buffersPerRank).map { buffer(own, 1 + $0) }
        workerSums = ranks.enumerated().flatMap { member, rank in
            layout.workerSums[rank].map { ($0.node, buffer(member, 1 + $0.buffer)) }
        }
        rankSums = ranks.enumerated().flatMap { member, rank in
            layout.sums[rank].results.map { ($0.node, buffer(member, 1 + $0.buffer)) }
        }
        otherReplicas = ranks.indices.filter { $0 != own }.map { block($0) + head }
        marks = ranks.indices.map { UnsafeMutableRawPointer(block($0)).assumingMemoryBound(to: Atomic<Int>.self) }
        ownMarks = marks[own]
        spoiltMark = bucketCount
        outgrowsCache = layout.count * MemoryLayout<Float>.stride * ranks.count > HostMemory.cacheBytes
    }

    /// Returns when every rank of the host has come, and sees what all of them have written.
    func synchronize() throws(CommunicationError) { try window?.synchronize() }

    /// Copies `range` of this rank's values into the host's other replicas.
    func publish(_ range: Range<Int>) {
        let source = values.pointer + range.lowerBound
        for replica in otherReplicas {
            if outgrowsCache {
                lk_copy_past_cache(replica + range.lowerBound, source, Int64(range.count))
            } else {
                (replica + range.lowerBound).update(from: source, count: range.count)
            }
        }
    }

    /// This rank has added up its sums within `bucket`, and will not need the parameters there any more in `step`.
    func markFinal(_ bucket: Int, step: Int) { ownMarks[bucket].store(step, ordering: .releasing) }

    /// This rank has found a sum that is NaN or infinite.
    func markSpoilt(step: Int) { ownMarks[spoiltMark].store(step, ordering: .releasing) }

    /// Whether a rank of the host has found such a sum in `step`.
    func isSpoilt(step: Int) -> Bool { marks.contains { $0[spoiltMark].load(ordering: .acquiring) == step } }

    /// This rank has sums that are large enough for an overflow.
    func suspect(step: Int) { ownMarks[spoiltMark + 1].store(step, ordering: .releasing) }

    /// Whether this rank has such sums in `step`.
    func isSuspected(step: Int) -> Bool { ownMarks[spoiltMark + 1].load(ordering: .acquiring) == step }

    /// Whether all ranks of the host have marked `bucket`.
    func isFinal(_ bucket: Int, step: Int) -> Bool {
        marks.allSatisfy { $0[bucket].load(ordering: .acquiring) >= step }
    }
}
