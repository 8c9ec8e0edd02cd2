// Negative numbers and unknown options on the command line.

import Foundation
import LockstepCommand
import TestSupport
import Testing

extension CommandTests {
    struct CommandLineWordsTests {
        @Test(arguments: [
            ("train --epochs -1 --seed 3", "train --epochs=-1 --seed 3"),
            ("train --lr -.5 --momentum -1e-3 --clip-norm -inf", "train --lr=-.5 --momentum=-1e-3 --clip-norm=-inf"),
            ("train --trace-steps -1-5", "train --trace-steps=-1-5"), ("predict RUN -1", "predict RUN -1"),
            ("train --epochs=2 -1", "train --epochs=2 -1"), ("train --resume --epochs 1", "train --resume --epochs 1"),
            ("launch --ranks -2 -- train --epochs -1", "launch --ranks=-2 -- train --epochs -1"),
            ("launch --mpirun-option -x", "launch --mpirun-option -x"), ("", ""),
        ])
        func negativeNumbersAreValues(words: String, expected: String) {
            func split(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }
            #expect(CommandLineWords.joined(split(words)) == split(expected))
        }

        @Test(arguments: [
            ("--gpu", "--run", "CPUs"), ("--device", nil, "CPUs"), ("--foo", "--run", nil), ("--bar", "--data", nil),
            ("--epoch", "--epochs", "Did you mean '--epochs'?"), ("--rnu", "--run", "Did you mean '--run'?"),
            ("--batchsize", "--batch-size", "Did you mean '--batch-size'?"), ("--nothing", nil, nil),
        ])
        func suggestionsAreNear(name: String, suggested: String?, expected: String?) {
            let message = "Unknown option '\(name)'" + (suggested.map { ". Did you mean '\($0)'?" } ?? "")
            let better = CommandLineWords.unknownOption(message)
            #expect(better.hasPrefix("Unknown option '\(name)'"))
            if let expected { #expect(better.contains(expected), "\(better)") } else { #expect(better.hasSuffix("'")) }
        }

        static let numbers = [
            "epochs", "batch-size", "learning-rate", "lr", "momentum", "weight-decay", "clip-norm", "clip-value",
            "warm-up-steps", "random-translation", "random-rotation", "random-zoom", "random-crop",
            "random-brightness", "random-contrast", "random-saturation", "cutout", "window", "seed", "shards",
            "threads",
            "validation-split", "limit-train-batches", "max-steps", "log-every-n-steps", "checkpoint-every-n-steps",
            "checkpoint-every-n-minutes", "checkpoint-every-n-epochs", "keep-last", "keep-best",
            "early-stopping-patience", "verify-every", "stall-timeout", "verbose",
        ]
        static let others: [[String]] = [
            ["launch", "--ranks", "-1", "--", "train"],
            ["launch", "--ranks", "2", "--max-restarts", "-1", "--", "train"],
            ["launch", "--ranks", "2", "--back-off", "-1", "--", "train"],
            ["launch", "--ranks", "2", "--slot-wait", "-1", "--", "train"],
            ["launch", "--ranks", "2", "--min-ranks", "-1", "--hostfile", "h", "--", "train"],
            ["launch", "--ranks", "1", "--", "train", "--epochs", "-1"], ["evaluate", "none", "--threads", "-1"],
            ["replay", "none", "--from-step", "-1"], ["replay", "none", "--to-step", "-1"],
            ["replay", "none", "--threads", "-1"], ["doctor", "--ranks", "-1"], ["doctor", "--threads", "-1"],
            ["doctor", "--batch-size", "-1"], ["plan", "mnist-mlp", "--measured", "none", "--batch-size", "-1"],
            ["plan", "mnist-mlp", "--measured", "none", "--batch-size", "1", "--ranks-per-host", "-1"],
            ["plan", "mnist-mlp", "--measured", "none", "--batch-size", "1", "--threads", "-1"],
            ["plan", "mnist-mlp", "--measured", "none", "--batch-size", "1", "--hosts", "-1"],
        ]

        @Test func everyNegativeNumberIsReportedAsSuch() throws {
            try withTemporaryFolder { folder in
                let model = [
                    "train", "--model", "mnist-mlp", "--run", folder + "/run", "--optimizer", "sgd", "--shards", "2",
                ]
                let all =
                    CommandLineWordsTests.numbers.map { model + ["--\($0)", "-1"] } + CommandLineWordsTests.others
                for arguments in all {
                    let result = try lockstep(arguments)
                    let text = result.standardOutput + result.standardError
                    #expect([1, 64].contains(result.status), "\(arguments): \(result.status) \(text)")
                    #expect(text.contains("-1") && !text.contains("Missing value"), "\(arguments): \(text)")
                }
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            }
        }

        @Test func unknownOptionsAreToldAsTheyAre() throws {
            for (arguments, words) in [
                (["train", "--gpu"], "Unknown option '--gpu': Lockstep trains on CPUs"),
                (
                    ["launch", "--ranks", "1", "--", "train", "--gpu"],
                    "Unknown option '--gpu': Lockstep trains on CPUs"
                ),
                (["predict", "none", "-1"], "'-1' is negative"),
                (["train", "-epochs", "1"], "unknown option '-epochs': options have two dashes"),
                (["launch", "--ranks", "1", "--", "train", "-lr", "1"], "unknown option '-lr'"),
                (["train", "--seed", "-1"], "'-1' is negative"),
                (["doctor", "--no-measurements", "--ranks", "9223372036854775807"], "at most 1048576"),
            ] {
                let result = try lockstep(arguments)
                #expect(result.status == 64 && result.standardError.contains(words), "\(result.standardError)")
                #expect(!result.standardError.contains("Did you mean"))
            }
        }
    }
}
