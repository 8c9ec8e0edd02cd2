// Who computes what. The shards of a step are fixed by the configuration; ranks and threads merely divide them up.

import Hosts
import Tensors

/// A division of `shards` among `ranks` x `threads` workers, and of a batch among the shards.
///
/// A worker is one thread of one rank; worker w of the whole job is thread `w % threads` of the rank at position
/// `w / threads` of the `Placement`, and owns a contiguous block of shards: none where there are more workers than shards,
/// which then only update and evaluate. Nothing that a shard computes depends on the division.
package struct ShardPlan: Sendable, Hashable {
    /// The number of shards V, a power of two.
    package let shards: Int
    package let ranks: Int
    /// Threads of each rank.
    package let threads: Int
    /// What a shard has of a whole batch, at most 16: a shorter batch is cut over fewer shards, so that none has less as
    /// long as the batch has as much.
    package let samplesPerShard: Int

    package var workers: Int { ranks * threads }

    /// Workers without a shard.
    package var idleWorkers: Int { max(0, workers - shards) }

    /// Far beyond what is of use: every shard is a task of its own.
    package static let mostShards = 1 << 16
    /// Threads that a rank has at most: as many as the cores that Linux can bind it to.
    package static let mostThreads = 1024
    /// What `automaticShards` leaves to a shard: gradients of fewer samples cost more to add up than to compute, and batch
    /// normalisation wants some.
    package static let wantedSamples = 16

    /// - Parameter batchSize: samples of a whole batch; without it, a batch fills as many shards as it has samples.
    /// - Throws: `ShardPlanError` unless `shards` is a power of two, and there is a worker and not an absurd number of them.
    package init(shards: Int, ranks: Int, threads: Int, batchSize: Int? = nil) throws(ShardPlanError) {
        guard shards > 0, shards & (shards - 1) == 0 else {
            throw ShardPlanError("`shards` must be a power of two, got \(shards)")
        }
        guard shards <= ShardPlan.mostShards else {
            throw ShardPlanError("`shards` must be at most \(ShardPlan.mostShards), got \(shards)")
        }
        guard ranks > 0, threads > 0 else {
            throw ShardPlanError("expected at least one rank and one thread, got \(ranks) ranks x \(threads) threads")
        }
        guard threads <= ShardPlan.mostThreads, !ranks.multipliedReportingOverflow(by: threads).overflow else {
            throw ShardPlanError(
                "\(ranks) ranks x \(threads) threads: expected at most \(ShardPlan.mostThreads) threads a rank")
        }
        self.shards = shards
        self.ranks = ranks
        self.threads = threads
        samplesPerShard = max(1, min(ShardPlan.wantedSamples, (batchSize ?? 1) / shards))
    }

    /// The largest power of two, at most 64 and at most `most`, that leaves `samples` to each shard.
    package static func automaticShards(
        batchSize: Int, leaving samples: Int = wantedSamples, most: Int = .max
    ) -> Int {
        var shards = powerOfTwo(below: 64, leaving: samples, of: batchSize)
        while shards > max(1, most) { shards /= 2 }
        return shards
    }

    /// The shards of a worker, counted over the whole job; the first worker has as many as any.
    package func shards(ofWorker worker: Int) -> Range<Int> { firstShard(worker)..<firstShard(worker + 1) }

    private func firstShard(_ worker: Int) -> Int { (worker * shards + workers - 1) / workers }

    /// The shards of all threads of a rank.
    package func shards(ofRank rank: Int, _ placement: Placement) -> Range<Int> {
        let first = placement.positions[rank] * threads
        return shards(ofWorker: first).lowerBound..<shards(ofWorker: first + threads - 1).upperBound
    }

    /// How many shards a batch of `count` samples fills: all, but a short batch only so many, a power of two, that each
    /// has `samplesPerShard`.
    package func filledShards(count: Int) -> Int {
        ShardPlan.powerOfTwo(below: shards, leaving: samplesPerShard, of: count)
    }

    /// The positions within a batch of `count` samples that `shard` computes; those of filled shards differ by at most one
    /// sample, those of others are empty. Filled shards lie evenly among the others, so that workers share them.
    package func samples(ofShard shard: Int, count: Int) -> Range<Int> {
        let filled = filledShards(count: count)
        let (index, rest) = shard.quotientAndRemainder(dividingBy: shards / filled)
        if rest > 0 { return 0..<0 }
        return (index * count / filled)..<((index + 1) * count / filled)
    }

    /// The largest power of two, at most `limit`, that leaves `samples` of `count` to each.
    private static func powerOfTwo(below limit: Int, leaving samples: Int, of count: Int) -> Int {
        var power = 1
        while power < limit && count / (power * 2) >= samples { power *= 2 }
        return power
    }
}

/// A layout of shards, ranks and threads that can't be.
package struct ShardPlanError: Error, CustomStringConvertible, Sendable {
    package let description: String

    init(_ description: String) { self.description = description }
}
