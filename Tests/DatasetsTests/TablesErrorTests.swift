// Every way a table can be wrong has a message with its place, and no bytes make the reader crash.

import Foundation
import Testing

import Datasets

struct TablesErrorTests {
    private let directory = TemporaryDirectory()

    private func read(_ text: String, _ format: TableFormat = .init()) throws -> Table {
        try Table.read([directory.write("table.csv", Array(text.utf8))], format: format)
    }

    @Test(arguments: [
        ("", "table.csv is empty"), (" \n\r\n", "table.csv is empty"), ("\u{feff}", "table.csv is empty"),
        ("a,b\n", "table.csv has a header and no rows"), ("a,b\n\n \n", "table.csv has a header and no rows"),
        ("a,b\n1,2\n3,4,5\n", "table.csv:3: this row has 3 fields, expected 2 as in the first row"),
        ("a,b\n\n1,2\n3\n4,5\n", "table.csv:4: this row has 1 field, expected 2"),
        ("a;b\r\n1;\"x\r\ny\"\r\n3\r\n", "table.csv:4: this row has 1 field, expected 2"),
        ("a,b\n1,2\n3,\"x\n4,5\n", "table.csv:3: the quote that opens this field is never closed"),
        ("a,b\n1,\"", "table.csv:2: the quote that opens this field is never closed"),
        ("a,b\n1,\"x\"y\n", "table.csv:2: text follows the quote that closes a field"),
        ("a,b,a\n1,2,3\n", "table.csv:1: columns 1 and 3 are both named 'a'"),
        (",column 1\n1,2\n", "table.csv:1: columns 1 and 2 are both named 'column 1'"),
        ("a,b\n1,2\n3,x\0\n", "table.csv:3: this line has a NUL byte"),
        ("a,b\n1,2\n3,inf\n", "table.csv:3: column 'b' holds a number that is infinite or beyond 3.4e38"),
        ("a,b\n1,2\n3,\n4,-1e39\n", "table.csv:4: column 'b' holds a number that is infinite"),
        ("a,b\n1,2\n3,1e999\n", "table.csv:3: column 'b' holds a number that is infinite"),
    ])
    func whatIsWrongAndWhere(text: String, message: String) {
        expectDatasetError("\(directory.path)/\(message)") { try read(text) }
    }

    @Test func otherEncodings() {
        let latin = directory.write("latin.csv", Array("a,b\r1,x\r2,".utf8) + [0xE9, 0x0A])
        expectDatasetError("\(latin):3: this line is not UTF-8 (perhaps Latin-1 or Windows-1252)") {
            try Table.read([latin])
        }
        let wide = directory.write("wide.csv", [0xFF, 0xFE, 0x61, 0, 0x0A, 0])
        expectDatasetError("\(wide):1: this is UTF-16; save the file as UTF-8") { try Table.read([wide]) }
        let workbook = directory.write("book.xlsx", Array("PK\u{3}\u{4}...".utf8))
        expectDatasetError("\(workbook) is a workbook or an archive", "export the table as CSV") {
            try Table.read([workbook])
        }
    }

    /// A character may lie across two of the pieces in which the encoding is checked.
    @Test(arguments: 0..<5) func charactersAcrossPieces(shift: Int) throws {
        let text = String(repeating: "x", count: shift) + String(repeating: "é€𝄞", count: 20_000)
        let table = try read("a,b\n1,\(text)\n")
        #expect(table.columns[1].values.texts == [text])
        let broken = directory.write("broken.csv", Array("a,b\n1,\(text)".utf8).dropLast())
        expectDatasetError("\(broken):2: this line is not UTF-8") { try Table.read([broken]) }
    }

    @Test func formatsThatCannotBe() {
        for separator: Character in ["\"", "\n", "\r\n", "é", "a", "1", "-", "."] {
            expectDatasetError("cannot separate") { try read("a\n1\n", TableFormat(separator: separator)) }
        }
        expectDatasetError("no decimal sign") { try read("a\n1\n", TableFormat(decimal: "'")) }
        expectDatasetError("separator and the decimal sign") {
            try read("a\n1\n", TableFormat(separator: ",", decimal: ","))
        }
        expectDatasetError("no file") { try Table.read([]) }
        expectDatasetError("No such file") { try Table.read(["\(directory.path)/absent.csv"]) }
    }

    @Test func enormousFields() throws {
        let digits = String(repeating: "7", count: 1 << 20)
        let table = try read("a,b,c\n0.\(digits),\(digits)x,\"\(digits)\"\"\"\n")
        #expect(table.columns[0].values.numbers == [0.7777778])
        #expect(table.columns[1].values.names.first?.utf8.count == 1 << 20 + 1)
        #expect(table.columns[2].values.names == [digits + "\""])
        expectDatasetError("table.csv:1: more than 1000000 columns") {
            try read(String(repeating: ",", count: 1 << 21))
        }
    }

    /// Good tables with some bytes changed, lost, doubled or put in: read or refused.
    @Test func damagedTables() throws {
        let examples = [
            "a,b,c\n1,x,\"q \"\"u\"\" o\"\n-2.5e3,NA,\"line\nbreak\"\n12345678.901234567,é,\n",
            "a;b\r\n1,5;x\r\n2,25;\"y;z\"\r\n", "1\t2\r3\t?\r4\t5", "\u{feff}n|t\n0.1|inf\n|<NA>\n",
        ].map { Array($0.utf8) }
        let signs = Array("\"\",;\t|\n\r .+-eE09\0x".utf8) + [0xC3, 0xFF]
        var random = SystemRandomNumberGenerator()
        var (read, refused) = (0, 0)
        for round in 0..<4000 {
            var bytes = examples[round % examples.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = signs.randomElement(using: &random)!
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(signs.randomElement(using: &random)!, at: place)
                default: bytes.insert(contentsOf: bytes[place..<min(place + 9, bytes.count)], at: place)
                }
            }
            let path = directory.write("damaged.csv", bytes)
            do throws(DatasetError) {
                let table = try Table.read([path])
                read += 1
                let sizes = table.columns.map(\.values.texts.count)
                #expect(sizes.allSatisfy { $0 == table.rowCount } && table.rowCount > 0, "\(bytes)")
                for column in table.columns { _ = try? table.numbers(of: column.name) }
            } catch {
                refused += 1
                #expect(error.description.hasPrefix(path), "\(bytes)")
            }
        }
        #expect(read > 100 && refused > 100)
    }
}
