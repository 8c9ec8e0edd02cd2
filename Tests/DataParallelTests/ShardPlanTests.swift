// The division of shards and samples: everything once, nothing forgotten, for all small layouts.

import DataParallel
import Testing

struct ShardPlanTests {
    @Test(arguments: [1, 2, 4, 8, 16, 32, 64]) func everyShardHasOneOwner(shards: Int) throws {
        for ranks in 1...(shards + 3) {
            for threads in 1...(shards / ranks + 2) {
                let plan = try ShardPlan(shards: shards, ranks: ranks, threads: threads)
                #expect(plan.workers == ranks * threads)
                let blocks = (0..<plan.workers).map { plan.shards(ofWorker: $0) }
                // Contiguous and in order: laid side by side they are all shards.
                #expect(blocks.flatMap(Array.init) == Array(0..<shards))
                let sizes = blocks.map(\.count)
                #expect(sizes[0] == sizes.max() && sizes.max()! - sizes.min()! <= 1)
                #expect(sizes.count { $0 == 0 } == plan.idleWorkers)
            }
        }
    }

    @Test(arguments: [1, 2, 8, 64], [nil, 7, 32, 100, 1024])
    func everySampleHasOneShard(shards: Int, batchSize: Int?) throws {
        let plan = try ShardPlan(shards: shards, ranks: 1, threads: 1, batchSize: batchSize)
        for count in [0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 100, 1000, 1023] {
            let blocks = (0..<shards).map { plan.samples(ofShard: $0, count: count) }
            #expect(blocks.flatMap(Array.init) == Array(0..<count))
            let sizes = blocks.map(\.count).filter { $0 > 0 }
            #expect(sizes.count <= plan.filledShards(count: count))
            #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
            // As many as a whole batch has, or 16, wherever there are so many.
            let least = max(1, min(16, (batchSize ?? 1) / shards))
            #expect(count < least || (sizes.min() ?? 0) >= least, "\(count) samples: \(sizes)")
        }
    }

    /// Decided by the count: 5 samples were once five shards of one, over which nothing can be normalised.
    @Test(arguments: [
        (8, 64, 64, [8, 8, 8, 8, 8, 8, 8, 8]), (8, 64, 5, [5, 0, 0, 0, 0, 0, 0, 0]),
        (8, 64, 16, [8, 0, 0, 0, 8, 0, 0, 0]), (8, 64, 35, [8, 0, 9, 0, 9, 0, 9, 0]), (2, 32, 31, [31, 0]),
        (4, 1024, 100, [25, 25, 25, 25]), (4, 1024, 63, [31, 0, 32, 0]), (8, 3, 3, [1, 0, 0, 0, 2, 0, 0, 0]),
    ]) func shortBatchesFillFewerShards(shards: Int, batchSize: Int, count: Int, expected: [Int]) throws {
        let plan = try ShardPlan(shards: shards, ranks: 1, threads: 1, batchSize: batchSize)
        #expect((0..<shards).map { plan.samples(ofShard: $0, count: count).count } == expected)
    }

    @Test func samplesDoNotDependOnTheWorkers() throws {
        let alone = try ShardPlan(shards: 16, ranks: 1, threads: 1)
        let divided = try ShardPlan(shards: 16, ranks: 5, threads: 3)
        for shard in 0..<16 {
            #expect(alone.samples(ofShard: shard, count: 77) == divided.samples(ofShard: shard, count: 77))
        }
    }

    @Test(arguments: [(32, 2), (256, 16), (10000, 64), (1, 1), (31, 1), (33, 2), (0, 1), (1023, 32), (1024, 64)])
    func automaticShardsLeaveSixteenSamples(batchSize: Int, expected: Int) {
        #expect(ShardPlan.automaticShards(batchSize: batchSize) == expected)
    }

    @Test(arguments: [0, -4, 3, 6, 12, 63, 1 << 40]) func shardsMustBeAPowerOfTwo(shards: Int) {
        let error = #expect(throws: ShardPlanError.self) { try ShardPlan(shards: shards, ranks: 1, threads: 1) }
        #expect(error?.description.contains("\(shards)") == true)
    }

    @Test(arguments: [(1, 1025), (2, Int.max), (Int.max, Int.max), (Int.max, 2)])
    func absurdNumbersOfWorkersAreRefused(ranks: Int, threads: Int) {
        let error = #expect(throws: ShardPlanError.self) { try ShardPlan(shards: 8, ranks: ranks, threads: threads) }
        #expect(error?.description.contains("at most 1024 threads a rank") == true)
    }

    @Test(arguments: [(0, 1), (1, 0), (-1, -1)]) func thereMustBeAWorker(ranks: Int, threads: Int) {
        #expect(throws: ShardPlanError.self) { try ShardPlan(shards: 8, ranks: ranks, threads: threads) }
    }
}
