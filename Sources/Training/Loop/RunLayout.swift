// How a run divides its work, as its first line and summary.txt say it. `plan` reads it back.

import DataParallel

/// The beginning of a run's summary.
package struct RunLayout {
    package let batchSize: Int
    package let ranks: Int
    package let threads: Int

    /// E.g. `batch 64 = 16 x 4 shards, 2 a worker; 2 ranks x 1 thread`.
    static func text(_ plan: ShardPlan, batchSize: Int) -> String {
        let sizes = (0..<plan.shards).map { plan.samples(ofShard: $0, count: batchSize).count }
        let (least, most) = (sizes.min() ?? 0, sizes.max() ?? 0)
        return "batch \(batchSize) = \(least == most ? "" : "\(least)-")\(most) x \(counted(plan.shards, "shard")), "
            + "\(plan.shards(ofWorker: 0).count) a worker; "
            + "\(counted(plan.ranks, "rank")) x \(counted(plan.threads, "thread"))"
    }

    /// Reads what begins with such a text; nil for anything else.
    package init?(_ text: String) {
        guard let found = text.prefixMatch(of: /batch (\d+) = .*?; (\d+) ranks? x (\d+) threads?;/),
            let batchSize = Int(found.1), let ranks = Int(found.2), let threads = Int(found.3)
        else { return nil }
        (self.batchSize, self.ranks, self.threads) = (batchSize, ranks, threads)
    }

    static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
