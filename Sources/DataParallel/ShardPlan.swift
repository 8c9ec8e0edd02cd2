// Who computes what. The shards of a step are fixed by the configuration; ranks and threads merely divide them up.

import Tensors

/// A division of `shards` among `ranks` x `threads` workers, and of a batch among the shards.
///
/// A worker is one thread of one rank; worker w of the whole job is thread `w % threads` of the rank at position
/// `w / threads` of the `Placement`, and owns a contiguous block of shards. Nothing that a shard computes depends on the
/// division.
public struct ShardPlan: Sendable, Hashable {
    /// The number of shards V, a power of two.
    public let shards: Int
    public let ranks: Int
    /// Threads of each rank.
    public let threads: Int

    public var workers: Int { ranks * threads }

    /// - Throws: `ShardPlanError` unless `shards` is a power of two with at least one shard for each worker, and there is
    ///   a worker.
    public init(shards: Int, ranks: Int, threads: Int) throws(ShardPlanError) {
        guard shards > 0, shards & (shards - 1) == 0 else {
            throw ShardPlanError("--shards must be a power of two, got \(shards)")
        }
        guard ranks > 0, threads > 0 else {
            throw ShardPlanError("expected at least one rank and one thread, got \(ranks) ranks x \(threads) threads")
        }
        // Divided, since the product of absurd numbers overflows.
        guard threads <= shards / ranks else {
            throw ShardPlanError(
                "\(ranks) ranks x \(threads) threads are more workers than the \(shards) shards of a step: use fewer "
                    + "ranks or --threads, or more --shards (which changes the result's bits)")
        }
        self.shards = shards
        self.ranks = ranks
        self.threads = threads
    }

    /// What `--shards auto` means: the largest power of two, at most 64, that leaves at least 16 samples a shard, and
    /// never below the number of workers.
    public static func automaticShards(batchSize: Int, workers: Int) -> Int {
        var shards = 1
        while shards < 64 && batchSize / (shards * 2) >= 16 { shards *= 2 }
        while shards < workers { shards *= 2 }
        return shards
    }

    /// The shards of a worker, counted over the whole job.
    public func shards(ofWorker worker: Int) -> Range<Int> {
        (worker * shards / workers)..<((worker + 1) * shards / workers)
    }

    /// The shards of all threads of a rank.
    public func shards(ofRank rank: Int, _ placement: Placement) -> Range<Int> {
        let first = placement.positions[rank] * threads
        return shards(ofWorker: first).lowerBound..<shards(ofWorker: first + threads - 1).upperBound
    }

    /// The positions within a batch of `count` samples that `shard` computes; blocks differ by at most one sample.
    public func samples(ofShard shard: Int, count: Int) -> Range<Int> {
        (shard * count / shards)..<((shard + 1) * count / shards)
    }
}

/// A layout of shards, ranks and threads that can't be.
public struct ShardPlanError: Error, CustomStringConvertible, Sendable {
    public let description: String

    init(_ description: String) { self.description = description }
}
