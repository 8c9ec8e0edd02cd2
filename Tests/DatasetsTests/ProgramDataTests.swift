// Data sets as a program of one's own makes them, in one call: split, prepared, in their own unit.

import Testing

import Datasets
import Tensors

struct ProgramDataTests {
    private let directory = TemporaryDirectory()

    /// 20 rows: 15 of class a, 5 of class b, in four groups.
    private func table() throws -> Table {
        let rows = (0..<20).map { "\($0),g\($0 % 4),\($0 % 4 == 0 ? "b" : "a"),\(100 + $0)\n" }
        return try Table.read([directory.write("t.csv", Array(("x,g,class,y\n" + rows.joined()).utf8))])
    }

    // MARK: Splits

    @Test func classesKeepTheirShares() throws {
        var options = TableOptions(targets: ["class"])
        options.ignore = ["g", "y"]
        let data = try TableDataset(table(), options)
        let parts = try data.randomSplit(validation: 0.2, seed: 3)
        #expect(parts.train.count == 16 && Set(parts.train + parts.validation) == Set(0..<20))
        #expect(parts.validation.count { $0 % 4 == 0 } == 1)
        #expect(
            try parts.validation == Split.stratified(0.2, seed: 3, classes: (0..<20).map { $0 % 4 == 0 ? 1 : 0 }).test)
        #expect(try data.randomSplit(validation: 0.2, seed: 4).validation != parts.validation)
        #expect(throws: DatasetError.self) { try data.randomSplit(validation: 1) }
    }

    @Test func valuesAreSplitAtRandomAndGroupsStayTogether() throws {
        var options = TableOptions(targets: ["y"])
        options.ignore = ["class", "g"]
        let values = try TableDataset(table(), options).randomSplit(validation: 0.2, seed: 3)
        #expect(try values.validation == Split.random(0.2, of: 20, seed: 3).test)
        (options.ignore, options.group) = (["class"], "g")
        let groups = try TableDataset(table(), options).randomSplit(validation: 0.25, seed: 3)
        #expect(groups.validation.count == 5 && Set(groups.validation.map { $0 % 4 }).count == 1)
    }

    // MARK: Tables and texts

    /// What is fitted is that of the training rows; predictions come back in the column's own unit.
    @Test func otherTablesArePreparedAlike() throws {
        var options = TableOptions(targets: ["y"])
        options.ignore = ["class", "g"]
        let data = try TableDataset(table(), options).fitted(on: [0, 2])
        #expect(try data[2..<3].inputs.scalars == [1])
        let path = directory.write("new.csv", Array("x\n4\n".utf8))
        let new = try data.prepared(Table.read([path]), needsTarget: false)
        // Rows 0 and 2 have mean 1 and deviation 1; their y has mean 101 and deviation 1.
        #expect(try new[0..<1].inputs.scalars == [3])
        #expect(new.target.values(Tensor([0, 3]).reshaped([2, 1])).scalars == [101, 104])
        #expect(throws: DatasetError.self) { try data.prepared(Table.read([path])) }
    }

    @Test func textsOfAProgramHaveLabels() throws {
        let data = try TextDataset(LabelledTexts(["call now", "see you", "call"], labels: ["spam", "ham", "spam"]))
        #expect(data.target.classNames == ["ham", "spam"] && (0..<3).map(data.classNumber) == [1, 0, 1])
        let new = try data.prepared(LabelledTexts(["call her"]), needsTarget: false)
        #expect(try new[0..<1].inputs.scalars == [2, 1])
        #expect(throws: DatasetError.self) { try LabelledTexts(["a", "b"], labels: ["a"]) }
    }

    @Test func aTextHasItsCharacters() {
        let characters = Vocabulary("hello")
        #expect(characters.count == 4 && characters.numbers(of: "hole!") == [1, 3, 2, 0, -1])
        let words = Vocabulary("to be or not to be", unit: .words)
        // The unknown word first; then by how often they occur, among equals in order.
        #expect(words.numbers(of: "be to not you") == [1, 2, 3, 0] && Vocabulary("", unit: .bytes).count == 256)
    }

    // MARK: Series

    @Test func aTableIsDividedByTime() throws {
        let rows = (1...20).map { "\($0),\(10 * $0)\n" }.joined()
        let table = try Table.read([directory.write("s.csv", Array(("x,y\n" + rows).utf8))])
        var options = SeriesOptions(window: 3, horizon: 2)
        options.targets = ["y"]
        let parts = try SeriesDataset.load(table, options, validation: 0.25, test: 0.2)
        let split = try SeriesTable(table, options).split(validation: 0.25, test: 0.2)
        #expect(parts.train.starts == split.train && parts.train.count > 0)
        #expect(parts.validation.starts == split.validation && parts.test.starts == split.test)
        // In the column's own unit: the two values behind the first window.
        let first = parts.train.target.values(try parts.train[0..<1].targets).scalars
        #expect(zip(first, [40, 50]).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(try SeriesDataset.load(table, options, validation: 0.25).test.count == 0)
    }
}
