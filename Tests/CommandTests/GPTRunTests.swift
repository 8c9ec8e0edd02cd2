// `--model gpt` from the command: its sizes from flags, its vocabulary and length from the text, the same bits anywhere.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct GPTRunTests {
        private static func arguments(_ folder: String) throws -> [String] {
            try write(LanguageRunTests.text, to: folder + "/text.txt")
            return [
                "--data", "text:\(folder)/text.txt", "--model", "gpt", "--layers", "2", "--heads", "2", "--width", "12",
                "--dropout", "0.1", "--block-size", "16", "--window-stride", "3", "--batch-size", "48", "--shards", "8",
                "--epochs", "2", "--limit-train-batches", "8", "--optimizer", "adamw", "--no-decay", "*.gamma",
            ]
        }

        @Test func weightsAreTheSameOnAnyLayoutAndGoOn() throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                let expected = try train(arguments, run: folder + "/whole")
                for (ranks, threads) in [(1, 2), (2, 1), (3, 1)] {
                    #expect(
                        try train(ranks: ranks, threads: threads, arguments, run: "\(folder)/\(ranks)-\(threads)")
                            == expected, "\(ranks), \(threads)")
                }
                let stopped = folder + "/stopped"
                #expect(try train(ranks: 2, arguments + ["--max-steps", "11"], run: stopped) != expected)
                #expect(try train(["--resume", "auto"], run: stopped) == expected)
                // A text within a window is made from a cache, a longer one is not.
                func text(_ length: Int) throws -> String {
                    try lockstep([
                        "generate", folder + "/whole", "--prompt", "the ", "--length", "\(length)", "--temperature",
                        "0",
                    ]).standardOutput
                }
                let short = try text(10)
                #expect(short.count == 15)
                #expect(try text(40).hasPrefix(short.dropLast()))
            }
        }

        @Test(arguments: [
            (["--model", "gpt"], "gpt foretells the token after each of a sequence"),
            (["--width", "12"], "--width is for --model gpt"),
            (
                ["--model", "gpt", "--hidden", "8"],
                "--hidden is for --model auto, text-cnn, tabular-mlp, autoencoder, not gpt"
            ),
            (["--model", "gpt", "--layers", "0"], "--layers must be at least 1, got 0"),
        ])
        func sizesThatDoNotFitAreRefused(arguments: [String], words: String) throws {
            let result = try lockstep(["train", "--max-steps", "1"] + arguments)
            #expect(result.status != 0 && result.standardError.contains(words), "\(result.standardError)")
        }
    }
}
