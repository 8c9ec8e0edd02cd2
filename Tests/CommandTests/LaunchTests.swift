// `lockstep launch` with real ranks: what it promises about notices, users' errors, and processes that it leaves behind.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct LaunchTests {
        private static let settings = [
            "--model", "mnist-mlp", "--limit-train-batches", "20", "--shards", "8", "--validation-split", "0.03",
        ]

        /// Runs a shell script with `$lockstep` and `$run`; its children are in its own hands.
        private func shell(_ script: String, _ folder: String) throws -> ProcessResult {
            let result = try runProcess(
                "/bin/bash", ["-c", script],
                environment: ["lockstep": try builtProduct("lockstep"), "run": folder + "/run"], timeoutSeconds: 90)
            #expect(!result.timedOut)
            return result
        }

        private func fingerprint(_ result: ProcessResult) -> String? {
            result.lines.last { $0.hasPrefix("fingerprint ") }.map { String($0.dropFirst("fingerprint ".count)) }
        }

        /// Processes whose command line names the run.
        private func processes(of folder: String) -> [String] {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            return names.filter { Int($0) != nil }.compactMap { process in
                let line =
                    FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
                    .map { String(decoding: $0, as: UTF8.self).replacingOccurrences(of: "\0", with: " ") } ?? ""
                return line.contains(folder) ? "\(process): \(line)" : nil
            }
        }

        @Test func mistakesAreNotTriedAgain() throws {
            try withTemporaryFolder { folder in
                let cases: [([String], Int32, String)] = [
                    (["--epochs", "many"], 64, "--epochs"), (["--epochs", "0"], 64, "--epochs must be at least 1"),
                    (["--data", "mnist:\(folder)/none"], 1, "lacks the MNIST files"),
                    (["--model", "mnist-cnm"], 1, "no model of this name"),
                ]
                for (flags, status, words) in cases {
                    let result = try lockstep(
                        ["launch", "--ranks", "2", "--", "train", "--run", folder + "/run"] + flags)
                    #expect(result.status == status, "\(flags): \(result.standardError)")
                    #expect(result.standardError.contains(words), "\(result.standardError)")
                    #expect(!result.standardError.contains("incarnation 2"))
                    #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
                }
                let flags = try lockstep(["launch", "--ranks", "2", "--min-ranks", "3", "--", "train"])
                #expect(flags.status == 64)
                #expect(try lockstep(["launch", "--ranks", "2"]).status == 64)
            }
        }

        /// A rank, then mpirun itself, then an mpirun that is told to end.
        @Test func survivesKills() throws {
            try withTemporaryFolder { folder in
                let arguments = LaunchTests.settings + ["--epochs", "150"]
                let expected = try train(arguments, run: folder + "/undisturbed")
                let result = try shell(
                    """
                    "$lockstep" launch --ranks 3 --back-off 0 -- train --verbose 2 --run "$run" \\
                        \(arguments.joined(separator: " ")) &
                    launch=$!
                    newest() { readlink "$run/checkpoints/last"; }
                    # Waits for another mpirun than the last one, and for a checkpoint of its ranks.
                    next() {
                        until mpirun=$(pgrep -P $launch mpirun) && [ "$mpirun" != "$1" ]; do sleep 0.05; done
                        before=$(newest)
                        while [ "$(newest)" = "$before" ]; do sleep 0.05; done
                    }
                    next ""
                    kill -9 "$(pgrep -P "$mpirun" | tail -n 1)"
                    next "$mpirun"
                    kill -9 "$mpirun"
                    next "$mpirun"
                    kill -TERM "$mpirun"
                    wait $launch
                    """, folder)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(fingerprint(result) == expected)
                #expect(try deterministicMetrics(folder + "/run") == deterministicMetrics(folder + "/undisturbed"))
                let log = try read(folder + "/run/launch.log")
                for words in [
                    "a rank was killed by signal 9", "mpirun was killed by signal 9", "left behind", "status 1",
                ] {
                    #expect(log.contains(words), "\(words): \(log)")
                }
                #expect(processes(of: folder).isEmpty)
            }
        }

        @Test(arguments: ["TERM", "USR1", "INT", "HUP"]) func noticeStopsWithACheckpoint(signal: String) throws {
            try withTemporaryFolder { folder in
                let arguments = LaunchTests.settings + ["--epochs", "4000"]
                let result = try shell(
                    """
                    "$lockstep" launch --ranks 2 -- train --run "$run" \(arguments.joined(separator: " ")) &
                    launch=$!
                    until [ -e "$run/checkpoints/last/state.json" ]; do sleep 0.05; done
                    kill -\(signal) $launch
                    wait $launch
                    """, folder)
                #expect(result.status == 75, "\(result.standardError)")
                #expect(result.standardError.contains("stopped by notice with checkpoint"), "\(result.standardError)")
                #expect(processes(of: folder).isEmpty)
                // It is resumable, under launch as well.
                let resumed = try lockstep(
                    ["launch", "--ranks", "2", "--", "train", "--run", folder + "/run", "--resume", "auto"]
                        + ["--epochs", "1"])
                #expect(resumed.status == 0, "\(resumed.standardError)")
            }
        }

        @Test func secondInterruptKills() throws {
            try withTemporaryFolder { folder in
                let result = try shell(
                    """
                    "$lockstep" launch --ranks 2 -- train --run "$run" --epochs 4000 \
                        \(LaunchTests.settings.joined(separator: " ")) &
                    launch=$!
                    until [ -e "$run/checkpoints/last/state.json" ]; do sleep 0.05; done
                    kill -STOP "$(pgrep -P "$(pgrep -P $launch)" | head -n 1)"
                    kill -INT $launch; sleep 0.5
                    kill -0 $launch || exit 99
                    kill -INT $launch
                    wait $launch
                    """, folder)
                #expect(result.status == 130, "\(result.standardError)")
                #expect(processes(of: folder).isEmpty)
            }
        }

        @Test func jobEndsWithItsLauncher() throws {
            try withTemporaryFolder { folder in
                let arguments = LaunchTests.settings + ["--epochs", "4000"]
                let result = try shell(
                    """
                    "$lockstep" launch --ranks 2 -- train --run "$run" \(arguments.joined(separator: " ")) &
                    launch=$!
                    until [ -e "$run/checkpoints/last/state.json" ]; do sleep 0.05; done
                    kill -9 $launch
                    wait $launch
                    """, folder)
                #expect(result.status == 128 + 9)
                for _ in 0..<200 where !processes(of: folder).isEmpty { usleep(50_000) }
                #expect(processes(of: folder).isEmpty)
            }
        }
    }
}
