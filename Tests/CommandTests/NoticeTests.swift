// Notices to stop at any moment: in steps, evaluations and saves. The run goes on as if there had been none.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct NoticeTests {
        /// A run of many short epochs, so that notices fall into evaluations and saves as well as into steps.
        private static let arguments =
            "--model mnist-mlp --shards 4 --threads 1 --limit-train-batches 12 --epochs 320 --verbose 0"

        /// Starts the run `times` times, and notifies each start at a random moment after it began to write; lets the
        /// last one get to its end.
        private func interrupt(_ launcher: String, _ signal: String, times: Int, run: String) throws -> ProcessResult {
            let script = """
                name() { cat '\(run)/incarnation' 2>/dev/null; }
                command=(\(launcher) '\(try builtProduct("lockstep"))' train \(Self.arguments) --run '\(run)' --resume auto)
                for ((count = 0; count < \(times); count++)); do
                    before=$(name)
                    "${command[@]}" &
                    job=$!
                    while [ "$(name)" = "$before" ] && kill -0 $job; do sleep 0.01; done
                    sleep "0.$(printf %03d $((RANDOM % 120)))"
                    kill -\(signal) $job
                    wait $job
                    echo "status $?"
                done
                "${command[@]}"
                echo "status $?"
                """
            return try runProcess(
                "/bin/bash", ["-c", script],
                environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                timeoutSeconds: 180)
        }

        @Test(arguments: [("", "TERM", 20), ("mpirun --timeout 60 --oversubscribe -n 2", "USR1", 8)])
        func anyMomentWillDo(launcher: String, signal: String, times: Int) throws {
            try withTemporaryFolder { folder in
                let expected = try train(
                    Self.arguments.split(separator: " ").map(String.init) + ["--verbose", "2"], run: folder + "/whole")
                let run = folder + "/run"
                let result = try interrupt(launcher, signal, times: times, run: run)
                #expect(!result.timedOut)
                #expect(
                    result.lines == Array(repeating: "status 75", count: times) + ["status 0"],
                    "\(result.lines) \(result.standardError)")
                let found = try lockstep(["fingerprint", run]).lines
                #expect(found == [expected])
                #expect(try deterministicMetrics(run) == deterministicMetrics(folder + "/whole"))
            }
        }

        /// An evaluation that is held up is given up, and done again.
        @Test func anEvaluationIsAbandoned() throws {
            try withTemporaryFolder { folder in
                let arguments = [
                    "--model", "mnist-mlp", "--shards", "4", "--threads", "1", "--limit-train-batches", "6",
                    "--epochs", "2",
                ]
                let expected = try train(arguments, run: folder + "/whole")
                let run = folder + "/run"
                let script = """
                    LOCKSTEP_FAULT=evaluate:sleep=3 '\(try builtProduct("lockstep"))' train \
                        \(arguments.joined(separator: " ")) --run '\(run)' &
                    until grep -q fault '\(folder)/said'; do sleep 0.05; done
                    kill -TERM $!
                    wait $!
                    echo status $?
                    """
                let result = try runProcess(
                    "/bin/bash", ["-c", "exec 2>'\(folder)/said'; " + script], timeoutSeconds: 60)
                #expect(result.lines.last == "status 75")
                // No row of an epoch whose evaluation is missing.
                #expect(!FileManager.default.fileExists(atPath: run + "/metrics.csv"))
                #expect(
                    try FileManager.default.destinationOfSymbolicLink(atPath: run + "/checkpoints/last")
                        == "epoch=0-step=6")
                #expect(try train(ranks: 2, ["--resume", "auto"], run: run) == expected)
                #expect(try deterministicMetrics(run) == deterministicMetrics(folder + "/whole"))
            }
        }

        /// Also of a rank that computes no shard: all stop within the epoch.
        @Test func aRankWithoutShardsIsHeard() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let script = """
                    '\(try builtProduct("lockstep"))' train --model mnist-mlp --shards 1 --threads 1 --batch-size 2 \
                        --epochs 9 --verbose 0 --run '\(run)' &
                    job=$!
                    if [ "$OMPI_COMM_WORLD_RANK" = 1 ]; then
                        until [ -e '\(run)/incarnation' ]; do sleep 0.01; done
                        sleep 0.3
                        kill -TERM $job
                    fi
                    wait $job
                    """
                let result = try runProcess(
                    "/usr/bin/env",
                    ["mpirun", "--timeout", "60", "--oversubscribe", "-n", "2", "/bin/bash", "-c", script],
                    environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                    timeoutSeconds: 90)
                #expect(result.status == 75, "\(result.standardError)")
                let last = try FileManager.default.destinationOfSymbolicLink(atPath: run + "/checkpoints/last")
                let step = try #require(last.split(separator: "=").last.flatMap { Int($0) })
                #expect(step % 5000 != 0, "\(last)")
            }
        }
    }
}
