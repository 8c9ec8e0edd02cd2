// Models by name that fit the data, from the command: the same bits on any layout and after a stop, and what is refused.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct NamedModelRunTests {
        /// 60 lines of two classes, of 3 to 20 characters.
        private static let lines = (0..<60).map { number in
            let word = String(repeating: number % 3 == 0 ? "ab" : "ba", count: 1 + number % 10) + "c"
            return "\(number % 3 == 0 ? "first" : "second")\t\(word)\n"
        }.joined()

        private static let table =
            "size,kind,color\n" + (0..<60).map { "\($0 % 7),\($0 % 2 == 0 ? "a" : "b"),c\($0 % 19)\n" }.joined()

        private static let series =
            "day,value\n" + (0..<70).map { "\($0),\(($0 * 5) % 12 + $0 / 10)\n" }.joined()

        /// Arguments for each model, by the folder that holds the data.
        static let models: [(name: String, arguments: [String])] = [
            (
                "char-lstm",
                ["--data", "lines:FOLDER/lines.txt", "--text-unit", "characters", "--width", "10", "--layers", "2"]
            ),
            (
                "char-lstm",
                [
                    "--data", "text:FOLDER/text.txt", "--width", "12", "--block-size", "16", "--limit-train-batches",
                    "6",
                    "--dropout", "0.1",
                ]
            ),
            (
                "text-transformer",
                [
                    "--data", "lines:FOLDER/lines.txt", "--text-unit", "characters", "--width", "8", "--heads", "2",
                    "--layers", "1", "--dropout", "0.2",
                ]
            ),
            ("text-cnn", ["--data", "lines:FOLDER/lines.txt", "--text-unit", "characters", "--hidden", "6"]),
            (
                "tabular-resnet",
                ["--data", "csv:FOLDER/table.csv", "--target", "kind", "--width", "8", "--dropout", "0.1"]
            ),
            ("tabular-mlp", ["--data", "csv:FOLDER/table.csv", "--target", "kind", "--hidden", "6"]),
            (
                "autoencoder",
                ["--data", "digits", "--target", "inputs", "--hidden", "12,5", "--limit-train-batches", "4"]
            ),
            (
                "conv1d",
                [
                    "--data", "csv:FOLDER/series.csv", "--target", "value", "--window", "9", "--horizon", "2",
                    "--width", "6",
                ]
            ),
        ]

        private func makeFiles(_ folder: String) throws {
            for (name, text) in [
                ("lines.txt", Self.lines), ("text.txt", LanguageRunTests.text), ("table.csv", Self.table),
                ("series.csv", Self.series),
            ] { try write(text, to: folder + "/" + name) }
        }

        @Test(arguments: models.indices)
        func weightsAreTheSameOnAnyLayoutAndAfterAStop(number: Int) throws {
            try withTemporaryFolder { folder in
                try makeFiles(folder)
                let (name, given) = Self.models[number]
                let arguments =
                    ["--model", name, "--epochs", "2", "--batch-size", "24", "--shards", "4"]
                    + given.map { $0.replacing("FOLDER", with: folder) }
                let expected = try train(arguments, run: folder + "/one")
                #expect(try train(ranks: 2, threads: 2, arguments, run: folder + "/many") == expected)
                #expect(try train(ranks: 3, arguments + ["--max-steps", "3"], run: folder + "/stopped") != expected)
                let more = arguments + ["--max-steps", "100", "--resume", "auto"]
                #expect(try train(more, run: folder + "/stopped") == expected)
                let evaluated = try lockstep(["evaluate", folder + "/one"])
                #expect(evaluated.status == 0, "\(evaluated.standardError)")
                let summary = try lockstep(["summary", folder + "/one"])
                #expect(summary.standardOutput.contains(name), "\(summary.standardError)")
            }
        }

        /// The loss is the mean squared error of the pixels, of each sample once; other samples are given back likewise.
        @Test func inputsAreTargets() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let arguments = ["--config", "autoencoder", "--epochs", "1", "--limit-train-batches", "40"]
                _ = try train(arguments, run: run)
                let row = try #require(metrics(run).last)
                let loss = try #require(row["val_loss"].flatMap(Double.init))
                let root = try #require(row["val_root_mean_squared_error"].flatMap(Double.init))
                #expect(loss > 0 && loss < 0.1 && abs(root * root - loss) < 1e-6, "\(row)")
                let evaluated = try lockstep(["evaluate", run, "--json"]).standardOutput
                #expect(evaluated.contains("\"mean_absolute_error\":"), "\(evaluated)")
                let digit = try lockstep(["predict", run, "3"])
                #expect(digit.standardOutput.split(separator: ",").count == 784, "\(digit.standardError)")
                let summary = try lockstep(["summary", "autoencoder", "--input", "8x8x1"]).standardOutput
                #expect(summary.contains("autoencoder") && summary.contains("(None, 8, 8, 1)"), "\(summary)")
            }
        }

        @Test(arguments: [
            (
                ["--model", "autoencoder"],
                "autoencoder: gives its input back, so that this is the target, as --target inputs"
            ),
            (["--model", "char-lstm"], "char-lstm: is for texts, got samples of shape [28, 28, 1] -> 10 classes"),
            (["--model", "conv1d", "--heads", "2"], "--heads is for --model gpt, text-transformer, not conv1d"),
            (["--model", "resnet20", "--dropout", "0.1"], "--dropout is for --model auto, gpt, text-cnn"),
            (
                ["--model", "mnist-mlp", "--hidden", "9"],
                "--hidden is for --model auto, text-cnn, tabular-mlp, autoencoder"
            ),
            (["--model", "autoencoder", "--target", "input"], "--target names a column, but digits is no table"),
        ])
        func whatDoesNotFitIsRefused(arguments: [String], words: String) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["train", "--max-steps", "1", "--run", folder + "/run"] + arguments)
                #expect(result.status == 1 && result.standardError.contains(words), "\(result.standardError)")
            }
        }
    }
}
