// An interrupted run that goes on, on another layout too, ends as if it had never been interrupted.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct ResumeTests {
        static let model = """
            name: small
            layers:
              - conv2d: {filters: 4, kernel-size: 3, activation: relu}
              - batch-normalization
              - max-pooling2d: {pool-size: 4}
              - flatten
              - dropout: {rate: 0.25}
              - dense: {units: 10, activation: softmax}
            """

        @Test(
            arguments: [
                ["--model", "mnist-mlp"],
                [
                    "--model", "mnist-mlp", "--optimizer", "sgd", "--momentum", "0.9", "--nesterov", "--clip-norm",
                    "0.5",
                ],
                ["--model", "mnist-mlp", "--optimizer", "rmsprop", "--log-every-n-steps", "10"],
                [
                    "--model", "MODEL.yaml", "--optimizer", "adamw", "--schedule", "cosine", "--warm-up-steps", "5",
                    "--random-translation", "0.1", "--random-rotation", "0.03", "--random-zoom", "0.1",
                    "--random-crop", "2", "--random-flip", "horizontal", "--random-contrast", "0.1", "--cutout", "3",
                ],
            ])
        func endsLikeAnUninterruptedRun(settings: [String]) throws {
            try withTemporaryFolder { folder in
                let modelFile = folder + "/model.yaml"
                try write(ResumeTests.model, to: modelFile)
                let arguments =
                    settings.map { $0 == "MODEL.yaml" ? modelFile : $0 } + [
                        "--limit-train-batches", "20", "--epochs", "3", "--shards", "8", "--batch-size", "50",
                        "--validation-split", "0.03",
                    ]
                let whole = folder + "/whole"
                let expected = try train(arguments, run: whole)
                let records = try deterministicMetrics(whole)

                let interrupted = folder + "/interrupted"
                // In the middle of the second epoch.
                #expect(try train(ranks: 2, arguments + ["--max-steps", "30"], run: interrupted) != expected)
                // A run folder needs no other file.
                try FileManager.default.removeItem(atPath: modelFile)
                let layouts: [(ranks: Int?, threads: Int)] = [(3, 1), (1, 2), (nil, 1)]
                for (index, layout) in layouts.enumerated() {
                    let run = "\(folder)/resumed-\(index)"
                    try FileManager.default.copyItem(atPath: interrupted, toPath: run)
                    let fingerprint = try train(
                        ranks: layout.ranks, threads: layout.threads, ["--resume", "auto"], run: run)
                    #expect(fingerprint == expected, "\(layout)")
                    #expect(try deterministicMetrics(run) == records, "\(layout)")
                    let rows = try read(run + "/metrics.jsonl").split(separator: "\n").count
                    #expect(rows == records.count, "\(layout)")
                }
            }
        }

        /// A scheduler that restarts a job gives the same command again.
        @Test func sameCommandStartsAndGoesOnAndEnds() throws {
            try withTemporaryFolder { folder in
                let arguments = [
                    "--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "3", "--resume", "auto",
                ]
                let run = folder + "/run"
                let first = try train(arguments + ["--max-steps", "7"], run: run)
                let second = try train(arguments, run: run)
                #expect(first != second)
                #expect(try metrics(run).map { $0["step"] } == ["5", "10", "15"])
                #expect(try train(arguments, run: run) == second, "nothing is left to do")
                #expect(try metrics(run).map { $0["step"] } == ["5", "10", "15"])
            }
        }

        /// A notice to stop, to a plain process or to mpirun: a checkpoint, the status that says "resumable", and the
        /// bits of the undisturbed run after going on.
        @Test(arguments: [("TERM", ""), ("INT", ""), ("USR1", "mpirun --allow-run-as-root --oversubscribe -n 2")])
        func stopsOnASignal(signal: String, launcher: String) throws {
            try withTemporaryFolder { folder in
                let settings = "--epochs 4 --shards 2 --batch-size 100 --log-every-n-steps 10 --verbose 2"
                let expected = try train(settings.split(separator: " ").map(String.init), run: folder + "/whole")
                let run = folder + "/run"
                let script = """
                    \(launcher) '\(try builtProduct("lockstep"))' train \(settings) --threads 1 --run '\(run)' &
                    until [ -s '\(run)/metrics.csv' ] || ! kill -0 $!; do sleep 0.02; done
                    kill -\(signal) $!
                    wait $!
                    echo status $?
                    """
                // A shell without job control lets what it starts ignore SIGINT; the program sets that right itself.
                let result = try runProcess("/bin/bash", ["-c", script], timeoutSeconds: 60)
                #expect(result.lines.last == "status 75", "\(result.lines) \(result.standardError)")
                #expect(result.standardError.contains("--resume auto"), "\(result.standardError)")
                #expect(try train(ranks: 2, ["--resume", "auto"], run: run) == expected)
                #expect(try deterministicMetrics(run) == deterministicMetrics(folder + "/whole"))
            }
        }

        /// What would change the bits is refused by name; what does not may change.
        @Test func settingsThatChangeBitsAreRefused() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"], run: run)
                for change in [["--learning-rate", "0.1"], ["--seed", "1"], ["--clip-norm", "1.5"]] {
                    let result = try lockstep(["train", "--run", run, "--resume", "auto"] + change)
                    #expect(result.status == 1)
                    #expect(result.standardError.contains(change[0].dropFirst(2)), "\(result.standardError)")
                    #expect(result.standardError.contains("\(change[1]) instead of"), "\(result.standardError)")
                }
                let all = try lockstep(
                    ["train", "--run", run, "--resume", "auto", "--model", "mnist-cnn", "--seed", "1", "--shards", "8"]
                        + ["--optimizer", "sgd"])
                #expect(all.status == 1)
                let words = [
                    "model: mnist-cnn instead of mnist-mlp", "seed: 1 instead of 0", "shards: 8 instead of",
                    "optimizer: sgd instead of adam", "--resume-weights",
                ]
                for word in words {
                    #expect(all.standardError.components(separatedBy: word).count == 2, "\(all.standardError)")
                }
                let expected = try train(
                    ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "3"], run: folder + "/whole")
                let longer = try train(["--resume", "auto", "--epochs", "3", "--log-every-n-steps", "4"], run: run)
                #expect(longer == expected)
            }
        }

        /// What may change is told, and damaged checkpoints that are passed over are.
        @Test func changesAndDamageAreTold() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"], run: run)
                let damaged = run + "/checkpoints/epoch=2-step=10/optimizer.safetensors"
                try write("half", to: damaged)
                let result = try lockstep(
                    ranks: 2,
                    [
                        "train", "--run", run, "--resume", "auto", "--epochs", "3", "--keep-last", "2", "--threads",
                        "1",
                        "--verbose", "2",
                    ])
                #expect(result.status == 0, "\(result.standardError)")
                let words = "passed over \(run)/checkpoints/epoch=2-step=10: \(damaged) is damaged: it has 4 bytes"
                #expect(result.standardError.contains(words), "\(result.standardError)")
                let note =
                    "going on from \(run)/checkpoints/epoch=1-step=5; changed: epochs: 2 -> 3, keep-last: 5 -> 2"
                #expect(result.lines.contains(note), "\(result.lines)")
            }
        }

        /// A run that is killed before its first checkpoint begins again, its rows too.
        @Test func aRunWithoutCheckpointsBeginsAgain() throws {
            try withTemporaryFolder { folder in
                let arguments = [
                    "--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2", "--log-every-n-steps", "1",
                ]
                let expected = try train(arguments, run: folder + "/whole")
                let run = folder + "/run"
                let killed = try lockstep(
                    ["train", "--run", run] + arguments, environment: ["LOCKSTEP_FAULT": "step@4:kill"])
                #expect(killed.status == 128 + SIGKILL)
                #expect(try metrics(run).count == 3)
                let other = try lockstep(["train", "--run", run, "--resume", "auto", "--seed", "9"])
                #expect(other.status == 1)
                #expect(other.standardError.contains("seed: 9 instead of 0"), "\(other.standardError)")
                #expect(try metrics(run).count == 3)
                // It takes its settings from its folder, too.
                let again = try lockstep(["train", "--run", run, "--resume", "auto", "--verbose", "2"])
                #expect(again.lines.contains("no checkpoint in \(run) yet: begins with the first step"))
                #expect(again.lines.contains("fingerprint \(expected)"), "\(again.lines) \(again.standardError)")
                #expect(try deterministicMetrics(run) == deterministicMetrics(folder + "/whole"))
            }
        }

        /// A run that has done all it was asked for says so, and ends well; one that is not there begins with a warning.
        @Test func nothingToGoOnWithIsTold() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let arguments = [
                    "--model", "mnist-mlp", "--limit-train-batches", "3", "--epochs", "1", "--shards", "2",
                ]
                func warning(_ text: String, _ name: String) -> Bool {
                    text.contains(
                        "warning: --resume auto: there is no run in \(folder)/\(name), so a new one begins there")
                }
                for (ranks, name) in [(nil, "run"), (2, "typo")] as [(Int?, String)] {
                    let first = try lockstep(
                        ranks: ranks, ["train", "--run", "\(folder)/\(name)", "--resume", "auto"] + arguments)
                    #expect(first.status == 0)
                    #expect(warning(first.standardError, name), "\(first.standardError)")
                }
                for (ranks, more, words) in [
                    (nil, [], "all 1 epochs of this run are done; --epochs N with a larger N trains more"),
                    (2, ["--verbose", "0"], "all 1 epochs of this run are done"),
                    (nil, ["--epochs", "2", "--max-steps", "3"], "3 steps are done; a larger --max-steps trains more"),
                ] as [(Int?, [String], String)] {
                    let again = try lockstep(
                        ranks: ranks, ["train", "--run", run, "--resume", "auto", "--threads", "1"] + more)
                    #expect(again.status == 0)
                    #expect(again.standardError.contains("nothing to train: " + words), "\(again.standardError)")
                    #expect(!again.standardError.contains("warning: --resume"), "\(again.standardError)")
                }
                let further = try lockstep(["train", "--run", run, "--resume", "auto", "--epochs", "2"])
                #expect(!further.standardError.contains("nothing to train"), "\(further.standardError)")
                #expect(try metrics(run).count == 2)

                // A launcher's own restarts are no mistake, its first start may be one.
                let launched = try lockstep(
                    ["launch", "--ranks", "1", "--back-off", "0.1", "--", "train", "--run", folder + "/launched"]
                        + arguments, environment: ["LOCKSTEP_FAULT": "step@2:kill", "LOCKSTEP_FAULT_ONCE_IN": folder])
                #expect(launched.status == 0)
                #expect(launched.standardError.contains("incarnation 2"))
                #expect(!launched.standardError.contains("there is no run"), "\(launched.standardError)")
                let mistyped = try lockstep(
                    ["launch", "--ranks", "1", "--", "train", "--run", folder + "/launchd", "--resume", "auto"]
                        + arguments)
                #expect(warning(mistyped.standardError, "launchd"), "\(mistyped.standardError)")
                #expect(mistyped.standardError.components(separatedBy: "there is no run").count == 2)
            }
        }

        /// A run none of whose checkpoints can be used is no new run.
        @Test func aRunWithoutAWholeCheckpointIsLeftAlone() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                _ = try train(["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"], run: run)
                let rows = try read(run + "/metrics.csv")
                for place in ["epoch=1-step=5", "epoch=2-step=10"] {
                    try write("{", to: "\(run)/checkpoints/\(place)/state.json")
                }
                for ranks in [nil, 2] {
                    let result = try lockstep(ranks: ranks, ["train", "--run", run, "--resume", "auto"])
                    #expect(result.status == 1)
                    #expect(result.standardError.contains("holds no complete checkpoint"), "\(result.standardError)")
                    #expect(result.standardError.contains("epoch=1-step=5/state.json"), "\(result.standardError)")
                }
                #expect(try read(run + "/metrics.csv") == rows)
                #expect(try read(run + "/config.yaml").contains("model: mnist-mlp"))
            }
        }

        @Test func aRunThatEndedEarlyStaysEnded() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let arguments = [
                    "--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "30", "--optimizer", "sgd",
                    "--learning-rate", "3", "--early-stopping-patience", "1",
                ]
                let expected = try train(arguments, run: run)
                let records = try deterministicMetrics(run)
                #expect(records.count < 30)
                #expect(try train(["--resume", "auto"], run: run) == expected)
                #expect(try deterministicMetrics(run) == records)
                _ = try train(["--resume", "auto", "--early-stopping-patience", "40"], run: run)
                #expect(try metrics(run).count == 30)
            }
        }

        /// A new run with the weights of another, and nothing else of it.
        @Test func weightsBeginANewRun() throws {
            try withTemporaryFolder { folder in
                let model = ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "1"]
                _ = try train(model, run: folder + "/first")
                let evaluation = try lockstep(["evaluate", folder + "/first", "--threads", "1"]).lines
                let file = folder + "/first/checkpoints/last/model.safetensors"
                let settings = model + ["--optimizer", "sgd", "--seed", "5", "--shards", "2", "--resume-weights"]
                // A step so small that it changes hardly anything.
                _ = try train(settings + [folder + "/first", "--learning-rate", "1e-30"], run: folder + "/same")
                #expect(try lockstep(["evaluate", folder + "/same", "--threads", "1"]).lines == evaluation)
                #expect(try metrics(folder + "/same").map { $0["step"] } == ["5"])

                let expected = try train(settings + [folder + "/first"], run: folder + "/one")
                #expect(try train(ranks: 2, settings + [file], run: folder + "/two") == expected)
                _ = try train(settings + [folder + "/first", "--max-steps", "3"], run: folder + "/cut")
                #expect(try train(["--resume", "auto"], run: folder + "/cut") == expected)
                #expect(try train(settings.dropLast() + [], run: folder + "/other") != expected)
            }
        }

        /// What `auto` meant when the run began holds for its whole life, on any layout.
        @Test func automaticShardsAreRecorded() throws {
            try withTemporaryFolder { folder in
                let arguments = ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"]
                // A batch of 32 is two shards of 16 samples on any layout: the third rank computes none.
                let expected = try train(ranks: 3, arguments, run: folder + "/three")
                #expect(try read(folder + "/three/config.yaml").contains("\nshards: 2\n"))
                #expect(try train(arguments, run: folder + "/alone") == expected)
                #expect(try train(["--config", folder + "/three/config.yaml"], run: folder + "/again") == expected)
                _ = try train(ranks: 3, arguments + ["--max-steps", "3"], run: folder + "/cut")
                #expect(try train(["--resume", "auto"], run: folder + "/cut") == expected)
                #expect(try read(folder + "/cut/config.yaml").contains("\nshards: 2\n"))
            }
        }

        @Test func runGoesOnFromItsOwnCheckpoint() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let expected = try train(
                    ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"], run: run)
                #expect(try train(["--resume", run + "/checkpoints/epoch=1-step=5"], run: run) == expected)
                #expect(try metrics(run).map { $0["step"] } == ["5", "10"])
            }
        }

        @Test func newRunGoesOnFromACheckpointOfAnother() throws {
            try withTemporaryFolder { folder in
                let arguments = ["--model", "mnist-mlp", "--limit-train-batches", "5", "--epochs", "2"]
                let expected = try train(arguments, run: folder + "/whole")
                _ = try train(arguments + ["--max-steps", "3"], run: folder + "/first")
                #expect(try train(["--resume", folder + "/first"], run: folder + "/second") == expected)
                // Also where nothing is left to do.
                #expect(try train(ranks: 2, ["--resume", folder + "/whole"], run: folder + "/third") == expected)
                let places = try FileManager.default.contentsOfDirectory(atPath: folder + "/third/checkpoints")
                #expect(places.contains("epoch=2-step=10"), "\(places)")
            }
        }
    }
}
