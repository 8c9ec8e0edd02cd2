// Several runs of one command: seeds and folds.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct SeriesTests {
        /// 60 rows of two numbers, of which the larger tells the class.
        private static func table(_ folder: String) throws -> [String] {
            let rows = (0..<60).map { row in
                let (a, b) = ((row * 37) % 61, (row * 17 + 5) % 59)
                return "\(a),\(b),\(a > b ? "left" : "right")\n"
            }
            try write("a,b,side\n" + rows.joined(), to: folder + "/table.csv")
            return ["--data", "csv:\(folder)/table.csv", "--target", "side", "--epochs", "3", "--hidden", "8"]
        }

        private static func series(
            ranks: Int? = nil, _ arguments: [String], run: String, environment: [String: String] = [:]
        ) throws -> ProcessResult {
            try lockstep(
                ranks: ranks, ["train", "--verbose", "2", "--threads", "1", "--run", run] + arguments,
                environment: environment)
        }

        @Test func seedsAreRunsOfTheirOwn() throws {
            try withTemporaryFolder { folder in
                let table = try SeriesTests.table(folder)
                let result = try SeriesTests.series(table + ["--seeds", "3,5-6"], run: folder + "/series")
                #expect(result.status == 0, "\(result.standardError)")
                let rows = try read(folder + "/series/results.csv").split(separator: "\n")
                #expect(rows.first == "run,fingerprint,val_accuracy,val_loss")
                #expect(rows.dropFirst().map { $0.prefix { $0 != "," } } == ["seed=3", "seed=5", "seed=6"])
                let single = try train(table + ["--seed", "5"], run: folder + "/single")
                let row = try #require(rows.first { $0.hasPrefix("seed=5,\(single),") })
                let last = try #require(try metrics(folder + "/single").last)
                #expect(try row.hasSuffix(",\(#require(last["val_accuracy"])),\(#require(last["val_loss"]))"))
                let values = rows.dropFirst().compactMap { Double($0.split(separator: ",")[2]) }
                let mean = values.reduce(0, +) / 3
                let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 2).squareRoot()
                let shown = [mean, deviation].map { String(format: "%.4f", $0) }
                #expect(result.lines.contains("val_accuracy: \(shown[0]) ± \(shown[1])"), "\(result.lines)")
                let ranks = try SeriesTests.series(ranks: 2, table + ["--seeds", "3,5-6"], run: folder + "/ranks")
                #expect(ranks.status == 0, "\(ranks.standardError)")
                #expect(try read(folder + "/ranks/results.csv") == read(folder + "/series/results.csv"))
            }
        }

        @Test func foldsValidateEachSampleOnce() throws {
            try withTemporaryFolder { folder in
                let table = try SeriesTests.table(folder) + ["--test-split", "0.2"]
                let result = try SeriesTests.series(table + ["--folds", "5"], run: folder + "/folds")
                #expect(result.status == 0, "\(result.standardError)")
                let counts = result.lines.compactMap { $0.firstMatch(of: /(\d+) samples of .*, (\d+) for validation/) }
                    .compactMap { match in Int(match.1).flatMap { a in Int(match.2).map { [a, $0] } } }
                #expect(
                    counts.allSatisfy { $0[0] + $0[1] == 48 } && counts.map { $0[1] }.reduce(0, +) == 48, "\(counts)")
                let header = try read(folder + "/folds/results.csv").prefix { $0 != "\n" }
                #expect(header == "run,fingerprint,val_accuracy,val_loss,test_accuracy,test_loss")
                let single = try train(table + ["--fold", "4/5"], run: folder + "/single")
                #expect(try read(folder + "/folds/results.csv").contains("\nfold=4,\(single),"))
                let evaluated = try lockstep(["evaluate", folder + "/folds/fold=4"])
                #expect(evaluated.status == 0 && evaluated.lines.first?.hasPrefix("12 samples") == true, "\(evaluated)")
                // Of the whole series there are no weights.
                let hint = "; it holds 5 runs: name one, as in \(folder)/folds/fold=1"
                for command in ["evaluate", "predict", "fingerprint", "verify", "replay"] {
                    let more = command == "predict" ? ["0"] : []
                    let refused = try lockstep([command, folder + "/folds"] + more)
                    #expect(
                        refused.status != 0 && refused.standardError.contains(hint),
                        "\(command): \(refused.standardError)")
                }
            }
        }

        /// One run finished, one killed in the middle, one not begun.
        @Test func whatIsMissingIsTrained() throws {
            try withTemporaryFolder { folder in
                let data = try SeriesTests.table(folder)
                let table = data + ["--seeds", "1-3"]
                let whole = try SeriesTests.series(table, run: folder + "/whole")
                #expect(whole.status == 0, "\(whole.standardError)")
                let first = try SeriesTests.series(data + ["--seeds", "1"], run: folder + "/killed")
                #expect(first.status == 0, "\(first.standardError)")
                // Six steps each.
                let killed = try SeriesTests.series(
                    table + ["--resume", "auto"], run: folder + "/killed",
                    environment: ["LOCKSTEP_FAULT": "step@3:kill"])
                #expect(killed.status != 0 && killed.lines.contains("already finished"), "\(killed)")
                #expect(try read(folder + "/killed/results.csv").split(separator: "\n").count == 2)
                let alone = try lockstep(["train", "--run", folder + "/killed", "--resume", "auto"])
                #expect(alone.status == 1 && alone.standardError.contains("holds several runs"), "\(alone)")
                let anew = try SeriesTests.series(table, run: folder + "/killed")
                #expect(anew.status == 1 && anew.standardError.contains("--resume auto goes on"), "\(anew)")
                let rest = try SeriesTests.series(table + ["--resume", "auto"], run: folder + "/killed")
                #expect(rest.status == 0, "\(rest.standardError)")
                #expect(rest.lines.count { $0 == "already finished" } == 1, "\(rest.lines)")
                #expect(try read(folder + "/killed/results.csv") == read(folder + "/whole/results.csv"))
            }
        }

        @Test(arguments: [
            (["--seeds", "1-3", "--seed", "4"], "--seed and --seeds both say which seed"),
            (["--seeds", "3-1"], "--seeds must be seeds and ranges"),
            (["--seeds", "1,1"], "--seeds must name each seed once"),
            (["--folds", "1"], "--folds must be at least 2"), (["--fold", "3/2"], "--fold must be K/N"),
            (["--folds", "3", "--validation-split", "0.2"], "--validation-split and folds both say"),
            (["--folds", "100"], "100 folds of 60 samples"),
            (["--seeds", "1-2", "--resume", "auto"], "--resume auto needs --run DIR"),
        ]) func contradictionsAreRefused(arguments: [String], words: String) throws {
            try withTemporaryFolder { folder in
                let run = arguments.contains("--resume") ? [] : ["--run", folder + "/run"]
                let result = try lockstep(["train"] + SeriesTests.table(folder) + run + arguments)
                #expect(result.status != 0 && result.standardError.contains(words), "\(result.standardError)")
            }
        }
    }
}
