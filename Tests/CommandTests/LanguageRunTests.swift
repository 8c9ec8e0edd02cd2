// Language models from the command: the same bits on any layout, evaluated exactly, and texts that go on.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct LanguageRunTests {
        static let model = """
            name: bigram
            layers:
              - embedding: {input-dimension: 28, output-dimension: 16}
              - dense: {units: 32, activation: relu}
              - dense: {units: 28}
            """

        /// 4,000 characters of words that follow each other by a rule, with 28 different ones.
        static let text: String = {
            let words = [
                "the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "vext", "zebra", "whim\n",
            ]
            var (text, state) = ("", 1)
            while text.count < 4000 {
                state = (state * 31 + 7) % 1009
                text += words[state % words.count] + " "
            }
            return String(text.prefix(4000))
        }()

        /// A folder's text and model, as arguments.
        private static func arguments(_ folder: String) throws -> [String] {
            try write(text, to: folder + "/text.txt")
            let characters = Set(text).count
            try write(model.replacing("28", with: "\(characters)"), to: folder + "/model.yaml")
            return [
                "--data", "text:\(folder)/text.txt", "--model", folder + "/model.yaml", "--block-size", "16",
                "--window-stride", "3", "--batch-size", "48", "--shards", "8", "--epochs", "2",
                "--limit-train-batches", "15",
            ]
        }

        @Test func weightsAreTheSameOnAnyLayoutAndGoOn() throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                let whole = folder + "/whole"
                let expected = try train(arguments, run: whole)
                let records = try deterministicMetrics(whole)
                for (ranks, threads) in [(1, 2), (2, 1), (3, 1), (2, 2)] {
                    let run = "\(folder)/\(ranks)-\(threads)"
                    #expect(
                        try train(ranks: ranks, threads: threads, arguments, run: run) == expected,
                        "\(ranks), \(threads)")
                    #expect(try deterministicMetrics(run) == records)
                }
                let stopped = folder + "/stopped"
                #expect(try train(ranks: 2, arguments + ["--max-steps", "20"], run: stopped) != expected)
                #expect(try train(ranks: 3, ["--resume", "auto"], run: stopped) == expected)
                #expect(try deterministicMetrics(stopped) == records)
            }
        }

        @Test func generateIsTheSameEverywhere() throws {
            try withTemporaryFolder { folder in
                _ = try train(try Self.arguments(folder), run: folder + "/run")
                func generate(_ more: [String], ranks: Int? = nil) throws -> ProcessResult {
                    try lockstep(ranks: ranks, ["generate", folder + "/run"] + more)
                }
                let options = [
                    "--prompt", "the fox", "--length", "60", "--temperature", "0.8", "--top-k", "6", "--seed", "3",
                ]
                let first = try generate(options)
                #expect(first.status == 0, "\(first.standardError)")
                #expect(first.standardOutput.hasPrefix("the fox") && first.standardOutput.count == 68)
                #expect(try generate(options).standardOutput == first.standardOutput)
                #expect(try generate(options, ranks: 1).lines == first.lines)
                let several = try generate(options + ["--count", "3"]).standardOutput
                #expect(several.hasPrefix(first.standardOutput + "---\nthe fox"))
                #expect(Set(several.components(separatedBy: "\n---\n")).count == 3)

                let unknown = try generate(["--prompt", "the Fox€"])
                #expect(unknown.status == 1)
                #expect(unknown.standardError.contains("'F' (U+0046), '€' (U+20AC)"), "\(unknown.standardError)")
                for wrong in [
                    [], ["--prompt", ""], ["--prompt", "a", "--temperature", "-1"], ["--prompt", "a", "--top-k", "0"],
                ] {
                    #expect(try generate(wrong).status == 64, "\(wrong)")
                }
                let numbers = try generate(["--prompt-tokens", "1,2", "--length", "3"])
                #expect(numbers.lines[0].split(separator: " ").count == 5 && numbers.lines[0].hasPrefix("1 2 "))
                let beyond = try generate(["--prompt-tokens", "1,999"])
                #expect(
                    beyond.status == 1 && beyond.standardError.contains("--prompt-tokens must be numbers from 0 to"))
                let predicted = try lockstep(["predict", folder + "/run", "0"])
                #expect(predicted.status == 1 && predicted.standardError.contains("lockstep generate"))
            }
        }

        @Test func otherRunsAreNoLanguageModels() throws {
            try withTemporaryFolder { folder in
                _ = try train(["--model", "mnist-mlp", "--max-steps", "1"], run: folder + "/run")
                let result = try lockstep(["generate", folder + "/run", "--prompt", "a"])
                #expect(result.status == 1 && result.standardError.contains("is no language model"))
            }
        }

        /// Validation, evaluate, and evaluate on the same text in a file of its own agree, by nanoGPT's files too.
        @Test func evaluationIsExactAndOfOtherTexts() throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                let run = folder + "/run"
                let fingerprint = try train(arguments, run: run)
                let row = try #require(metrics(run).last)
                func evaluated(_ more: [String] = []) throws -> String {
                    let result = try lockstep(["evaluate", run, "--json"] + more)
                    #expect(result.status == 0, "\(result.standardError)")
                    return result.standardOutput
                }
                let own = try evaluated()
                for name in ["loss", "perplexity", "bits_per_character", "accuracy"] {
                    let value = try #require(row["val_" + name].flatMap(Double.init))
                    #expect(own.contains("\"\(name)\":\(value)"), "\(own) \(value)")
                }
                try write(String(Self.text.suffix(400)), to: folder + "/end.txt")
                #expect(try evaluated(["--data", "text:\(folder)/end.txt"]) == own)

                let characters = Set(Self.text.unicodeScalars).sorted()
                let bytes = Self.text.unicodeScalars.flatMap { scalar -> [UInt8] in
                    [UInt8(characters.firstIndex(of: scalar)!), 0]
                }
                let tokens = folder + "/tokens"
                try FileManager.default.createDirectory(atPath: tokens, withIntermediateDirectories: true)
                try Data(bytes.prefix(7200)).write(to: URL(filePath: tokens + "/train.bin"))
                try Data(bytes.suffix(800)).write(to: URL(filePath: tokens + "/val.bin"))
                #expect(try evaluated(["--data", "tokens:" + tokens]) == own)
                let same = ["--data", "tokens:" + tokens] + arguments.dropFirst(2)
                #expect(try train(same, run: folder + "/same") == fingerprint)

                try write("the fox\n€", to: folder + "/other.txt")
                let other = try lockstep(["evaluate", run, "--data", "text:\(folder)/other.txt"])
                #expect(other.status == 1 && other.standardError.contains("other.txt:2: '€' (U+20AC) is not among"))
            }
        }

        @Test func oneCharacterAloneIsRefused() throws {
            try withTemporaryFolder { folder in
                try write(String(repeating: "a", count: 4000), to: folder + "/one.txt")
                let result = try lockstep(["train", "--data", "text:\(folder)/one.txt", "--run", folder + "/run"])
                #expect(result.status == 1 && result.standardError.contains("one token alone"), "\(result)")
            }
        }

        @Test func whatDoesNotFitIsRefused() throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                try write(
                    "layers:\n  - embedding: {input-dimension: 64, output-dimension: 4}\n  - flatten\n"
                        + "  - dense: {units: 448}\n  - reshape: {target-shape: [16, 28]}\n",
                    to: folder + "/peeking.yaml")
                for (more, words) in [
                    (["--split", "random"], "--split must be last"), (["--fold", "1/3"], "--fold and --folds are not"),
                    (["--target", "a"], "--target names a column"),
                    (["--window-stride", "17"], "at most --block-size, 16"),
                    (["--test-data", "csv:a.csv"], "--test-data must be a text too"),
                    (["--block-size", "4000", "--window-stride", "1"], "too few for a window of 4000"),
                    (["--model", folder + "/peeking.yaml"], "sees the tokens that it shall foretell"),
                    (["--class-weights", "balanced"], "targets that are no classes"),
                ] {
                    let result = try lockstep(["train"] + arguments + more + ["--run", folder + "/run"])
                    #expect(
                        result.status == 1 && result.standardError.contains(words), "\(more): \(result.standardError)")
                }
            }
        }

        @Test func inspectShowsTheVocabulary() throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                let source = arguments[1]
                let text = try lockstep(["inspect", source, "--block-size", "16"])
                #expect(text.status == 0, "\(text.standardError)")
                #expect(text.lines.contains("training: 3600 tokens in 224 windows"), "\(text.standardOutput)")
                #expect(text.lines.contains("validation: 400 tokens in 25 windows"))
                #expect(text.standardOutput.contains("\" \""))
                let json = try lockstep(["inspect", source, "--json", "--text-unit", "bytes"])
                let found = try #require(
                    JSONSerialization.jsonObject(with: Data(json.standardOutput.utf8)) as? [String: Any])
                #expect(found["vocabularySize"] as? Int == 256 && found["unit"] as? String == "bytes")
            }
        }

        /// Words and bytes, and the ends of runs: comparisons, the next command.
        @Test(arguments: ["words", "bytes", "characters"])
        func unitsTrainAndGenerate(unit: String) throws {
            try withTemporaryFolder { folder in
                let arguments = try Self.arguments(folder)
                try write(Self.model.replacing("28", with: "300"), to: folder + "/model.yaml")
                let run = folder + "/run"
                let result = try lockstep(
                    ["train", "--verbose", "2", "--run", run, "--text-unit", unit] + arguments + [
                        "--limit-train-batches", "2",
                    ])
                #expect(result.status == 0, "\(result.standardError)")
                let bits = ["words": "bits_per_token", "bytes": "bits_per_byte", "characters": "bits_per_character"][
                    unit]!
                #expect(result.standardOutput.contains("counts of three tokens in a row give \(bits): "))
                #expect(result.standardOutput.contains("go on with: lockstep generate \(run) --prompt TEXT"))
                #expect(try metrics(run).last?["val_" + bits].flatMap(Double.init) ?? 0 > 0)
            }
        }
    }
}
