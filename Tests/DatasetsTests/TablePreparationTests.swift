// What tables become, against scikit-learn (scripts/reference/preparation.py), and what is refused.

import Autograd
import Foundation
import Tensors
import Testing

import Datasets

struct TablePreparationTests {
    private struct Expected: Decodable {
        let table: String
        let trainCount: Int
        let standard: [[Double]]
        let minMax: [[Double]]
        let none: [[Double]]
        let targets: [Double]
        let mean: Double
        let deviation: Double

        enum CodingKeys: String, CodingKey {
            case table, trainCount, standard, none, targets, mean, deviation
            case minMax = "min-max"
        }
    }

    private static let expected: Expected = try! JSONDecoder().decode(
        Expected.self,
        from: Data(contentsOf: URL(filePath: Bundle.module.resourcePath! + "/Reference/preparation.json")))

    private let directory = TemporaryDirectory()

    private func table(_ text: String, _ options: TableOptions? = nil, header: Bool? = true) throws -> Table {
        let path = directory.write("\(UUID().uuidString).csv", Array(text.utf8))
        return try Table.read([path], format: TableFormat(header: header), kinds: options?.kinds ?? [:])
    }

    private func data(_ text: String, target: String = "y", _ change: (inout TableOptions) -> Void = { _ in }) throws
        -> TableDataset
    {
        var options = TableOptions(targets: [target])
        change(&options)
        return try TableDataset(table(text, options), options)
    }

    /// All inputs, row by row.
    private func inputs(_ data: some Dataset) throws -> [[Float]] {
        let batch = try data[0..<data.count]
        let width = data.input.shape.count
        return (0..<data.count).map { Array(batch.inputs.scalars[$0 * width..<($0 + 1) * width]) }
    }

    @Test(arguments: TableOptions.Scaling.allCases) func inputsAreThoseOfScikitLearn(
        scaling: TableOptions.Scaling
    ) throws {
        let expected = Self.expected
        var options = TableOptions(targets: ["price"])
        options.scaling = scaling
        let whole = try TableDataset(table(expected.table), options)
        let data = try whole.fitted(on: Array(0..<expected.trainCount))
        let rows =
            switch scaling {
            case .standard: expected.standard
            case .minMax: expected.minMax
            case .none: expected.none
            }
        for (row, (found, expected)) in zip(try inputs(data), rows).enumerated() {
            #expect(found.count == expected.count)
            for (column, pair) in zip(found, expected).enumerated() {
                // Both are doubles by other sums, rounded.
                #expect(abs(Double(pair.0) - pair.1) <= 1e-7 * max(1, abs(pair.1)), "row \(row), column \(column)")
            }
        }
        let scale = try #require(data.target.scale)
        #expect(abs(scale.means[0] - expected.mean) < 1e-9 * expected.mean)
        #expect(abs(scale.deviations[0] - expected.deviation) < 1e-9 * expected.deviation)
        for (found, expected) in zip(try data[0..<data.count].targets.scalars, expected.targets) {
            #expect(abs(Double(found) - expected) < 1e-6)
        }
        #expect(
            data.preparation.featureNames == [
                "gaps", "gaps missing", "constant", "large", "tiny", "colour=Zinnober", "colour=blue", "colour=green",
                "colour=red", "colour=ärmel", "colour missing", "size=l", "size=m", "size=s",
            ])
    }

    @Test func manyCategoriesBecomeIndicesBehindTheNumbers() throws {
        let letters = "abcdefghijklmnopqrs".map { String($0) }
        let rows = (0..<40).map { "\(letters[$0 % 19]),\($0),\($0 % 2 == 0 ? "no" : "yes")" }
        let data = try data((["letter,n,y"] + rows + [",5,no"]).joined(separator: "\n"))
        #expect(data.preparation.featureNames == ["n", "letter"])
        #expect(data.preparation.numericCount == 1 && data.preparation.embeddingSizes == [21])
        #expect(try inputs(data).map { $0[1] } == (0..<40).map { Float($0 % 19 + 1) } + [20])
        let later = try table("n,letter\n1,zz\n1,b\n1,\n")
        let found = try TableDataset(later, data.preparation, needsTarget: false)
        #expect(try inputs(found).map { $0[1] } == [0, 2, 20])
        #expect(!found.hasTarget && found.count == 3)
    }

    @Test func columnsAreFoundByNameAndReadAsInTraining() throws {
        let data = try data("zip,age,y\n01,3,a\n2,5,b\n01,4,a\n") { $0.categorical = ["zip"] }
        #expect(data.preparation.featureNames == ["zip=01", "zip=2", "age"])
        #expect(data.preparation.kinds == ["zip": .text, "age": .numeric, "y": .text])
        // All cells look like numbers, the columns are in another order, and there is one more.
        let later = try table("more,age,zip\n9,4,01\n9,4,2\n9,4,1\n")
        let found = try TableDataset(later, data.preparation, needsTarget: false)
        #expect(try inputs(found).map { Array($0[..<2]) } == [[1, 0], [0, 1], [0, 0]])
        expectDatasetError("lacks the columns 'zip', 'age' of the table", "it has 'other'") {
            try TableDataset(table("other\n1\n"), data.preparation, needsTarget: false)
        }
        expectDatasetError("lacks the column 'y'") { try TableDataset(later, data.preparation) }
    }

    @Test func columnsAreMeantByNameNumberOrLast() throws {
        let text = "1,b,7\n2,c,8\n3,b,7.5\n"
        for target in ["column 2", "2"] {
            let options = TableOptions(targets: [target])
            let data = try TableDataset(table(text, header: false), options)
            #expect(data.target.classNames == ["b", "c"] && data.preparation.featureNames == ["column 1", "column 3"])
        }
        let last = try TableDataset(table(text, header: false), TableOptions(targets: ["last"]))
        #expect(last.target.name == "column 3" && last.target.kind == .numbers)
        expectDatasetError("has no column '4'; expected a name, a number of 1 to 3, or last: it has 'column 1'") {
            try TableDataset(table(text, header: false), TableOptions(targets: ["4"]))
        }
        expectDatasetError("is given as the target and as ignored") {
            try data("x,y\n1,a\n2,b\n") { $0.ignore = ["y"] }
        }
    }

    @Test func wholeNumbersThatComeOftenAreClasses() throws {
        func target(_ values: [String], task: TableOptions.Task? = nil) throws -> Field {
            try data((["x,y"] + values.enumerated().map { "\($0),\($1)" }).joined(separator: "\n")) { $0.task = task }
                .target
        }
        let three = (0..<30).map { ["3", "5", "10"][$0 % 3] }
        #expect(try target(three).kind == .classes(3))
        #expect(try target(three).classNames == ["3", "5", "10"])
        #expect(try target(three.dropLast()).kind == .numbers)
        #expect(try target(three.dropLast(), task: .classes).kind == .classes(3))
        #expect(try target(three, task: .values).kind == .numbers)
        #expect(try target(["0", "1", "1"]).kind == .classes(2))
        #expect(try target(three + ["2.5"]).kind == .numbers)
        #expect(try target((0..<210).map { "\($0 % 21)" }).kind == .numbers)
        expectDatasetError("the target 'y'", "is 'a' in every row") { try target(["a", "a"]) }
        expectDatasetError("holds 'a', expected a number") { try target(["1", "a"], task: .values) }
    }

    @Test func classesOfLaterTablesAreFoundByName() throws {
        let data = try data("x,y\n1,>50K\n2,<=50K\n3,<=50K\n")
        let test = try TableDataset(table("y,x\n<=50K,1\n>50K.,1\n,3\n"), data.preparation)
        #expect(test.droppedCount == 1 && (0..<2).map { test.classNumber(of: $0) } == [0, 1])
        let later = try table("x,y\n1,<=50K\n\n2,none\n")
        expectDatasetError(":4: 'none' in the target column 'y' is none of the 2 classes", "'<=50K', '>50K'") {
            try TableDataset(later, data.preparation)
        }
    }

    @Test func severalTargetsAreValues() throws {
        var options = TableOptions(targets: ["a", "b"])
        options.scalesTarget = false
        let data = try TableDataset(table("a,x,b\n1,5,2\n3,6,4\n,7,5\n"), options)
        #expect(data.target.shape == [2] && data.count == 2 && data.droppedCount == 1)
        #expect(try data[0..<2].targets.scalars == [1, 2, 3, 4])
        #expect(data.target.scale == TargetScale(means: [0, 0], deviations: [1, 1]))
    }

    @Test func missingValuesAreRefusedWhereSo() throws {
        let text = "x,c,y\n1,p,a\n2,,b\n,q,a\n"
        expectDatasetError(":4: column 'x' has no value") { try data(text) { $0.missingNumbers = .refuse } }
        expectDatasetError(":3: column 'c' has no value") { try data(text) { $0.missingCategories = .refuse } }
        let whole = try data("x,c,y\n1,p,a\n2,q,b\n") { $0.missingNumbers = .refuse }
        expectDatasetError(":3: column 'x' has no value") {
            try TableDataset(table("x,c\n1,p\nNA,p\n"), whole.preparation, needsTarget: false)
        }
    }

    @Test func weightsAreNumbersOfAtLeastZero() throws {
        let data = try data("x,w,y\n1,0.5,a\n2,0,b\n") { $0.weight = "w" }
        #expect(data.isWeighted && data.weight(of: 0) == 0.5 && data.weight(of: 1) == 0)
        #expect(data.preparation.featureNames == ["x"])
        for (weight, phrase) in [("-1", "holds -1.0"), ("", "has no value")] {
            expectDatasetError(":3: weight column 'w' \(phrase); expected a number, at least 0") {
                try self.data("x,w,y\n1,0.5,a\n2,\(weight),b\n") { $0.weight = "w" }
            }
        }
    }

    @Test func groupsAreNumbered() throws {
        let data = try data("x,g,y\n1,p,a\n2,q,b\n3,p,a\n4,,a\n5,,a\n") { $0.group = "g" }
        #expect(try data.groups() == [0, 1, 0, 5, 6] && data.preparation.featureNames == ["x"])
        let numbered = try self.data("x,g,y\n1,7,a\n2,3,b\n3,7,a\n") { $0.group = "g" }
        #expect(try numbered.groups() == [1, 0, 1])
        #expect(try self.data("x,y\n1,a\n2,b\n").groups() == nil)
    }

    @Test func columnsThatSayNothingAreLeftOut() throws {
        let rows = (0..<30).map { "name \($0),\($0 % 7),,\($0 % 3 == 0 ? "a" : "b")" }
        let text = (["name,x,empty,y"] + rows).joined(separator: "\n")
        let found = try data(text)
        #expect(found.preparation.featureNames == ["x"] && found.preparation.notes.count == 2)
        let chosen = try data(text) { $0.categorical = ["name"] }
        #expect(chosen.preparation.embeddingSizes == [31])
        expectDatasetError("no column for inputs") { try data("y\na\nb\n") }
    }

    @Test func preparationSurvivesACheckpoint() throws {
        let data = try TableDataset(table(Self.expected.table), TableOptions(targets: ["price"]))
        let read = try #require(
            DataPreparation.read(DataPreparation.json(data.preparation), source: "model") as? TablePreparation)
        #expect(read == data.preparation)
        #expect(try TableDataset(data.table, read).fingerprint == data.fingerprint)
        expectDatasetError("model holds no preparation of data") {
            try DataPreparation.read(Data("{}".utf8), source: "model")
        }
    }

    @Test func fingerprintIsThatOfTheValues() throws {
        let text = "c,x,y\np,1,a\nq,2,b\np,3,a\n"
        let first = try data(text)
        #expect(try data(text).fingerprint == first.fingerprint)
        #expect(try data("c,x,y\r\n\"p\",1.0,a\r\nq,2,b\r\np,3,a\r\n").fingerprint == first.fingerprint)
        for other in ["c,x,y\np,1,a\nq,2,b\nq,3,a\n", "c,x,y\np,1,a\nq,2,b\np,4,a\n", "c,x,y\np,1,a\nq,2,b\np,3,b\n"] {
            #expect(try data(other).fingerprint != first.fingerprint)
        }
        #expect(try data(text) { $0.scaling = .none }.fingerprint != first.fingerprint)
    }
}
