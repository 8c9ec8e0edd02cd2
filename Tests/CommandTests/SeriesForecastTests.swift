// Series from the command line: training on any layout, forecasts in the series' own unit, and what is refused.

import Foundation
import TestSupport
import Testing

extension CommandTests {
    struct SeriesForecastTests {
        private static let pattern = [0, 4, 7, 9, 6, 2, -1, -5, -8, -6, -3, -1]

        /// Months from 2015 on, rising, with a season of a year.
        private static func rows(_ count: Int) -> String {
            (0..<count).map { month in
                let number = "0\(month % 12 + 1)".suffix(2)
                return "\(2015 + month / 12)-\(number),\(1000 + 5 * month + 10 * pattern[month % 12]),\(month % 7)\n"
            }.joined()
        }

        private static func write(_ folder: String, _ count: Int = 80) throws -> String {
            let path = "\(folder)/series-\(count).csv"
            try CommandTests.writeText("month,sales,visits\n" + rows(count), path)
            return path
        }

        private static func arguments(_ path: String) -> [String] {
            [
                "--data", "csv:" + path, "--window", "14", "--horizon", "8", "--time-column", "month", "--target",
                "sales",
                "--validation-split", "0.1", "--epochs", "12", "--batch-size", "16", "--shards", "4", "--learning-rate",
                "0.01",
            ]
        }

        @Test func weightsAreTheSameOnAnyLayoutAndAfterAStop() throws {
            try withTemporaryFolder { folder in
                let arguments = Self.arguments(try Self.write(folder))
                let expected = try train(arguments, run: folder + "/plain")
                #expect(try train(threads: 2, arguments, run: folder + "/threads") == expected)
                #expect(try train(ranks: 2, arguments, run: folder + "/ranks") == expected)
                #expect(try train(ranks: 3, arguments + ["--max-steps", "17"], run: folder + "/stopped") != expected)
                #expect(try train(["--resume", "auto"], run: folder + "/stopped") == expected)
                let replay = try lockstep(["replay", folder + "/plain"])
                #expect(replay.status == 0, "\(replay.standardOutput)\(replay.standardError)")
            }
        }

        /// Validation is one window: what `predict` says of the rows before it has the error that `evaluate` tells.
        @Test func forecastsHaveTheErrorOfEvaluation() throws {
            try withTemporaryFolder { folder in
                let path = try Self.write(folder)
                let result = try lockstep(["train", "--verbose", "2", "--run", folder + "/run"] + Self.arguments(path))
                #expect(result.status == 0, "\(result.standardError)")
                #expect(
                    result.standardOutput.contains(
                        "80 rows from 2015-01 to 2021-08, 1 month apart, 12 rows to a season"))
                #expect(result.standardOutput.contains("validation is on the 8 rows from 2021-01 on"))
                // A season before is 60 less, eight times.
                #expect(
                    result.standardOutput.contains(
                        "; the value of a season (12 rows) before mean_absolute_error 60.0000, root_mean_squared_error "
                            + "60.0000"), "\(result.standardOutput)")
                let evaluated = try lockstep(["evaluate", folder + "/run", "--json"])
                let json = try #require(
                    JSONSerialization.jsonObject(with: Data(evaluated.standardOutput.utf8)) as? [String: Any])
                #expect(json["samples"] as? Int == 1)
                let before = try Self.write(folder, 72)
                let predicted = try lockstep(["predict", folder + "/run", before])
                #expect(predicted.lines.first == "month,sales", "\(predicted.standardError)")
                let rows = predicted.lines.dropFirst().map { $0.split(separator: ",").map(String.init) }
                #expect(rows.map { $0[0] } == (1...8).map { "2021-0\($0)" })
                let truth = (72..<80).map { (month: Int) -> Double in
                    let sales: Int = 1000 + 5 * month + 10 * Self.pattern[month % 12]
                    return Double(sales)
                }
                var errors: [Double] = []
                for (row, value) in zip(rows, truth) {
                    let forecast = try #require(Double(row[1]))
                    errors.append(abs(forecast - value))
                }
                let mean = errors.reduce(0, +) / 8
                let told = try #require(json["mean_absolute_error"] as? Double)
                #expect(abs(told - mean) < 1e-3 * mean, "\(told), \(mean)")
                #expect(mean < 500)
                // The same words as those of training, for the same windows.
                let comparison = try #require(result.lines.first { $0.hasPrefix("for comparison, ") })
                #expect(try lockstep(["evaluate", folder + "/run"]).lines.dropFirst() == [comparison])
                // Other rows: every window in them.
                let other = try lockstep(["evaluate", folder + "/run", "--data", "csv:" + before, "--json"])
                #expect(
                    other.standardOutput.contains("\"samples\":51"), "\(other.standardOutput)\(other.standardError)")
            }
        }

        @Test func severalTargetsAndSeries() throws {
            try withTemporaryFolder { folder in
                let path = folder + "/shops.csv"
                let rows = (0..<40).flatMap { ["a,\($0),\(2 * $0)", "b,\(100 - $0),\($0 % 5)"] }
                try CommandTests.writeText("shop,x,y\n" + rows.joined(separator: "\n") + "\n", path)
                let result = try lockstep(
                    [
                        "train", "--data", path, "--window", "4", "--horizon", "2", "--target", "x,y", "--group-column",
                        "shop", "--epochs", "2", "--verbose", "2", "--run", folder + "/run",
                    ])
                #expect(result.status == 0, "\(result.standardError)")
                #expect(result.standardOutput.contains("reshape: {target-shape: [2, 2]}"))
                let predicted = try lockstep(["predict", folder + "/run", path])
                #expect(predicted.lines.count == 5 && predicted.lines.first == "shop,step,x,y", "\(predicted)")
                #expect(predicted.lines.last?.hasPrefix("b,2,") == true)
            }
        }

        /// Sales that follow the day of the week, and its name beside them.
        @Test func textIsAnInputForEachCategory() throws {
            try withTemporaryFolder { folder in
                let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
                func rows(_ days: Range<Int>) -> String {
                    days.map { "\($0),\(names[$0 % 7]),\($0 % 7),\(100 + 20 * ($0 % 7 / 5))\n" }.joined()
                }
                let path = folder + "/days.csv"
                try CommandTests.writeText("day,name,number,sales\n" + rows(0..<90), path)
                let arguments = [
                    "--data", path, "--window", "2", "--time-column", "day", "--target", "sales", "--categorical",
                    "number",
                    "--epochs", "30", "--learning-rate", "0.05", "--shards", "4",
                ]
                let result = try lockstep(["train", "--verbose", "2", "--run", folder + "/run"] + arguments)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(
                    result.standardOutput.contains(
                        "column 'name' holds text: its 7 categories are an input each; --ignore leaves it out, and --group-column "
                            + "takes it for the series that a row is of"), "\(result.standardOutput)")
                #expect(result.standardOutput.contains("2 rows of 15 numbers"), "\(result.standardOutput)")
                let one = try train(arguments, run: folder + "/one")
                #expect(try train(ranks: 2, arguments, run: folder + "/ranks") == one)
                #expect(try train(arguments + ["--ignore", "name"], run: folder + "/ignored") != one)
                // The last row is of a Saturday, and the next of a Sunday.
                let later = folder + "/later.csv"
                try CommandTests.writeText("sales,number,name,day\n100,4,fri,102\n120,5,sat,103\n", later)
                let predicted = try lockstep(["predict", folder + "/run", later])
                let fields = try #require(predicted.lines.last?.split(separator: ","), "\(predicted.standardError)")
                #expect(try fields[0] == "104" && abs(#require(Double(fields[1])) - 120) < 6, "\(predicted.lines)")
                #expect(
                    try lockstep(["evaluate", folder + "/run", "--data", "csv:" + path]).lines.first?
                        .hasPrefix("88 samples") == true)
                let many = try lockstep(["train", "--run", folder + "/many", "--one-hot-limit", "5"] + arguments)
                #expect(many.status == 1)
                #expect(
                    many.standardError.contains(
                        "Leave it out (--ignore), raise that limit (--one-hot-limit), or name it as the column that says which "
                            + "series a row is of (--group-column)"), "\(many.standardError)")
            }
        }

        @Test(
            arguments: [
                (["--split", "random"], "--split random is not for series: series are divided by time"),
                (["--fold", "1/3"], "--fold is not for series"),
                (["--test-data", "csv:x"], "--test-data is not for series"),
                (["--class-weights", "balanced"], "--class-weights is for classes"),
                (["--task", "classes"], "--task is not for series"),
                (
                    ["--categorical", "sales"],
                    "series-80.csv:2: column 'sales' holds '1000', and is to be forecast: expected"
                ),
                (["--missing-categories", "refuse"], "--missing-categories is not for series"),
                (["--missing-numbers", "refuse"], "--missing-numbers is not for series: --missing-steps says"),
                (["--weight-column", "visits"], "--weight-column is not for series"),
                (["--window", "79"], "the training part has no window"),
            ])
        func whatSeriesHaveNoUseForIsRefused(flags: [String], message: String) throws {
            try withTemporaryFolder { folder in
                let arguments = ["train", "--run", folder + "/run"] + Self.arguments(try Self.write(folder))
                let result = try lockstep(arguments + flags)
                #expect(result.status == 1)
                #expect(result.standardError.contains(message), "\(result.standardError)")
            }
        }

        @Test(arguments: ["--window", "--horizon", "--season"])
        func hugeNumbersAreRefused(flag: String) throws {
            let result = try lockstep(["train", flag, "900000000000000000"])
            #expect(result.status == 64 && result.standardError.contains("\(flag) must be at least 1"), "\(result)")
            #expect(result.standardError.contains("at most 1048576"), "\(result)")
        }

        @Test(
            arguments: [
                (["--horizon", "2"], "--horizon is for series: give --window ROWS too"),
                (["--time-column", "month"], "--time-column is for series"),
                (["--season", "3"], "--season is for series"),
                (["--missing-steps", "previous"], "--missing-steps is for series"),
                (["--window", "3"], "--window is for a table of a series, as in csv:FILE, not for digits"),
            ])
        func otherDataAreNoSeries(flags: [String], message: String) throws {
            try withTemporaryFolder { folder in
                let result = try lockstep(["train", "--run", folder + "/run"] + flags)
                #expect(result.status == 1)
                #expect(result.standardError.contains(message), "\(result.standardError)")
            }
        }

        @Test func inspectTellsOfGaps() throws {
            try withTemporaryFolder { folder in
                let path = folder + "/days.csv"
                let days = (1...30).filter { $0 != 17 }.map { "2024-04-\("0\($0)".suffix(2)),\($0)\n" }
                try CommandTests.writeText("day,y\n" + days.joined(), path)
                let flags = ["--window", "3", "--time-column", "day"]
                let result = try lockstep(["inspect", path] + flags)
                #expect(result.status == 0, "\(result.standardError)")
                #expect(
                    result.standardOutput.contains(
                        "29 rows from 2024-04-01 to 2024-04-30, 1 day apart, 7 rows to a season"))
                #expect(result.standardOutput.contains("one gap in time, which windows pass over: "))
                #expect(result.standardOutput.contains("days.csv:18: 2024-04-18 comes 2 days after 2024-04-16"))
                #expect(result.standardOutput.contains("[3, 1] numbers"), "\(result.standardOutput)")
                let json = try lockstep(["inspect", "--json", path] + flags)
                #expect(json.standardOutput.contains("2024-04-18 comes 2 days after 2024-04-16"))
            }
        }
    }

    fileprivate static func writeText(_ text: String, _ path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path))
    }
}
