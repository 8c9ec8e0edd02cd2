// `train --profile` and `--trace`: what they say is complete and consistent, and the run ends with the same bits.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct ProfileTests {
        static let arguments = [
            "--model", "mnist-cnn", "--epochs", "1", "--limit-train-batches", "8", "--shards", "4",
        ]

        /// One complete event (`"ph": "X"`) of a trace.
        struct Event {
            let name: String
            let rank: Int
            let thread: Int
            let step: Int
            let start: Double
            let end: Double
        }

        private func json(_ path: String) throws -> [String: Any] {
            let value = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
            return try #require(value as? [String: Any])
        }

        private func events(_ trace: [String: Any]) throws -> [Event] {
            let all = try #require(trace["traceEvents"] as? [[String: Any]])
            return try all.filter { $0["ph"] as? String == "X" }.map { event in
                let start = try #require(event["ts"] as? Double)
                return Event(
                    name: try #require(event["name"] as? String), rank: try #require(event["pid"] as? Int),
                    thread: try #require(event["tid"] as? Int),
                    step: try #require((event["args"] as? [String: Int])?["step"]), start: start,
                    end: start + (try #require(event["dur"] as? Double)))
            }
        }

        @Test func traceShowsAllRanksOnOneTimeLine() throws {
            try withTemporaryFolder { folder in
                let file = folder + "/new/trace.json"
                let expected = try train(Self.arguments, run: folder + "/plain")
                let traced = try train(
                    ranks: 2, threads: 2, Self.arguments + ["--profile", "--trace", file, "--trace-steps", "3-5"],
                    run: folder + "/traced")
                #expect(traced == expected)
                let trace = try json(file)
                let events = try events(trace)
                let names = try #require(trace["traceEvents"] as? [[String: Any]]).filter { $0["ph"] as? String == "M" }
                #expect(names.count { $0["name"] as? String == "process_name" } == 2)
                for (rank, thread) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let own = events.filter { $0.rank == rank && $0.thread == thread }
                    let steps = own.filter { $0.name == "step" }
                    #expect(steps.map(\.step) == [3, 4, 5], "rank \(rank), thread \(thread)")
                    var wanted: Set = [
                        "step", "data", "forward", "conv2d forward", "dense_1 forward", "backward", "conv2d backward",
                        "dense_1 backward", "wait for threads", "exchange, wait for ranks", "update", "evaluation",
                    ]
                    if thread == 0 { wanted.formUnion(["end of epoch", "checkpoint"]) }
                    #expect(wanted.isSubset(of: own.map(\.name)), "rank \(rank), thread \(thread): \(own.map(\.name))")
                    expectNested(own)
                    #expect(
                        own.allSatisfy {
                            (3...5).contains($0.step) || ["end of epoch", "evaluation", "checkpoint"].contains($0.name)
                        })
                }
                // The reduction of a step ends on no rank before it began on the other.
                for step in 3...5 {
                    let exchanges = events.filter { $0.step == step && $0.thread == 0 && $0.name.hasPrefix("exchange") }
                    let byRank = [0, 1].map { rank in exchanges.filter { $0.rank == rank } }
                    let latestStart = byRank.compactMap { $0.map(\.start).min() }.max()
                    let earliestEnd = byRank.compactMap { $0.map(\.end).max() }.min()
                    #expect(try #require(latestStart) <= (try #require(earliestEnd)), "step \(step)")
                }
            }
        }

        /// Between hosts, the exchange thread has a track of its own, and pieces overlap.
        @Test func exchangeBetweenHostsIsShown() throws {
            try withTemporaryFolder { folder in
                let file = folder + "/trace.json"
                let result = try lockstep(
                    ranks: 2,
                    ["train", "--threads", "1", "--profile", "--trace", file, "--trace-steps", "3-5"]
                        + Self.arguments + ["--run", folder + "/run"], environment: ["LOCKSTEP_HOSTS": "0,1"])
                #expect(result.status == 0, "\(result.standardError)")
                let trace = try json(file)
                let all = try #require(trace["traceEvents"] as? [[String: Any]])
                let tracks = all.filter { $0["name"] as? String == "thread_name" }.map { event in
                    "\(event["pid"] ?? "") \(event["tid"] ?? "") \((event["args"] as? [String: String])?["name"] ?? "")"
                }
                #expect(tracks == ["0 0 thread 0", "0 1 exchange", "1 0 thread 0", "1 1 exchange"])
                let events = try events(trace)
                for rank in [0, 1] {
                    let own = events.filter { $0.rank == rank && $0.thread == 1 }
                    #expect(Set(own.map(\.name)) == ["exchange, wait for ranks", "add gradients", "update"])
                    expectNested(own)
                    let exchanges = own.filter { $0.name.hasPrefix("exchange") }
                    let pieces = try pieces(all, rank: rank)
                    #expect(Set(pieces.map(\.step)) == [3, 4, 5])
                    let outside = pieces.filter { piece in
                        !exchanges.contains {
                            $0.step == piece.step && $0.start <= piece.start && piece.end <= $0.end
                        }
                    }
                    #expect(outside.isEmpty, "an exchange goes on while any piece is under way")
                    for step in 3...5 {
                        let end = try #require(exchanges.filter { $0.step == step }.map(\.end).max())
                        let waits = events.filter {
                            $0.rank == rank && $0.thread == 0 && $0.step == step && $0.name.hasPrefix("exchange")
                        }
                        #expect(end <= (try #require(waits.map(\.end).max())), "the step waits for its exchange")
                    }
                }
                let overlap = try #require(
                    try json(folder + "/run/profile.json")["overlap"] as? [String: Double])
                let underWay = try #require(overlap["under_way_seconds"])
                let wait = try #require(overlap["wait_seconds"])
                let share = try #require(overlap["hidden_share"])
                #expect(underWay > 0 && wait > 0 && abs(share - max(0, 1 - wait / underWay)) < 1e-9)
                let line = result.lines.first { $0.hasPrefix("exchange between hosts: under way for ") }
                let percent = Int((100 * share).rounded(.toNearestOrEven))
                #expect(line?.hasSuffix(" a step, \(percent) % of it hidden") == true, "\(result.lines)")
            }
        }

        /// The pieces that a rank's exchange moved, from their asynchronous events.
        private func pieces(_ all: [[String: Any]], rank: Int) throws -> [Event] {
            let own = all.filter { $0["name"] as? String == "piece" && $0["pid"] as? Int == rank }
            return try Dictionary(grouping: own) { $0["id"] as? String ?? "" }.map { id, events in
                #expect(events.map { $0["ph"] as? String } == ["b", "e"], "\(id)")
                let times = try events.map { try #require($0["ts"] as? Double) }
                let step = try #require((events[0]["args"] as? [String: Int])?["step"])
                return Event(
                    name: "piece", rank: rank, thread: 1, step: step, start: times[0], end: try #require(times.last))
            }
        }

        /// Two spans of a thread lie one within the other, or apart.
        private func expectNested(_ events: [Event]) {
            var open: [Event] = []
            for event in events.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
                while let last = open.last, last.end <= event.start { open.removeLast() }
                if let last = open.last { #expect(event.end <= last.end + 0.0005, "\(event) in \(last)") }
                open.append(event)
            }
        }

        @Test(arguments: [1, 2]) func profileAddsUpToTheStep(threads: Int) throws {
            try withTemporaryFolder { folder in
                let expected = try train(Self.arguments, run: folder + "/plain")
                let result = try lockstep(
                    ["train", "--profile", "--threads", "\(threads)", "--run", folder + "/run"] + Self.arguments)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.lines.contains("fingerprint \(expected)"))
                for name in ["conv2d (Conv2D)", "dense_1 (Dense)", "update", "other", "step"] {
                    #expect(result.lines.contains { $0.hasPrefix(name + " ") }, "\(name) in \(result.standardOutput)")
                }
                #expect(result.standardOutput.contains(try read(folder + "/run/profile.txt")))
                let profile = try json(folder + "/run/profile.json")
                #expect(profile["steps"] as? Int == 7, "the first of 8 steps is not measured")
                let total = try #require(profile["step_seconds"] as? Double)
                let rows = try #require(profile["rows"] as? [[String: Any]])
                let seconds = try rows.map { try #require($0["seconds"] as? Double) }
                #expect(abs(seconds.reduce(0, +) / total - 1) < 0.02 && seconds.allSatisfy { $0 > -0.02 * total })
                let products = rows.filter { $0["flops_per_second"] as? Double ?? 0 > 0 }.compactMap {
                    $0["name"] as? String
                }
                #expect(products == ["conv2d", "dense", "dense_1"])
                let waits = try #require(profile["waits"] as? [[String: Any]])
                #expect(waits.count == threads - 1, "one for the rank's threads, none for other ranks")
                #expect(profile["overlap"] == nil && !result.standardOutput.contains("between hosts"))
            }
        }

        /// Two ranks on one core take turns: told once, with what to do about it.
        @Test func sharedCoreIsTold() throws {
            try withTemporaryFolder { folder in
                let settings = "--model mnist-mlp --max-steps 2 --epochs 1 --threads 1 --run \(folder)/run"
                let result = try runProcess(
                    "/usr/bin/env",
                    [
                        "taskset", "-c", "0", "mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none",
                        "-n",
                    ]
                        + ["2", try builtProduct("lockstep"), "train"]
                        + settings.split(separator: " ").map(String.init),
                    timeoutSeconds: 60)
                #expect(result.status == 0, "\(result.standardError)")
                let warnings = result.standardError.split(separator: "\n").filter { $0.hasPrefix("warning: ") }
                #expect(warnings.count == 1, "\(result.standardError)")
                for words in ["ranks 0, 1 x 1 thread share core 0", "use at most 1 rank a host"] {
                    #expect(warnings.first?.contains(words) == true, "'\(words)' is not in \(warnings)")
                }
            }
        }

        @Test(
            .enabled(if: ProcessInfo.processInfo.activeProcessorCount >= 2, "one core"),
            arguments: [["--bind-to", "none"], ["--bind-to", "core"]])
        func ranksWithCoresOfTheirOwnAreToldNothing(binding: [String]) throws {
            try withTemporaryFolder { folder in
                let settings = "--model mnist-mlp --max-steps 2 --epochs 1 --threads 1 --run \(folder)/run"
                let result = try runProcess(
                    "/usr/bin/env",
                    ["mpirun", "--allow-run-as-root", "-n", "2"] + binding + [try builtProduct("lockstep"), "train"]
                        + settings.split(separator: " ").map(String.init), timeoutSeconds: 60)
                #expect(result.status == 0 && !result.standardError.contains("warning"), "\(result.standardError)")
            }
        }
    }
}
