// Windows of series, their division by time, and what is found wrong with them.

import Foundation
import Testing

import Datasets
import Tensors

struct SeriesTests {
    private let directory = TemporaryDirectory()

    private func series(_ text: String, _ options: SeriesOptions) throws -> SeriesTable {
        let path = directory.write("series.csv", Array(text.utf8))
        return try SeriesTable(Table.read([path], kinds: options.kinds), options)
    }

    private func options(
        _ window: Int = 3, _ horizon: Int = 2, _ targets: [String] = ["y"], time: String? = nil,
        _ change: (inout SeriesOptions) -> Void = { _ in }
    ) -> SeriesOptions {
        var options = SeriesOptions(window: window, horizon: horizon)
        (options.targets, options.time, options.scaling) = (targets, time, .none)
        change(&options)
        return options
    }

    private func message(_ body: () throws -> Void) throws -> String {
        do { try body() } catch let error as DatasetError { return error.description }
        Issue.record("expected an error")
        return ""
    }

    /// y = 10, 20, ... and x = 1, 2, ...
    private let plain = "y,x\n" + (1...8).map { "\($0)0,\($0)\n" }.joined()

    // MARK: Windows

    /// numpy.lib.stride_tricks.sliding_window_view(rows, 3, axis=0), and the two values that follow.
    @Test func windowsAreThoseOfNumPy() throws {
        let series = try series(plain, options())
        let data = SeriesDataset(series, .fit(series, rows: Array(0..<8)))
        #expect(data.count == 4 && data.input.shape == [3, 2] && data.target.shape == [2])
        let batch = try data.batch([0, 3, 1])
        #expect(
            batch.inputs.scalars == [
                10, 1, 20, 2, 30, 3, 40, 4, 50, 5, 60, 6, 20, 2, 30, 3, 40, 4,
            ])
        let scale = try #require(data.target.scale)
        #expect(scale.values(batch.targets).scalars == [40, 50, 70, 80, 50, 60])
        // The mean of y is 45, and its deviation the root of 525.
        #expect(batch.targets.scalars[0] == Float(-5 / 525.0.squareRoot()))
    }

    @Test func severalTargetsAreAStepEach() throws {
        let series = try series(plain, options(2, 3, ["x", "y"]))
        let data = SeriesDataset(series, .fit(series, rows: Array(0..<8)))
        #expect(data.count == 4 && data.target.shape == [3, 2] && data.target.name == "x, y")
        let targets = try data[3..<4].targets
        #expect(data.target.scale?.values(targets).scalars == [6, 60, 7, 70, 8, 80])
        #expect(data.target.scale?.value(of: targets.scalars[5], index: 5) == 80)
    }

    @Test func windowsStayInTheirSeries() throws {
        let text = "shop,y\n" + (1...5).map { "a,\($0)\nb,\(10 * $0)\n" }.joined() + "c,7\n"
        let series = try series(text, options(2, 1) { $0.group = "shop" })
        #expect(series.series.map(\.name) == ["a", "b", "c"])
        let data = SeriesDataset(series, .fit(series, rows: Array(0..<11)))
        #expect(try data[0..<6].inputs.scalars == [1, 2, 2, 3, 3, 4, 10, 20, 20, 30, 30, 40])
        let last = try data.lastWindows()
        #expect(last.series == [0, 1] && last.inputs.scalars == [4, 5, 40, 50])
    }

    // MARK: Parts

    @Test(arguments: [(0.2, 0.0), (0.25, 0.2), (0.1, 0.1)], [1, 4]) func nothingIsLearntFromTheFuture(
        fractions: (Double, Double), horizon: Int
    ) throws {
        let text = "y\n" + (0..<60).map { "\($0)\n" }.joined()
        let series = try series(text, options(5, horizon))
        let split = try series.split(validation: fractions.0, test: fractions.1)
        let set = SeriesDataset(series, .fit(series, rows: split.trainingRows))
        func targetRows(_ starts: [Int]) -> Set<Int> {
            Set(starts.flatMap { Array($0 + 5..<$0 + 5 + horizon) })
        }
        let test = Int((60 * fractions.1).rounded(.up))
        let validation = Int((Double(60 - test) * fractions.0).rounded(.up))
        let bound = 60 - test - validation
        #expect(split.trainingRows == Array(0..<bound))
        #expect(targetRows(split.train) == Set(5..<bound))
        #expect(targetRows(split.validation) == Set(bound..<60 - test))
        #expect(targetRows(split.test) == Set(60 - test..<60))
        // The window of the first target in validation looks back into the training rows.
        #expect(split.validation.first == bound - 5)
        #expect(set.part(split.train).count + horizon + 4 == bound)
        #expect(set.part(split.train).fingerprint != set.part(split.validation).fingerprint)
    }

    @Test(arguments: TableOptions.Scaling.allCases) func scalesAreOfThePast(scaling: TableOptions.Scaling) throws {
        let rows = [2, 4, 6, 8, 4, 6, 4, 6, 1000, -5000].map { "\($0)\n" }
        let series = try series("y\n" + rows.joined(), options(2, 1) { $0.scaling = scaling })
        let split = try series.split(validation: 0.2)
        let preparation = SeriesPreparation.fit(series, rows: split.trainingRows)
        let expected: (Double, Double) =
            switch scaling {
            case .standard: (5, 3.0.squareRoot())
            case .minMax: (2, 6)
            case .none: (0, 1)
            }
        #expect(preparation.columns[0].offset == expected.0)
        #expect(abs(preparation.columns[0].scale - expected.1) < 1e-12)
        #expect(preparation.targetScale.means == [5])
        let first = try SeriesDataset(series, preparation)[0..<1].inputs.scalars[0]
        #expect(first == Float((2 - expected.0) / preparation.columns[0].scale))
    }

    @Test func aPartWithoutWindowsIsRefused() throws {
        let text = "y\n" + (0..<12).map { "\($0)\n" }.joined()
        let short = try series(text, options(3, 4))
        #expect(try message { _ = try short.split(validation: 0.2) }.contains("the validation part has no window"))
        let long = try series(text, options(9, 2))
        let found = try message { _ = try long.split(validation: 0.2) }
        #expect(
            found.contains("the training part has no window: the longest series has 12 rows")
                && found.contains("needs 11"))
    }

    // MARK: Naive forecasts

    @Test func naiveForecastsByHand() throws {
        let rows = [1, 5, 2, 6, 4, 8, 3, 9].map { "\($0)\n" }
        let series = try series("y\n" + rows.joined(), options(2, 3) { $0.season = 2 })
        let set = SeriesDataset(series, .fit(series, rows: Array(0..<8)))
        // Windows 2, 6 -> 4, 8, 3 and 6, 4 -> 8, 3, 9.
        let naive = NaiveForecast(set.part([2, 3]))
        #expect(naive.last.meanAbsolute == (2 + 2 + 3 + 4 + 1 + 5) / 6.0)
        #expect(naive.last.rootMeanSquared == ((4 + 4 + 9 + 16 + 1 + 25) / 6.0).squareRoot())
        // 2, 6, 2 for the first, 6, 4, 6 for the second.
        #expect(naive.seasonal?.meanAbsolute == (2 + 2 + 1 + 2 + 1 + 3) / 6.0)
        #expect(naive.season == 2)
        // No season of 5 rows is before a window's end at row 4.
        let other = try self.series("y\n" + rows.joined(), options(2, 3) { $0.season = 5 })
        #expect(NaiveForecast(SeriesDataset(other, .fit(other, rows: [0, 1])).part([2])).seasonal == nil)
    }

    // MARK: Times

    @Test func gapsAreTold() throws {
        let days = [1, 2, 3, 5, 6, 9].map { "2024-03-0\($0),1\n" }
        let series = try series("day,y\n" + days.joined(), options(1, 1, time: "day"))
        #expect(series.notes[0] == "6 rows from 2024-03-01 to 2024-03-09, 1 day apart, 7 rows to a season")
        #expect(
            series.notes[1].hasPrefix("2 gaps, or steps of another length, in time, which windows pass over: ")
                && series.notes[1].hasSuffix("series.csv:5: 2024-03-05 comes 2 days after 2024-03-03"),
            "\(series.notes)")
    }

    /// Numbers of eight digits that are all dates: else a month's end would be a gap, and the next day no date.
    @Test func datesWithoutSignsAreDates() throws {
        let series = try series("t,y\n20240228,1\n20240229,2\n20240301,3\n", options(1, 1, time: "t"))
        #expect(series.notes[0] == "3 rows from 20240228 to 20240301, 1 day apart, 7 rows to a season")
        #expect(series.clock?.times(after: series.times[2], count: 1) == ["20240302"])
        let numbers = try self.series("t,y\n20240228,1\n20240229,2\n20240230,3\n", options(1, 1, time: "t"))
        #expect(numbers.notes[0] == "3 rows from 20240228 to 20240230, 1 apart")
    }

    @Test func descendingRowsAreTurnedRound() throws {
        let series = try series("month,y\n2024-03,3\n2024-02,2\n2024-01,1\n", options(1, 1, time: "month"))
        #expect(series.values == [[1, 2, 3]] && series.times.map(\.text) == ["2024-01", "2024-02", "2024-03"])
        #expect(series.notes[0] == "rows go from the latest to the earliest: they are taken the other way round")
        #expect(series.place(ofRow: 0).hasSuffix("series.csv:4"))
    }

    @Test(
        arguments: [
            ("t,y\n1,1\n3,2\n2,3\n", "series.csv:4: times are neither ascending nor descending: 2 comes after 3; sort"),
            (
                "t,y\n1,1\n2,2\n2,3\n",
                "series.csv:4: 2 comes twice; leave one of the rows out, or say by a group column"
            ),
            ("t,y\n2024-01,1\n2024-01-05,2\n", "series.csv:3: time column 't' holds '2024-01-05', unlike '2024-01'"),
            ("t,y\n2024-01,1\nsoon,2\n", "series.csv:3: time column 't' holds 'soon'; expected a date such as"),
            ("t,y\n2024-01,1\n,2\n", "series.csv:3: time column 't' has no value; expected a date"),
            ("t,y\n31/05/2024,1\n", "holds '31/05/2024'; expected a date such as 2024-05-31 (the year first)"),
            ("t,y\n1,1\n2,\n", "series.csv:3: column 'y' has no value; fill it in, or take that of the row before"),
            (
                "t,y,z\n" + (1...17).map { "\($0),1,a\($0)\n" }.joined(),
                "series.csv:2: column 'z' holds 'a1', and 17 different texts in all; a series takes up to 16 categories of a "
                    + "column as inputs. Leave it out (`ignore`), raise that limit (`oneHotLimit`), or name it as the column"
            ),
            (
                "t,y,z\n" + (1...12).map { "\($0),1,\($0 == 7 ? "x" : "1")\n" }.joined(),
                "series.csv:8: column 'z' holds 'x', though nearly all of it is numbers; correct it, leave it empty, or name "
                    + "the column as `categorical`"
            ),
            ("u,y\n1,1\n", "has no column 't'"),
        ])
    func whatIsWrongIsToldWithItsLine(text: String, expected: String) throws {
        let found = try message { _ = try series(text, options(1, 1, time: "t")) }
        #expect(found.contains(expected), "\(found)")
    }

    @Test func rolesAreFoundAndChecked() throws {
        let one = try series("t,y\n1,1\n2,2\n", options(1, 1, [], time: "t"))
        #expect(one.targets == ["y"] && one.columns == ["y"])
        #expect(
            try message { _ = try series("t,y,z\n1,1,4\n2,2,5\n", options(1, 1, [], time: "t")) }
                .contains("has 2 columns of numbers: say which one to forecast (`target`), of 'y', 'z'"))
        #expect(
            try message { _ = try series("t,y\n1,1\n2,2\n", options(1, 1, ["t"], time: "t")) }
                .contains("column 't' of"))
        #expect(
            try message { _ = try series("t,y\n2024-01,1\n2024-02,2\n", options(1, 1)) }
                .contains("name it as the column of times"))
        let ignored = try series("t,y,z\n1,1,a\n2,2,b\n", options(1, 1, time: "t") { $0.ignore = ["z"] })
        #expect(ignored.columns == ["y"])
    }

    // MARK: Categories

    @Test func textIsAnInputForEachCategoryOfThePast() throws {
        let rows = ["1,mon,0", "2,tue,1", "3,,0", "4,mon,1", "5,tue,2", "6,sun,2"].map { $0 + "\n" }
        let series = try series("y,day,shift\n" + rows.joined(), options(2, 1) { $0.categorical = ["shift"] })
        #expect(series.columns == ["y"] && series.targets == ["y"])
        #expect(
            series.notes.contains(
                "column 'day' holds text: its 3 categories are an input each; `ignore` leaves it out, and "
                    + "`SeriesOptions.group` takes it for the series that a row is of"), "\(series.notes)")
        // Rows to train on: mon, tue, none, mon; 0, 1, 0, 1.
        let data = SeriesDataset(series, .fit(series, rows: [0, 1, 2, 3]))
        #expect(data.input.shape == [2, 6])
        // y, mon, tue, none, 0, 1; sun and 2 are not known.
        #expect(try data[1..<2].inputs.scalars == [2, 0, 1, 0, 0, 1, 3, 0, 0, 1, 1, 0])
        #expect(try data.lastWindows().inputs.scalars == [5, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0])
        // A later table of numbers in that column, in another order.
        let json = DataPreparation.json(data.preparation)
        let preparation = try #require(try DataPreparation.read(json, source: "here") as? SeriesPreparation)
        #expect(preparation == data.preparation)
        let path = directory.write("later.csv", Array("shift,day,y\n1,mon,7\n0,wed,8\n".utf8))
        let table = try Table.read([path], kinds: preparation.kinds)
        let later = try SeriesDataset(SeriesTable(table, preparation.options(for: table)), preparation)
        #expect(try later.lastWindows().inputs.scalars == [7, 1, 0, 0, 0, 1, 8, 0, 0, 0, 1, 0])
        let lacking = directory.write("lacking.csv", Array("shift,y\n1,7\n".utf8))
        #expect(
            try message { _ = try preparation.options(for: Table.read([lacking])) }.contains("lacks the column 'day'"))
    }

    @Test func aSeriesOfNumbersIsKeptAsBefore() throws {
        let preparation = SeriesPreparation.fit(try series(plain, options()), rows: Array(0..<8))
        let json = String(decoding: DataPreparation.json(preparation), as: UTF8.self)
        // What runs of earlier versions hold, and their fingerprints are of.
        #expect(!json.contains("categor") && !json.contains("oneHot") && preparation.width == 2)
    }

    @Test(
        arguments: [
            (["z"], [String](), "series.csv:2: column 'z' holds 'a', and is to be forecast: expected numbers"),
            (["y"], ["y"], "series.csv:2: column 'y' holds '1', and is to be forecast: expected numbers"),
            (["y"], ["t"], "series.csv is given as categorical, and has another role too"),
        ])
    func categoriesHaveOneRole(targets: [String], categorical: [String], problem: String) throws {
        let found = try message {
            _ = try series(
                "t,y,x,z\n1,1,4,a\n2,2,5,b\n", options(1, 1, targets, time: "t") { $0.categorical = categorical })
        }
        #expect(found.contains(problem), "\(found)")
    }

    @Test func missingStepsAreThoseBefore() throws {
        let text = "t,y\n1,7\n2,\n3,NA\n4,5\n"
        let filled = try series(text, options(1, 1, time: "t") { $0.missingSteps = .previous })
        #expect(filled.values == [[7, 7, 7, 5]])
        #expect(filled.notes.contains("column 'y': 2 missing values are those of the row before"))
        let first = try message {
            _ = try series("t,y\n1,\n2,3\n", options(1, 1, time: "t") { $0.missingSteps = .previous })
        }
        #expect(first.contains("series.csv:2: column 'y' has no value, and none stands before it"))
    }

    // MARK: What travels in checkpoints

    @Test func preparationComesBack() throws {
        let months = (1...9).map { "2024-0\($0),\($0),\($0 * $0)\n" }.joined()
        let series = try series("month,y,z\n" + months, options(2, 1, time: "month"))
        let preparation = SeriesPreparation.fit(series, rows: Array(0..<6))
        let json = DataPreparation.json(preparation)
        #expect(try DataPreparation.read(json, source: "here") as? SeriesPreparation == preparation)
        #expect(preparation.clock?.season == 12 && preparation.season == 12)
        let text = String(decoding: json, as: UTF8.self)
        for (from, to) in [("\"window\":2", "\"window\":0"), ("\"targets\":[\"y\"]", "\"targets\":[\"q\"]")] {
            #expect(text.contains(from))
            let damaged = Data(text.replacing(from, with: to).utf8)
            #expect(
                try message { _ = try DataPreparation.read(damaged, source: "here") }.contains("here holds a damaged"))
        }
        // A later table: other order, further columns.
        let path = directory.write("later.csv", Array("q,z,month,y\na,1,2024-10,5\nb,2,2024-11,6\n".utf8))
        let table = try Table.read([path], kinds: preparation.kinds)
        let later = try SeriesDataset(SeriesTable(table, preparation.options(for: table)), preparation)
        let window = try later.lastWindows().inputs.scalars
        #expect(window == [5, 1, 6, 2])
        let lacking = directory.write("lacking.csv", Array("month,y\n2024-10,5\n".utf8))
        #expect(
            try message { _ = try preparation.options(for: Table.read([lacking])) }
                .contains("lacks the column 'z' of the series that was trained on"))
    }
}
