// From a run that was measured to runs on other numbers of hosts.

import DataParallel
import Foundation
import Lockstep

/// Seconds of work, taken from a real run's metrics.
struct MeasuredRun: Sendable {
    let forwardSecondsPerSample: Double
    let backwardSecondsPerSample: Double
    /// Of one thread, for the whole parameter buffer divided by its length.
    let updateSecondsPerFloat: Double
    let threads: Int

    /// - Parameter path: a run folder with metrics.csv and summary.txt.
    init(path: String, floats: Int) throws {
        let summary = try MeasuredRun.read(path + "/summary.txt")
        guard let layout = summary.firstMatch(of: /; (\d+) ranks? x (\d+) threads?;/), let ranks = Int(layout.1),
            let threads = Int(layout.2), let batch = summary.firstMatch(of: /^batch (\d+) =/).flatMap({ Int($0.1) })
        else { throw TrainingError("\(path)/summary.txt does not tell ranks and threads: is it a finished run's?") }
        let lines = try MeasuredRun.read(path + "/metrics.csv").split(separator: "\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false)
        }
        func value(_ row: Int, _ column: String) throws -> Double {
            guard let index = lines[0].firstIndex(of: Substring(column)), lines[row].indices.contains(index),
                let number = Double(lines[row][index])
            else { throw TrainingError("\(path)/metrics.csv: line \(row + 1) has no \(column)") }
            return number
        }
        guard lines.count >= 2 else {
            throw TrainingError("\(path)/metrics.csv has no row: expected one epoch at least")
        }
        // The last epoch: the first one also warms up.
        let last = lines.count - 1
        let steps = try value(last, "step") - (last > 1 ? try value(last - 1, "step") : 0)
        guard steps > 0 else { throw TrainingError("\(path)/metrics.csv: the last row is of no step") }
        let workers = Double(ranks * threads)
        let samples = steps * Double(batch) / workers
        let forward = try value(last, "data_seconds") + value(last, "forward_seconds")
        forwardSecondsPerSample = forward / samples
        backwardSecondsPerSample = try value(last, "backward_seconds") / samples
        updateSecondsPerFloat = try value(last, "update_seconds") / steps * workers / Double(floats)
        self.threads = threads
    }

    private static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrainingError("can't read \(path): --measured wants the folder of a finished run of this model")
        }
        return String(decoding: data, as: UTF8.self)
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
