// How a run's work is divided, and what a person should know about it before the first step.

import Collectives
import DataParallel
import Datasets
import Hosts
import Optimizers

extension TrainingLoop {
    static func makePlan(
        _ options: FitOptions, _ batchSize: Int, _ resumedShards: Int?, _ automatic: AutomaticShards,
        _ places: [RankPlace], _ world: World
    ) throws -> ShardPlan {
        let shards = options.shards ?? resumedShards ?? automatic(batchSize: batchSize)
        let wanted =
            options.threads ?? max(1, min(CorePlacement.threads(places, rank: world.rank), shards / world.size))
        let threads = Int(try world.communicator.allReduce([Int64(wanted)], .minimum)[0])
        return try ShardPlan(shards: shards, ranks: world.size, threads: threads, batchSize: batchSize)
    }

    /// The line that starts the run.
    var headline: String {
        "\(RunLayout.text(setup.plan, batchSize: setup.batchSize)); seed \(options.seed); "
            + "\(step.reducer.parameters.trainableScalarCount) parameters; \(setup.data.count) samples of \(setup.data.name)"
            + (setup.validation.map { ", \($0.count) for validation" } ?? "")
    }

    /// What is likely not meant so.
    var warnings: [String] {
        let last = setup.data.count - (setup.batchesPerEpoch - 1) * setup.batchSize
        return [idleWorkers, untoldMetrics].compactMap { $0 }
            + BatchStatistics(of: setup.model.network).warnings(
                setup.plan, batchSize: setup.batchSize, lastBatch: min(last, setup.batchSize))
    }

    /// Metrics that training does not tell, though it could if they were fewer.
    private var untoldMetrics: String? {
        let told = setup.objective.sums.map(\.metric.name)
        let names = setup.model.metrics.filter { $0.isOfSums && !told.contains($0.name) }.map(\.name)
        if names.isEmpty { return nil }
        return "a step carries \(StepReport.metricCapacity) sums of metrics; told of validation data alone: "
            + names.joined(separator: ", ")
    }

    /// The two ways to give work to workers that have none.
    private var idleWorkers: String? {
        guard setup.plan.idleWorkers > 0 else { return nil }
        let layout =
            "\(RunLayout.counted(setup.plan.ranks, "rank")) x \(RunLayout.counted(setup.plan.threads, "thread"))"
        var wanted = setup.plan.shards
        while wanted < setup.plan.workers { wanted *= 2 }
        let automatic = setup.automaticShards
        let batch = wanted * automatic.samples
        let isAutomatic = setup.plan.shards == automatic(batchSize: setup.batchSize)
        let helps = isAutomatic && automatic(batchSize: batch) == wanted && batch <= setup.data.count
        let larger = helps ? "a larger `batchSize` (from \(batch) on), or " : ""
        return
            "\(setup.plan.idleWorkers) of \(setup.plan.workers) workers (\(layout)) compute nothing but updates and evaluations, "
            + "since a step has \(RunLayout.counted(setup.plan.shards, "shard")): use \(larger)`shards: \(wanted)`, which changes the "
            + "result's bits, or fewer workers"
    }

    /// Where the run ends before its learning-rate schedule does.
    var scheduleNote: String? {
        let last = min(
            cursor.firstStep + options.epochs.multipliedClamped(by: setup.batchesPerEpoch), options.maxSteps ?? Int.max)
        guard let end = setup.model.optimizer.learningRate.lastChange, end > last, last > step.state.step else {
            return nil
        }
        let rate = setup.model.optimizer.learningRate.rate(at: last - 1)
        return "the learning-rate schedule goes on to step \(end), and this run ends with step \(last), at a rate of "
            + "\(rate)"
    }
}

extension Int {
    /// The product of two numbers that are not negative, at most half the largest number, so that more can be added.
    package func multipliedClamped(by factor: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: factor)
        return overflow ? .max / 2 : Swift.min(product, .max / 2)
    }
}
