// Optimizers and schedules by their flags, on several layouts; moving averages in every evaluation.

import TestSupport
import Testing

extension CommandTests {
    struct OptimizerRunTests {
        private static let short = [
            "--model", "mnist-mlp", "--epochs", "2", "--limit-train-batches", "6", "--batch-size", "64",
        ]

        @Test(
            arguments: [
                ["--optimizer", "adagrad", "--schedule", "linear"],
                ["--optimizer", "adadelta", "--learning-rate", "1", "--schedule", "cosine-restarts"],
                ["--optimizer", "nadam", "--schedule", "one-cycle"],
                [
                    "--optimizer", "sgd", "--weight-decay", "0.01", "--decoupled-decay", "--schedule", "exponential",
                    "--ema-momentum", "0.9",
                ],
            ])
        func layoutsAgree(flags: [String]) throws {
            try withTemporaryFolder { folder in
                let alone = try train(Self.short + flags, run: folder + "/alone")
                #expect(try train(ranks: 3, Self.short + flags, run: folder + "/three") == alone)
                let metrics = try deterministicMetrics(folder + "/alone")
                #expect(try deterministicMetrics(folder + "/three") == metrics)
                // Stopped in the second epoch, and gone on with on two threads.
                _ = try train(Self.short + flags + ["--max-steps", "8"], run: folder + "/stopped")
                #expect(try train(threads: 2, ["--resume", "auto"], run: folder + "/stopped") == alone)
            }
        }

        /// What the last row says was reached is what the checkpoint reaches, and other than the weights themselves do.
        @Test func averagesAreEvaluated() throws {
            try withTemporaryFolder { folder in
                _ = try train(Self.short + ["--ema-momentum", "0.9"], run: folder + "/averaged")
                _ = try train(Self.short, run: folder + "/plain")
                let row = try #require(try metrics(folder + "/averaged").last)
                let evaluated = try lockstep(["evaluate", folder + "/averaged", "--threads", "1", "--json"])
                #expect(evaluated.standardOutput.contains("\"loss\":\(row["val_loss"] ?? "")"), "\(evaluated), \(row)")
                let plain = try #require(try metrics(folder + "/plain").last)
                #expect(plain["fingerprint"] == row["fingerprint"] && plain["val_loss"] != row["val_loss"])
            }
        }

        @Test(
            arguments: [
                (["--optimizer", "adagrad", "--momentum", "0.9"], "--momentum is for sgd and rmsprop, not adagrad"),
                (["--optimizer", "sgd", "--beta2", "0.9"], "--beta2 is for adam, adamw and nadam, not sgd"),
                (["--optimizer", "sgd", "--epsilon", "1"], "--epsilon is not for sgd"),
                (["--final-learning-rate", "0.0001"], "--final-learning-rate is for --schedule cosine, linear or"),
                (
                    ["--schedule", "linear", "--final-learning-rate", "1"],
                    "--final-learning-rate must be at most the learning rate, 0.001"
                ),
                (
                    ["--schedule", "one-cycle", "--epochs", "1", "--limit-train-batches", "2"],
                    "--schedule does not fit this run: rise must be between 0 and 1 and more than a step of 2"
                ),
            ])
        func whatDoesNotGoTogetherIsTold(flags: [String], message: String) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["train", "--model", "mnist-mlp", "--run", folder + "/run"] + flags)
                #expect(result.status == 1 && result.standardError.contains(message), "\(result.standardError)")
            }
        }
    }
}
