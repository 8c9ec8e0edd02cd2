// One slip among numbers: told where it is, instead of silently making classes or categories of a column.

import Foundation
import Testing

import Datasets

struct StrayCellTests {
    private let directory = TemporaryDirectory()

    /// 20 rows of a size, a floor and a price; `size` and `price` replace those of row 7 (line 8).
    private func table(size: String = "6,5", price: String = "60,5") throws -> Table {
        let rows = (1...20).map { row in row == 7 ? "\(size);\(row);\(price)\n" : "\(row),5;\(row);\(10 * row),5\n" }
        return try Table.read([directory.write("flats.csv", Array(("size;floor;price\n" + rows.joined()).utf8))])
    }

    @Test func inATargetIsRefused() throws {
        let table = try table(price: "n/k")
        expectDatasetError(
            "flats.csv:8: column 'price' holds 'n/k', though nearly all of it is numbers; correct it or leave it empty"
        ) { try TableDataset(table, TableOptions(targets: ["price"])) }
        var options = TableOptions(targets: ["price"])
        options.task = .classes
        #expect(try TableDataset(table, options).target.classCount == 20)
    }

    @Test func inAnInputIsNoted() throws {
        let table = try table(size: "large")
        let notes = try TableDataset(table, TableOptions(targets: ["price"])).preparation.notes
        #expect(notes.contains { $0.contains("flats.csv:8: column 'size' holds 'large'") }, "\(notes)")
        var options = TableOptions(targets: ["price"])
        options.categorical = ["size"]
        #expect(try TableDataset(table, options).preparation.notes.isEmpty)
    }

    /// The only column's name stays the header, so that the slip is told rather than the name.
    @Test(arguments: ["abc", "1e39", "inf", "-"])
    func doesNotHideTheHeader(slip: String) throws {
        let lines = (0..<60).map { $0 == 30 ? slip : "\($0)" }
        let path = directory.write("w1.csv", Array(("v\n" + lines.joined(separator: "\n") + "\n").utf8))
        if slip == "abc" || slip == "-" {
            #expect(try Table.read([path]).columns.map(\.name) == ["v"])
        } else {
            expectDatasetError("w1.csv:32: column 'v' holds a number that is infinite") { try Table.read([path]) }
        }
        // Where words are among numbers more often, the first may be one of them.
        let mixed = directory.write("mixed.csv", Array((0..<60).map { $0 % 5 == 0 ? "w\n" : "\($0)\n" }.joined().utf8))
        #expect(try Table.read([mixed]).format.header == false)
    }

    @Test func numbersAndWordsAreFine() throws {
        #expect(try TableDataset(table(), TableOptions(targets: ["price"])).preparation.notes.isEmpty)
        let words = try Table.read([
            directory.write("words.csv", Array(("a,b\n" + (1...20).map { "\($0 % 3)x,\($0)\n" }.joined()).utf8))
        ])
        #expect(try TableDataset(words, TableOptions(targets: ["b"])).preparation.notes.isEmpty)
    }
}
