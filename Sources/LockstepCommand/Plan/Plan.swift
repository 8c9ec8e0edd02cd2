// `lockstep plan`: how a run would scale, from one that was measured.

import ArgumentParser
import DataParallel
import Foundation
import Lockstep
import Streams

struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "How a run would scale over hosts: step time, efficiency and memory, from a measured run.",
        discussion: """
            Example:
              lockstep train --model mnist-cnn --batch-size 1024 --shards 64 --epochs 2 --run runs/measured
              lockstep plan mnist-cnn --batch-size 1024 --hosts 1,2,4,8,16,32 \\
                --network 10Gbit,20us --measured runs/measured --plot scaling.svg

            Compute and update come from the run's metrics; the exchange between hosts is the
            real one's schedule of messages, played on a network of the given bandwidth and
            latency. Waiting for slower hosts, and reduction within a host, are left out.
            """)

    @Argument(help: "mnist-mlp, mnist-cnn, or a model described in FILE.yaml.")
    var model: String
    @Option(help: "Samples of a step over all ranks together.")
    var batchSize: Int
    @Option(help: "Numbers of hosts, separated by commas.")
    var hosts = "1,2,4,8,16,32,64"
    @Option(help: "Bandwidth and latency of a host's link.")
    var network = "10Gbit,20us"
    @Option(help: "Folder of a finished run of this model, on one of the hosts.")
    var measured: String
    @Option(help: "Shards of a step (default: as train's --shards auto).")
    var shards: Int?
    @Option(help: "Ranks on each host.")
    var ranksPerHost = 1
    @Option(help: "Threads of each rank (default: the measured run's).")
    var threads: Int?
    @Option(help: "Shape of a sample.")
    var input = "28x28x1"
    @Option(help: "sgd, adam, adamw or rmsprop, for the memory.")
    var optimizer = "adam"
    @Option(help: "Write a plot as SVG.", transform: expandingHome)
    var plot: String?
    @Option(
        help: "Write the messages of the largest number of hosts as a SimGrid trace, one file a rank, into a folder.",
        transform: expandingHome)
    var trace: String?
    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        withoutMPI {
            let counts = try hosts.split(separator: ",", omittingEmptySubsequences: false).map { text -> Int in
                guard let count = Int(text), (1...65536).contains(count) else {
                    throw TrainingError("--hosts must be numbers from 1 to 65536 such as 1,2,4, got '\(hosts)'")
                }
                return count
            }
            let scaling = try scalingModel()
            let rows = try scaling.rows(hosts: counts)
            if json {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
                print(String(decoding: try encoder.encode(rows), as: UTF8.self))
            } else {
                print(try table(rows, scaling))
            }
            if let plot { try write(ScalingPlot(rows: rows, title: try title(scaling)).svg, to: plot) }
            if let trace {
                let largest = counts.max()!
                guard largest > 1 else { throw TrainingError("--trace wants at least 2 hosts: one sends no messages") }
                try SimulatorTrace(plan: try scaling.exchangePlan(hosts: largest)).write(to: trace)
                print("trace of \(largest * ranksPerHost) ranks in \(trace)")
            }
        }
    }

    private func scalingModel() throws -> ScalingModel {
        for (name, value) in [
            ("--batch-size", batchSize), ("--ranks-per-host", ranksPerHost), ("--threads", threads ?? 1),
        ] {
            guard value >= 1 else { throw TrainingError("\(name) must be at least 1, got \(value)") }
            let most = name == "--batch-size" ? 1 << 40 : 1 << 30
            guard value <= most else { throw TrainingError("\(name) must be at most \(most), got \(value)") }
        }
        let states = ["sgd": 0, "adam": 2, "adamw": 2, "rmsprop": 1]
        guard let stateCount = states[optimizer] else {
            throw TrainingError("unknown --optimizer '\(optimizer)': expected sgd, adam, adamw or rmsprop")
        }
        let (layers, sample) = (try ModelDescription(model).makeModel(), try Shape(ofSample: input))
        let buffer = try layers.makeParameterBuffer(input: sample)
        let automatic = AutomaticShards(layers, input: sample, output: try layers.build(sample))
        let floats = buffer.values.count
        let run = try MeasuredRun(path: RecordedRun.folder(measured), floats: floats)
        let threads = threads ?? run.threads
        return ScalingModel(
            measured: run, network: try Network(network), batchSize: batchSize,
            shards: shards ?? automatic(batchSize: batchSize),
            ranksPerHost: ranksPerHost, threads: threads, floats: floats, trainable: buffer.trainable.count,
            stateCount: stateCount)
    }

    private func title(_ scaling: ScalingModel) throws -> String {
        "\(try ModelDescription(model).name), batch \(batchSize), \(scaling.shards) shards, \(ranksPerHost) x "
            + "\(scaling.threads) workers a host, \(network)"
    }

    private func table(_ rows: [ScalingRow], _ scaling: ScalingModel) throws -> String {
        let header = [
            "hosts", "workers", "samples", "compute ms", "exchange ms", "exposed ms", "step ms", "efficiency",
            "communication", "MB a rank",
        ]
        func number(_ value: Double) -> String { String(format: value < 10 ? "%.3f" : "%.1f", value) }
        let cells =
            [header]
            + rows.map { row in
                [
                    "\(row.hosts)", "\(row.workers)", "\(row.samplesPerWorker)", number(row.computeMilliseconds),
                    number(row.exchangeMilliseconds), number(row.exposedMilliseconds), number(row.stepMilliseconds),
                    "\(Int((row.efficiency * 100).rounded())) %", "\(Int((row.communicationShare * 100).rounded())) %",
                    number(row.megabytes),
                ]
            }
        return ([try title(scaling)] + cells.map(TextTable(cells).line)).joined(separator: "\n")
    }

    private func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
            throw TrainingError("can't write \(path): \(error.localizedDescription)")
        }
    }
}
