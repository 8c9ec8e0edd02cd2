// Runs on texts: the same bits on any layout and after a stop, predictions, evaluation, what inspect says, what is refused.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct TextRunTests {
        /// 90 lines of two classes, told apart by a word; lengths from none to 40.
        private static let lines = (0..<90).map { number in
            let words = (0..<(number * 7) % 41).map { "w\((number * 3 + $0 * $0) % 23)" }
            let sign = number % 3 == 0 ? "buy" : "hello"
            let text = number == 0 ? "" : ([sign] + words).joined(separator: " ")
            return "\(number % 3 == 0 ? "spam" : "ham")\t\(text)\n"
        }.joined()

        private static let model = """
            name: small
            layers:
              - embedding: {input-dimension: 27, output-dimension: 6}
              - dense: {units: 8, activation: relu}
              - layer-normalization
              - conv1d: {filters: 8, kernel-size: 3, padding: same, activation: relu}
              - dropout: {rate: 0.1}
              - global-average-pooling1d
              - dense: {units: 1, activation: sigmoid}
            """

        private func arguments(_ folder: String) throws -> [String] {
            try write(TextRunTests.lines, to: folder + "/lines.txt")
            try write(TextRunTests.model, to: folder + "/model.yaml")
            return [
                "--data", "lines:\(folder)/lines.txt", "--model", folder + "/model.yaml", "--epochs", "3",
                "--batch-size", "24", "--shards", "4", "--test-split", "0.2", "--vocabulary-size", "27",
                "--metrics", "accuracy,f1",
            ]
        }

        @Test func weightsAreTheSameOnAnyLayoutAndAfterAStop() throws {
            try withTemporaryFolder { folder in
                let arguments = try arguments(folder)
                let expected = try train(arguments, run: folder + "/plain")
                let records = try deterministicMetrics(folder + "/plain")
                for (ranks, threads) in [(1, 2), (2, 1), (3, 1), (2, 2)] {
                    let run = "\(folder)/\(ranks)-\(threads)"
                    let fingerprint = try train(ranks: ranks, threads: threads, arguments, run: run)
                    #expect(fingerprint == expected, "\(ranks) ranks x \(threads) threads")
                    #expect(try deterministicMetrics(run) == records, "\(ranks) ranks x \(threads) threads")
                }
                let stopped = folder + "/stopped"
                #expect(try train(ranks: 2, arguments + ["--max-steps", "4"], run: stopped) != expected)
                let more = arguments + ["--max-steps", "100", "--resume", "auto"]
                #expect(try train(ranks: 3, more, run: stopped) == expected)
            }
        }

        @Test func predictsEvaluatesAndInspects() throws {
            try withTemporaryFolder { folder in
                let run = folder + "/run"
                let data = "lines:\(folder)/lines.txt"
                try write(TextRunTests.lines, to: folder + "/lines.txt")
                let trained = try lockstep(
                    ["train", "--data", data, "--epochs", "12", "--batch-size", "8", "--learning-rate", "0.01"]
                        + ["--verbose", "2", "--run", run])
                #expect(trained.status == 0, "\(trained.standardError)")
                for words in ["text-cnn", "conv1d", "global-max-pooling1d", "units: 1, activation: sigmoid"] {
                    #expect(trained.standardOutput.contains(words), "\(trained.standardOutput)")
                }
                #expect(trained.standardOutput.contains("predict with: lockstep predict \(run) FILE.txt"))
                try write("hello w3 w4\n\nbuy w3 now\n", to: folder + "/new.txt")
                let result = try lockstep(["predict", run, folder + "/new.txt", "--text", "buy", "--text", "hello"])
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.lines.first == "label,probability of ham,probability of spam")
                let answers = result.lines.dropFirst().map { $0.prefix { $0 != "," } }
                #expect(answers.count == 5 && answers[0] == "ham" && answers[2] == "spam" && answers[3] == "spam")
                #expect(answers[4] == "ham")
                // Together and alone, the same bits.
                let alone = try lockstep(["predict", run, "--text", "buy w3 now"])
                #expect(alone.lines.last == result.lines[3])
                let own = try lockstep(["evaluate", run])
                #expect(own.status == 0 && own.standardOutput.contains("18 samples of lines:"), "\(own)")
                let other = try lockstep(["evaluate", run, "--data", data, "--json"])
                #expect(other.status == 0 && other.standardOutput.contains("{\"samples\":90,"), "\(other)")
                let sample = try lockstep(["predict", run, "0-2"])
                #expect(sample.status == 0 && sample.lines.count == 3, "\(sample)")
                try write("other\thello\n", to: folder + "/other.txt")
                let unknown = try lockstep(["evaluate", run, "--data", "lines:\(folder)/other.txt"])
                #expect(unknown.status == 1 && unknown.standardError.contains("other.txt:1: 'other'"), "\(unknown)")
                let inspected = try lockstep(["inspect", data, "--test-split", "0.2"])
                #expect(inspected.status == 0 && inspected.standardOutput.contains("vocabulary of "), "\(inspected)")
                let json = try lockstep(["inspect", data, "--test-split", "0.2", "--json"])
                #expect(json.standardOutput.contains("\"knownShare\""), "\(json)")
            }
        }

        @Test func aColumnOfATable() throws {
            try withTemporaryFolder { folder in
                let rows = TextRunTests.lines.split(separator: "\n").enumerated().map { number, line in
                    let fields = line.split(separator: "\t", omittingEmptySubsequences: false)
                    return "\(number),\"\(fields[1])\nmore\",\(fields[0])\n"
                }
                try write("id,body,kind\n" + rows.joined(), to: folder + "/table.csv")
                let run = folder + "/run"
                let table = ["--data", folder + "/table.csv", "--text-column", "body", "--target", "kind"]
                let trained = try lockstep(["train", "--epochs", "1", "--verbose", "2", "--run", run] + table)
                #expect(trained.status == 0, "\(trained.standardError)")
                #expect(trained.standardOutput.contains("not used: 'id'"), "\(trained.standardOutput)")
                let result = try lockstep(["predict", run, folder + "/table.csv"])
                #expect(result.lines.count == 91 && result.lines[0].hasPrefix("kind,probability of ham"), "\(result)")
                #expect(try lockstep(["evaluate", run, "--data", folder + "/table.csv"]).status == 0)
                for (flags, words) in [
                    (["--group-column", "id"], "leave out --numeric"), (["--text-column", "kind"], "another role"),
                ] {
                    let refused = try lockstep(["train", "--run", folder + "/refused"] + table + flags)
                    #expect(refused.status == 1 && refused.standardError.contains(words), "\(refused)")
                }
            }
        }

        @Test func whatDoesNotFitIsTold() throws {
            try withTemporaryFolder { folder in
                try write(TextRunTests.lines, to: folder + "/lines.txt")
                let data = ["--data", "lines:\(folder)/lines.txt", "--run", folder + "/run"]
                let cases: [([String], String)] = [
                    (["--target", "label"], "--target names a column"),
                    (["--text-column", "a"], "--text-column names a column"),
                    (["--test-data", "csv:\(folder)/lines.txt"], "give texts, one a line"),
                    (["--text-unit", "syllables"], "--text-unit must be characters, words or bytes"),
                    (["--normalize-text", "nfd"], "--normalize-text must be none, nfc or nfkc"),
                ]
                for (flags, words) in cases {
                    let result = try lockstep(["train"] + data + flags)
                    #expect(result.status != 0 && result.standardError.contains(words), "\(flags): \(result)")
                }
                let duplicates = try lockstep(
                    ["train", "--drop-duplicates", "--verbose", "2", "--epochs", "1"]
                        + data.map {
                            $0.hasPrefix("lines:") ? $0 + "," + $0.dropFirst("lines:".count) : $0
                        })
                #expect(
                    duplicates.standardOutput.contains("texts are left out: the same, of the same class"),
                    "\(duplicates)")
                let none = try lockstep(["predict", folder + "/run"])
                #expect(none.status == 1 && none.standardError.contains("expected inputs"), "\(none)")
            }
        }
    }
}
