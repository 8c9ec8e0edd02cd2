// Ranks that die, stop and stall: the job ends in bounded time, and says who it was.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct WatchdogTests {
        /// Starts a run under mpirun that would take for ever, and hands its ranks' process ids in `rank[0]`, ... to
        /// `actions` once steps are done. Then prints the launcher's status, the seconds since, and who is left.
        private func disturb(
            ranks: Int, _ arguments: String, run: String, _ actions: String, epochs: Int = 100_000
        ) throws -> ProcessResult {
            let script = """
                mpirun --timeout 60 --oversubscribe -n \(ranks) '\(try builtProduct("lockstep"))' train --model mnist-mlp --shards 8 \
                    --epochs \(epochs) --threads 1 --verbose 2 --log-every-n-steps 20 --run '\(run)' \(arguments) &
                launcher=$!
                until [ "$(cat '\(run)/metrics.csv' 2>/dev/null | wc -l)" -gt 3 ] || ! kill -0 $launcher; do sleep 0.05; done
                rank=()
                for process in $(pgrep -P $launcher); do
                    number=$(tr '\\0' '\\n' <"/proc/$process/environ" | sed -n 's/^OMPI_COMM_WORLD_RANK=//p')
                    rank[number]=$process
                done
                begin=$(date +%s%N)
                \(actions)
                wait $launcher
                echo status $?
                for process in "${rank[@]}"; do
                    until ! kill -0 "$process" 2>/dev/null || [ $SECONDS -gt 70 ]; do sleep 0.05; done
                done
                echo milliseconds $((($(date +%s%N) - begin) / 1000000))
                for process in "${rank[@]}"; do if kill -0 "$process" 2>/dev/null; then echo left "$process"; fi; done
                """
            return try runProcess(
                "/bin/bash", ["-c", script],
                environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                timeoutSeconds: 90)
        }

        private func expectEnded(_ result: ProcessResult, withinSeconds bound: Int) throws {
            let said = "\(result.standardOutput)\(result.standardError)"
            #expect(!result.timedOut, "\(said)")
            let time = try #require(result.lines.first { $0.hasPrefix("milliseconds ") }, "\(said)")
            #expect(try #require(Int(time.dropFirst(13))) < bound * 1000, "\(said)")
            #expect(!result.lines.contains { $0.hasPrefix("left ") }, "\(said)")
        }

        /// From outside, in whatever phase that meets.
        @Test(arguments: [(2, 0), (4, 2)]) func aKilledRankIsNamed(ranks: Int, victim: Int) throws {
            try withTemporaryFolder { folder in
                let result = try disturb(
                    ranks: ranks, "", run: folder + "/run", "kill -KILL \"${rank[\(victim)]}\"")
                try expectEnded(result, withinSeconds: 10)
                try expectDeathNamed(result.standardError, victim, of: ranks, place: "step \\d+ of epoch \\d+, in \\w+")
                let status = try #require(
                    result.lines.first { $0.hasPrefix("status ") }.flatMap { Int($0.dropFirst(7)) })
                #expect(status == 70 || status == 137, "\(status)")
            }
        }

        /// By its own doing, also with status 0, and in the middle of an evaluation.
        @Test(arguments: [
            ("step@7/rank=1:exit=0", 1, "step 7"), ("step@9:trap", 0, "step 9"),
            ("evaluate/rank=2:exit=3", 2, "step 8 of epoch 1, in evaluation"),
            ("model-half:kill", 0, "step 8 of epoch 1, in saving a checkpoint"),
        ])
        func aRankThatEndsIsNamed(fault: String, victim: Int, place: String) throws {
            try withTemporaryFolder { folder in
                let start = Date()
                let result = try lockstep(
                    ranks: 3,
                    [
                        "train", "--model", "mnist-mlp", "--shards", "4", "--threads", "1", "--epochs", "3",
                        "--limit-train-batches", "8", "--checkpoint-mode", "sync", "--run", folder + "/run",
                    ], environment: ["LOCKSTEP_FAULT": fault, "SWIFT_BACKTRACE": "enable=no"])
                #expect(!result.timedOut && result.status != 0)
                #expect(Date().timeIntervalSince(start) < 20)
                try expectDeathNamed(result.standardError, victim, of: 3, place: place)
            }
        }

        /// Before there is a step: one rank's file system may be stuck, and the others would wait for it for ever.
        @Test(arguments: ["train", "evaluate"]) func aRankThatStopsWhileLoadingIsNamedAndEnded(command: String) throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let settings = ["--model", "mnist-mlp", "--epochs", "1", "--limit-train-batches", "2"]
                if command == "evaluate" { _ = try train(settings, run: run) }
                let start = Date()
                let result = try lockstep(
                    ranks: 3,
                    (command == "train" ? ["train"] + settings + ["--run", run] : ["evaluate", run])
                        + ["--stall-timeout", "5"], environment: ["LOCKSTEP_FAULT": "load/rank=1:stop"],
                    timeoutSeconds: 60)
                #expect(!result.timedOut && result.status == 70, "\(result.status) \(result.standardError)")
                #expect(Date().timeIntervalSince(start) < 30)
                let pattern = try Regex(
                    "rank 1/3 on \\S+ \\(process \\d+\\) is at loading the data and does not respond")
                #expect(result.standardError.contains(pattern), "\(result.standardError)")
                #expect(result.standardError.contains("giving up (--stall-timeout 5.0)"), "\(result.standardError)")
            }
        }

        private func expectDeathNamed(_ said: String, _ victim: Int, of ranks: Int, place: String) throws {
            let pattern = try Regex("rank \(victim)/\(ranks) on \\S+ \\(process \\d+\\) died at \(place)")
            #expect(said.contains(pattern), "\(said)")
        }

        /// A copy of the weights that is not what was published.
        @Test func aFlippedBitIsFound() throws {
            try withTemporaryFolder { folder in
                let arguments = [
                    "train", "--model", "mnist-mlp", "--shards", "4", "--threads", "1", "--epochs", "1",
                    "--limit-train-batches", "30", "--verify-every", "5", "--run", folder + "/run",
                ]
                let flip = ["LOCKSTEP_FAULT": "step@10/rank=1:flip-bit"]
                let result = try lockstep(ranks: 3, arguments, environment: flip)
                #expect(result.status == 70)
                let hash = "[0-9a-f]{32}"
                let pattern = try Regex(
                    "after step 10 \\(epoch 1\\)[^\\n]*\\n  \\S*kernel: \(hash) on ranks 0, 2\\n  \\S*kernel: \(hash) on rank 1\\n"
                )
                #expect(result.standardError.contains(pattern), "\(result.standardError)")
                #expect(!FileManager.default.fileExists(atPath: folder + "/run/checkpoints/last"))
            }
        }

        @Test func aStoppedRankIsNamedAndEnded() throws {
            try withTemporaryFolder { folder in
                let result = try disturb(
                    ranks: 4, "--stall-timeout 5", run: folder + "/run", "kill -STOP \"${rank[1]}\"")
                try expectEnded(result, withinSeconds: 30)
                #expect(result.lines.contains("status 70"), "\(result.lines)")
                for words in [
                    "rank 1/4 on ", "does not respond", "the job ends after 5.0 s",
                    "giving up",
                ] {
                    #expect(result.standardError.contains(words), "\(words): \(result.standardError)")
                }
                // Where the others are depends on the moment.
                let pattern = try Regex("; ranks? 0[^\\n]* 3[^\\n]* at step \\d+")
                #expect(result.standardError.contains(pattern), "\(result.standardError)")
            }
        }

        @Test func aShortStopIsOnlyTold() throws {
            try withTemporaryFolder { folder in
                let expected = try train(
                    ["--model", "mnist-mlp", "--shards", "8", "--epochs", "6"], run: folder + "/whole")
                let result = try disturb(
                    ranks: 2, "--stall-timeout 8", run: folder + "/run",
                    "kill -STOP \"${rank[1]}\"; sleep 3; kill -CONT \"${rank[1]}\"", epochs: 6)
                #expect(result.lines.contains("status 0"), "\(result.standardError)")
                #expect(result.lines.contains("fingerprint \(expected)"), "\(result.lines)")
                #expect(result.standardError.contains("rank 1/2 on "), "\(result.standardError)")
                #expect(result.standardError.contains("the job goes on, after"), "\(result.standardError)")
            }
        }
    }
}
