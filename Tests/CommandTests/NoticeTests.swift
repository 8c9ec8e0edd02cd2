// Notices to stop at any moment: in steps, evaluations and saves. The run goes on as if there had been none.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct NoticeTests {
        /// A run of many short epochs, so that notices fall into evaluations and saves as well as into steps.
        private static let arguments =
            "--model mnist-mlp --shards 4 --threads 1 --limit-train-batches 12 --epochs 30 --verbose 0"

        /// Starts the run again and again, and notifies each start at another moment until it gets to its end.
        private func interrupt(_ launcher: String, _ signal: String, run: String) throws -> ProcessResult {
            // mpirun takes a while to start, and a signal that meets it then is lost.
            let milliseconds = launcher.isEmpty ? "RANDOM % 250 + 120" : "RANDOM % 500 + 450"
            let script = """
                for ((count = 0; count < 200; count++)); do
                    \(launcher) '\(try builtProduct("lockstep"))' train \(Self.arguments) --run '\(run)' --resume auto &
                    job=$!
                    sleep "0.$((\(milliseconds)))"
                    kill -\(signal) $job 2>/dev/null
                    # mpirun may wait for ever when a signal meets its own start.
                    (for ((second = 0; second < 30; second++)); do sleep 1; done; kill -KILL $job) >/dev/null 2>&1 &
                    guard=$!
                    wait $job
                    status=$?
                    kill $guard
                    echo "status $status"
                    [ $status -ne 0 ] || break
                done
                """
            return try runProcess(
                "/bin/bash", ["-c", script],
                environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
                timeoutSeconds: 180)
        }

        @Test(arguments: [("", "TERM"), ("mpirun --timeout 60 --oversubscribe -n 2", "USR1")])
        func anyMomentWillDo(launcher: String, signal: String) throws {
            try withTemporaryFolder { folder in
                let expected = try train(
                    Self.arguments.split(separator: " ").map(String.init) + ["--verbose", "2"], run: folder + "/whole")
                let run = folder + "/run"
                let result = try interrupt(launcher, signal, run: run)
                #expect(!result.timedOut)
                #expect(result.lines.last == "status 0", "\(result.lines) \(result.standardError)")
                // Before the program has taken over the signal, the signal ends it, and nothing is lost.
                let wanted = ["status 0", "status 75", "status 143", "status 138", "status 137"]
                #expect(result.lines.allSatisfy { wanted.contains($0) }, "\(result.lines) \(result.standardError)")
                #expect(result.lines.count { $0 == "status 75" } >= 3, "\(result.lines)")
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
    }
}
