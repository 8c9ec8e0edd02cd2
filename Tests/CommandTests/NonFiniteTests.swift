// Losses and gradients that are NaN or infinite: who notices, what is said, what is kept.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct NonFiniteTests {
        /// A rate at which the weights overflow after a few steps.
        private static let diverging = [
            "--model", "mnist-mlp", "--optimizer", "sgd", "--learning-rate", "1e18", "--shards", "4", "--epochs", "1",
        ]

        /// Alone, on two ranks, and on two that exchange messages as hosts do.
        @Test(arguments: [nil, "0,0", "0,1"]) func theRunEndsWithStepParameterAndShard(hosts: String?) throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(
                    ["--model", "mnist-mlp", "--shards", "4", "--epochs", "1", "--limit-train-batches", "3"], run: run)
                let before = try lockstep(["fingerprint", run]).lines
                let result = try lockstep(
                    ranks: hosts.map { _ in 2 },
                    ["train", "--threads", "1", "--run", folder + "/diverging"] + Self.diverging,
                    environment: hosts.map { ["LOCKSTEP_HOSTS": $0] } ?? [:])
                #expect(result.status == 1)
                let pattern = try Regex(
                    "step \\d+ \\(epoch 1\\): shard \\d: (the loss is (NaN|infinite), )?the gradient of dense\\S*\\.\\w+ is"
                )
                #expect(result.standardError.contains(pattern), "\(result.standardError)")
                #expect(result.standardError.contains("--on-nan skip"), "\(result.standardError)")
                let saved = folder + "/diverging/checkpoints"
                #expect((try? FileManager.default.contentsOfDirectory(atPath: saved).isEmpty) ?? true)
                #expect(try lockstep(["fingerprint", run]).lines == before)
            }
        }

        /// Adam with a huge rate never overflows its weights at once; batches whose gradients do are left out on all
        /// layouts alike, across a stop too.
        @Test func skippedStepsAreTheSameOnAnyLayout() throws {
            try withTemporaryFolder { folder in
                let arguments =
                    ["--model", "mnist-mlp", "--shards", "4", "--epochs", "1", "--limit-train-batches", "24"]
                    + ["--optimizer", "sgd", "--learning-rate", "1e18", "--on-nan", "skip"]
                let expected = try train(arguments, run: folder + "/one")
                let summary = try read(folder + "/one/summary.txt")
                #expect(summary.contains(try Regex("steps without an update: [1-9]")), "\(summary)")
                #expect(try train(ranks: 3, arguments, run: folder + "/three") == expected)
                _ = try train(ranks: 2, arguments + ["--max-steps", "17"], run: folder + "/cut")
                #expect(try train(["--resume", "auto"], run: folder + "/cut") == expected)
                #expect(try read(folder + "/cut/summary.txt") == summary)
                // An epoch without a single update has no loss to record, nor to be the best.
                let more = try lockstep(["train", "--run", folder + "/one", "--resume", "auto", "--epochs", "2"])
                #expect(more.status == 1)
                #expect(more.standardError.contains("every step of epoch 2 was skipped"), "\(more.standardError)")
                #expect(try metrics(folder + "/one").count == 1)
            }
        }
    }
}
