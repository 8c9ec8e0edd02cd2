// `lockstep doctor`: finds the classic traps of clusters before they cost an allocation.

import ArgumentParser
import Foundation
import Lockstep
import MPI
import Streams

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look for what goes wrong on clusters, each with the line that fixes it; measure; suggest a layout.",
        discussion: """
            Run it the way the training will be run:
              lockstep doctor --ranks 8                     before the job is started
              mpirun -n 8 --hostfile hosts lockstep doctor --run /shared/run
              srun --mpi=pmix lockstep doctor --threads 4

            Exit status: 0 nothing is wrong (there may be warnings), 1 something is.
            """)

    @Option(help: "Ranks that the job will have (default: those that are here).")
    var ranks: Int?
    @Option(help: "Threads of each rank (default: one per core).")
    var threads: Int?
    @Option(help: "mnist-mlp, mnist-cnn, or a model described in FILE.yaml.")
    var model = "mnist-cnn"
    @Option(help: "digits, or mnist[:DIR].")
    var data = "digits"
    @Option(help: "Samples of a step over all ranks together, for the suggestion.")
    var batchSize = 256
    @Option(name: .customLong("run"), help: "Folder in which the run will be.", transform: expandingHome)
    var runFolder = "runs"
    @Flag(help: "Skip the measurements (some seconds).")
    var noMeasurements = false
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        for (name, value, most) in [
            ("--ranks", ranks, 1 << 20), ("--threads", threads, ShardPlan.mostThreads),
            ("--batch-size", batchSize, 1 << 40),
        ] {
            if let value, !(1...most).contains(value) {
                throw ValidationError("\(name) must be at least 1 and at most \(most), got \(value)")
            }
        }
    }

    func run() throws {
        var isWell = true
        withWorld(acceptsBrokenPromise: true) { world in
            let promise = LaunchEnvironment(ProcessInfo.processInfo.environment)
            var report = DoctorReport(findings: [])
            do { try promise.check(worldSize: world.size) } catch {
                report.findings.append(Finding(check: "launch", level: .failure, text: "\(error)"))
            }
            let description = try ModelDescription(model)
            let network = try description.makeModel()
            let source = try DataSource(data)
            let floats = try network.makeParameterBuffer(input: [28, 28, 1], seed: 0).values.count
            var intention = Intention()
            (intention.ranks, intention.threads) = (ranks ?? promise.expectedWorldSize, threads)
            (intention.floats, intention.batchSize) = (floats, batchSize)
            let facts = try HostFacts.gather(runFolder: runFolder, data: source, world)
            let diagnosis = Diagnosis(facts: facts, intention: intention)
            report.findings += diagnosis.findings()
            if !noMeasurements { report.measurements = try Measurements.take(floats: floats, world) }
            report.suggestion = Suggestion(diagnosis, batchSize: batchSize)
            isWell = !report.findings.contains { $0.level == .failure }
            if world.rank == 0 { print(json ? try report.json() : report.text, terminator: "") }
        }
        if !isWell { throw ExitCode(1) }
    }
}

/// What the doctor found, measured and suggests.
struct DoctorReport: Codable {
    var findings: [Finding]
    var measurements: Measurements?
    var suggestion: Suggestion?

    var text: String {
        var lines: [String] = []
        for finding in findings {
            let mark =
                switch finding.level {
                case .ok: "ok      "
                case .warning: "warning "
                case .failure: "FAILURE "
                }
            lines.append(mark + finding.check + ": " + finding.text)
            if let advice = finding.advice { lines.append("        -> " + advice) }
        }
        lines += measurements?.lines ?? []
        lines += suggestion?.lines ?? []
        return lines.joined(separator: "\n") + "\n"
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    }
}

/// Ranks, threads and shards that fit the hosts.
struct Suggestion: Codable {
    let ranksPerHost: Int
    let threads: Int
    let shards: Int
    let command: String
    /// How to keep the other cores busy, where there are any.
    let more: String?

    /// One rank on each host, a thread on each physical core: fewer ranks mean fewer messages, and threads cost no less
    /// than ranks. More workers than shards would be idle.
    init(_ diagnosis: Diagnosis, batchSize: Int) {
        let hosts = diagnosis.hosts
        let cores = hosts.map { host in
            let quota = host.ranks[0].quota.map { Int($0) } ?? Int.max
            return max(1, min(Set(host.ranks.flatMap(\.physicalCores)).count, quota))
        }
        let most = cores.min() ?? 1
        shards = ShardPlan.automaticShards(batchSize: batchSize)
        threads = max(1, min(most, shards / hosts.count))
        more = most > threads ? Suggestion.more(workers: hosts.count * most) : nil
        ranksPerHost = 1
        let train = "lockstep train --batch-size \(batchSize) --threads \(threads)"
        command =
            hosts.count == 1
            ? train
            : "mpirun -n \(hosts.count) --map-by ppr:1:node:pe=\(threads) --bind-to core \(train)"
    }

    var lines: [String] {
        ["suggested: " + command] + (more.map { ["        -> all cores would compute: \($0)"] } ?? [])
    }

    /// What gives every one of so many workers a shard.
    static func more(workers: Int) -> String {
        var shards = 1
        while shards < workers { shards *= 2 }
        guard shards <= ShardPlan.mostShards else {
            return "fewer workers, since a step has at most \(ShardPlan.mostShards) shards"
        }
        let larger = "a larger batch (from --batch-size \(shards * ShardPlan.wantedSamples) on), or "
        return "\(shards <= 64 ? larger : "")--shards \(shards), which changes the result's bits"
    }
}
