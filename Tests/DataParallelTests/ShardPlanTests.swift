// The division of shards and samples: everything once, nothing forgotten, for all small layouts.

import DataParallel
import Testing

struct ShardPlanTests {
    @Test(arguments: [1, 2, 4, 8, 16, 32, 64]) func everyShardHasOneOwner(shards: Int) throws {
        for ranks in 1...shards {
            for threads in 1...(shards / ranks) {
                let plan = try ShardPlan(shards: shards, ranks: ranks, threads: threads)
                #expect(plan.workers == ranks * threads)
                let blocks = (0..<plan.workers).map { plan.shards(ofWorker: $0) }
                // Contiguous, in order, none empty: laid side by side they are all shards.
                #expect(blocks.flatMap(Array.init) == Array(0..<shards))
                let sizes = blocks.map(\.count)
                #expect(sizes.min()! >= 1 && sizes.max()! - sizes.min()! <= 1)
            }
        }
    }

    @Test(arguments: [1, 2, 8, 64]) func everySampleHasOneShard(shards: Int) throws {
        let plan = try ShardPlan(shards: shards, ranks: 1, threads: 1)
        for count in [0, 1, 2, 7, 31, 32, 33, 63, 64, 65, 100, 1000, 1023] {
            let blocks = (0..<shards).map { plan.samples(ofShard: $0, count: count) }
            #expect(blocks.flatMap(Array.init) == Array(0..<count))
            #expect(blocks.map(\.count).max()! - blocks.map(\.count).min()! <= 1)
        }
    }

    @Test func samplesDoNotDependOnTheWorkers() throws {
        let alone = try ShardPlan(shards: 16, ranks: 1, threads: 1)
        let divided = try ShardPlan(shards: 16, ranks: 5, threads: 3)
        for shard in 0..<16 {
            #expect(alone.samples(ofShard: shard, count: 77) == divided.samples(ofShard: shard, count: 77))
        }
    }

    @Test(arguments: [
        (32, 1, 2), (256, 1, 16), (10000, 1, 64), (32, 4, 4), (1, 1, 1), (31, 1, 1), (33, 1, 2), (10000, 65, 128),
        (32, 3, 4), (0, 1, 1),
    ]) func automaticShardsLeaveSixteenSamples(batchSize: Int, workers: Int, expected: Int) {
        #expect(ShardPlan.automaticShards(batchSize: batchSize, workers: workers) == expected)
    }

    @Test(arguments: [0, -4, 3, 6, 12, 63]) func shardsMustBeAPowerOfTwo(shards: Int) {
        let error = #expect(throws: ShardPlanError.self) { try ShardPlan(shards: shards, ranks: 1, threads: 1) }
        #expect(error?.description.contains("\(shards)") == true)
    }

    @Test(arguments: [(9, 1), (3, 3), (1, 9), (2, Int.max), (Int.max, Int.max)])
    func everyWorkerNeedsAShard(ranks: Int, threads: Int) {
        let error = #expect(throws: ShardPlanError.self) { try ShardPlan(shards: 8, ranks: ranks, threads: threads) }
        #expect(error?.description.contains("8 shards") == true)
    }

    @Test(arguments: [(0, 1), (1, 0), (-1, -1)]) func thereMustBeAWorker(ranks: Int, threads: Int) {
        #expect(throws: ShardPlanError.self) { try ShardPlan(shards: 8, ranks: ranks, threads: threads) }
    }
}
