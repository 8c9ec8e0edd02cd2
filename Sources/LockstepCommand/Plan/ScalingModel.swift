// From a run that was measured to runs on other numbers of hosts.

import DataParallel
import Foundation
import Lockstep
import Streams

/// Seconds of work, taken from a real run's metrics.
struct MeasuredRun: Sendable {
    let forwardSecondsPerSample: Double
    let backwardSecondsPerSample: Double
    /// Of one thread, for the whole parameter buffer divided by its length.
    let updateSecondsPerFloat: Double
    let threads: Int

    /// - Parameter path: a run folder with metrics.csv and summary.txt.
    init(path: String, floats: Int) throws {
        let wanted = "--measured wants the folder of a finished run of this model"
        guard let summary = FileManager.default.contents(atPath: path + "/summary.txt") else {
            throw TrainingError("can't read \(path)/summary.txt: \(wanted)")
        }
        guard let layout = try RunLayout(Text.decode(summary, file: path + "/summary.txt")) else {
            throw TrainingError("\(path)/summary.txt does not tell ranks and threads: \(wanted)")
        }
        // The last epoch: the first one also warms up.
        let rows = try RecordedMetrics(runFolder: path).rows
        guard let last = rows.last else {
            throw TrainingError("\(path)/metrics.csv has no row: expected one epoch at least")
        }
        func value(_ column: String) throws -> Double {
            guard let number = last.fields[column].flatMap({ Double($0) }) else {
                throw TrainingError("\(path)/metrics.csv: the row of step \(last.step) has no \(column)")
            }
            return number
        }
        let former = rows.last { $0.fields["epoch"] != last.fields["epoch"] }?.step ?? 0
        let steps = Double(last.step - former)
        guard steps > 0 else { throw TrainingError("\(path)/metrics.csv: the last row is of no step") }
        let workers = Double(layout.ranks * layout.threads)
        let samples = steps * Double(layout.batchSize) / workers
        forwardSecondsPerSample = try (value("data_seconds") + value("forward_seconds")) / samples
        backwardSecondsPerSample = try value("backward_seconds") / samples
        updateSecondsPerFloat = try value("update_seconds") / steps * workers / Double(floats)
        threads = layout.threads
    }
}

/// What a step takes on a number of hosts.
struct ScalingRow: Codable, Sendable {
    let hosts: Int
    let ranks: Int
    let workers: Int
    /// Samples of the worker that has most.
    let samplesPerWorker: Int
    let computeMilliseconds: Double
    /// Of the exchange's messages alone, with nothing to hide behind.
    let exchangeMilliseconds: Double
    /// Of the exchange beyond the compute that hides it, update included.
    let exposedMilliseconds: Double
    let stepMilliseconds: Double
    /// Samples per second and host, relative to the first row.
    let efficiency: Double
    /// The exposed share of the step.
    let communicationShare: Double
    /// Of a rank: parameters, gradients, optimizer state, buffers of the exchange.
    let megabytes: Double
}

/// The model, the batch and the network; a row for each number of hosts.
struct ScalingModel {
    let measured: MeasuredRun
    let network: Network
    let batchSize: Int
    let shards: Int
    let ranksPerHost: Int
    let threads: Int
    /// Floats of the whole flat buffer, and of its trainable part.
    let floats: Int
    let trainable: Int
    /// Arrays of optimizer state.
    let stateCount: Int

    func exchangePlan(hosts: Int) throws -> ExchangePlan {
        let plan = try ShardPlan(shards: shards, ranks: hosts * ranksPerHost, threads: threads, batchSize: batchSize)
        let placement = Placement((0..<plan.ranks).map { $0 / ranksPerHost })
        return ExchangePlan(plan: plan, placement: placement, count: floats, tail: trainable)
    }

    func rows(hosts: [Int]) throws -> [ScalingRow] {
        var first: (hosts: Int, step: Double)?
        return try hosts.map { count in
            let row = try row(hosts: count, first)
            if first == nil { first = (count, row.stepMilliseconds) }
            return row
        }
    }

    private func row(hosts: Int, _ first: (hosts: Int, step: Double)?) throws -> ScalingRow {
        let exchange = try exchangePlan(hosts: hosts)
        let plan = exchange.plan
        let loads = (0..<plan.workers).map { worker in
            plan.shards(ofWorker: worker).map { plan.samples(ofShard: $0, count: batchSize).count }
        }
        let samples = loads.map { $0.reduce(0, +) }.max() ?? 0
        let compute = Double(samples) * (measured.forwardSecondsPerSample + measured.backwardSecondsPerSample)
        var (alone, step) = (0.0, compute + Double(floats) * measured.updateSecondsPerFloat / Double(plan.workers))
        if hosts > 1 {
            // Messages alone, whatever the measured run was like; that is what the traces hold, too.
            alone = ExchangeTimeline(plan: exchange, network: network, updateSecondsPerFloat: 0).seconds { _ in 0 }
            let timeline = ExchangeTimeline(
                plan: exchange, network: network, updateSecondsPerFloat: measured.updateSecondsPerFloat)
            // Only the last shard's backward pass finishes gradients, from the buffer's end to its start.
            let last = loads.compactMap(\.last).max() ?? 0
            let backward = Double(last) * measured.backwardSecondsPerSample
            step = max(
                compute,
                timeline.seconds { bucket in
                    let range = exchange.buckets[bucket]
                    let isTail = range.lowerBound >= trainable
                    return compute - (isTail ? 0 : backward * Double(range.lowerBound) / Double(max(1, trainable)))
                })
        }
        let buffers = ExchangeLayout(plan: plan, placement: exchange.placement, count: floats).buffersPerRank
        let pieces = hosts > 1 ? HostExchange.piecesUnderWay * exchange.pieces(ofRank: 0).map(\.range.count).max()! : 0
        return ScalingRow(
            hosts: hosts, ranks: plan.ranks, workers: plan.workers, samplesPerWorker: samples,
            computeMilliseconds: compute * 1e3, exchangeMilliseconds: alone * 1e3,
            exposedMilliseconds: (step - compute) * 1e3, stepMilliseconds: step * 1e3,
            efficiency: first.map { $0.step * Double($0.hosts) / (step * 1e3 * Double(hosts)) } ?? 1,
            communicationShare: (step - compute) / step,
            megabytes: Double((1 + buffers) * floats + stateCount * trainable + pieces) * 4 / 1e6)
    }
}
