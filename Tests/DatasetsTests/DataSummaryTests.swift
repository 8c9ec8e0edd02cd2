// What inspect says of data, and the answers that need no model.

import Autograd
import Foundation
import Tensors
import Testing

import Datasets

struct DataSummaryTests {
    private let directory = TemporaryDirectory()

    private func data(_ text: String, target: String = "y", header: Bool? = true) throws -> TableDataset {
        let path = directory.write("t.csv", Array(text.utf8))
        return try TableDataset(
            Table.read([path], format: TableFormat(header: header)), TableOptions(targets: [target]))
    }

    @Test func summaryOfATableNamesWhatLooksWrong() throws {
        let rows = (0..<40).map { row in
            let y = row == 7 ? "rare" : row % 2 == 0 ? "a" : "b"
            return "\(1000 + row),5,\(row % 3 == 0 ? "p" : "q"),\(row % 4),\(y)"
        }
        let data = try data((["id,same,c,x,y"] + rows + ["1003,5,p,3,b", "1,5,,,"]).joined(separator: "\n"))
        let summary = DataSummary(
            try Subset(data, Array(0..<38)), others: [("test", try Subset(data, Array(38..<41)))])
        #expect(summary.parts.map(\.sampleCount) == [38, 3] && summary.parts.map(\.sharedCount) == [nil, 1])
        #expect(summary.parts.map(\.classCounts) == [[19, 18, 1], [1, 2, 0]])
        #expect(summary.parts[0].duplicateCount == 0)
        #expect(summary.columns.map(\.role) == ["input", "input", "input", "input", "target"])
        #expect(summary.columns[2].categories.map(\.count) == [25, 13] && summary.columns[2].categories[0].name == "q")
        #expect(summary.columns[3].range == DataSummary.Range(minimum: 0, maximum: 3, mean: 55 / 38))
        let warnings = summary.warnings.joined(separator: "\n")
        for phrase in [
            "column 'id' has a number of its own in every row", "column 'same' has the same value in every row",
            "class 'rare' has one sample", "1 test samples have the inputs of a training sample",
        ] {
            #expect(warnings.contains(phrase), "lacks \(phrase)")
        }
        let lines = summary.text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= 80 } && summary.text.contains("rare          1   2.6 %"))
        #expect(DataSummary(data).text.contains("dropped  1 training rows without a target"))
        #expect(DataSummary(data).parts[0].duplicateCount == 1)
        let json = try JSONEncoder().encode(summary)
        #expect(try JSONDecoder().decode(DataSummary.self, from: json).text == summary.text)
    }

    @Test func summaryOfArraysHasShapesAndRanges() throws {
        let data = try ArrayDataset(
            inputs: Tensor([1, .nan, 3, 4, 1, .nan, .infinity, 0]).reshaped([4, 2]), targets: Tensor([1, 2, 3, 4]))
        let summary = DataSummary(data)
        #expect(summary.parts[0].inputs == DataSummary.Range(minimum: 0, maximum: 4, mean: 1.8))
        #expect(summary.parts[0].targets == DataSummary.Range(minimum: 1, maximum: 4, mean: 2.5))
        #expect(summary.parts[0].notFiniteCount == 3 && summary.parts[0].duplicateCount == 1)
        #expect(summary.warnings == ["3 inputs of the training part are NaN or infinite"])
        #expect(summary.text.contains("input   [2] numbers"))
    }

    @Test func baselineAnswersTheCommonestClassOrTheMean() throws {
        let train = try data("x,y\n1,b\n2,a\n3,b\n4,a\n")
        let baseline = Baseline(fittedOn: train)
        #expect(baseline.answer == .commonestClass(number: 0, name: "a"))
        #expect(baseline.scores(on: try Subset(train, [0, 1, 3, 2, 1])).map(\.value) == [0.6])
        let weighted = try ClassWeighted(train, [1, 3])
        #expect(Baseline(fittedOn: weighted).answer == .commonestClass(number: 1, name: "b"))
        #expect(Baseline(fittedOn: weighted).scores(on: weighted).map(\.value) == [0.75])
        let values = try data("x,y\n1,10\n2,20\n3,60\n")
        let scores = Baseline(fittedOn: values).scores(on: values)
        #expect(scores.map(\.metric) == ["rmse", "mae"])
        #expect(abs(scores[0].value - (1400.0 / 3).squareRoot()) < 1e-4 && abs(scores[1].value - 20) < 1e-4)
        let unscaled = try ArrayDataset(
            inputs: Tensor([1, 2]), targets: Tensor([1, 10, 3, 20]).reshaped([2, 2]), weights: [1, 0])
        #expect(Baseline(fittedOn: unscaled).answer == .means([1, 10]))
        #expect(Baseline(fittedOn: unscaled).scores(on: unscaled).map(\.value) == [0, 0])
    }
}

/// Real tables, where they are.
struct RealTableTests {
    private static func table(_ path: String, header: Bool? = nil) throws -> Table {
        try Table.read(["\(RealData.folder)/\(path)"], format: TableFormat(header: header))
    }

    private static func isThere(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(RealData.folder)/\(path)")
    }

    @Test(.enabled(if: isThere("adult"), RealData.hint)) func adultHasItsOwnTestPart() throws {
        let train = try TableDataset(
            Self.table("adult/adult-train.csv.gz", header: false), TableOptions(targets: ["last"]))
        let test = try TableDataset(Self.table("adult/adult-test.csv.gz", header: false), train.preparation)
        #expect(train.count == 32561 && test.count == 16281 && train.target.classNames == ["<=50K", ">50K"])
        #expect(train.preparation.numericCount == 66 && train.preparation.embeddingSizes == [43])
        #expect(Baseline(fittedOn: train).scores(on: test)[0].value == 12435.0 / 16281)
        #expect(DataSummary(train, others: [("test", test)]).columns.reduce(0) { $0 + $1.missingCount } == 4262)
    }

    @Test(.enabled(if: isThere("california-housing"), RealData.hint)) func housingIsPredictedInDollars() throws {
        let data = try TableDataset(
            Self.table("california-housing/housing.csv.gz"), TableOptions(targets: ["median_house_value"]))
        #expect(data.preparation.width == 14 && data.target.kind == .numbers && data.count == 20640)
        #expect(abs(try #require(data.target.scale).means[0] - 206_855.8169) < 1e-4)
        #expect(abs(Baseline(fittedOn: data).scores(on: data)[0].value - 115_392.8) < 0.1)
    }

    @Test(.enabled(if: isThere("tables"), RealData.hint)) func smallTablesAreUnderstood() throws {
        let penguins = try TableDataset(Self.table("tables/penguins.csv"), TableOptions(targets: ["species"]))
        #expect(penguins.target.classNames == ["Adelie", "Chinstrap", "Gentoo"] && penguins.preparation.width == 14)
        let cars = try TableDataset(Self.table("tables/mpg.csv"), TableOptions(targets: ["mpg"]))
        #expect(cars.target.kind == .numbers && cars.preparation.embeddingSizes == [306])
    }
}
