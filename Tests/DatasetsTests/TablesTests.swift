// How tables are read: formats that are found or given, kinds of columns, several files, rows that are found again.

import Foundation
import Testing

import Datasets

struct TablesTests {
    private let directory = TemporaryDirectory()

    private func read(_ text: String, _ format: TableFormat = .init(), kinds: [String: TableColumn.Kind] = [:]) throws
        -> Table
    {
        try Table.read([directory.write("table.csv", Array(text.utf8))], format: format, kinds: kinds)
    }

    @Test(
        arguments: [
            ("a,b\n1,2\n", ",", ".", true), ("a;b\n1,5;2\n", ";", ",", true), ("a;b\n1.5;2\n", ";", ".", true),
            ("1,5;2,5\n1,5;3,5\n", ";", ",", false), ("a\tb\n1,500\t2\n", "\t", ".", true),
            ("1|x\n2|y", "|", ".", false),
            ("a,b\nx,\"1;2\"\n", ",", ".", false), ("\"a;b\",c\n\"1;2\",2\n", ",", ".", true),
            ("a\n1\n2\n", ",", ".", true),
            ("1,2\n3,4\n", ",", ".", false), ("x\n1,5\n\n", ";", ",", nil), (",b\nx,2\n", ",", ".", true),
            ("a,b\n?,NA\n", ",", ".", false),
        ] as [(String, Character, Character, Bool?)])
    func findsTheFormat(text: String, separator: Character, decimal: Character, header: Bool?) throws {
        let given = TableFormat(decimal: header == nil ? "," : nil)
        let found = try read(text, given).format
        #expect(found == TableFormat(separator: separator, decimal: decimal, header: header ?? true))
        let coded = try JSONDecoder().decode(TableFormat.self, from: JSONEncoder().encode(found))
        #expect(coded == found)
    }

    @Test func aGivenFormatIsKept() throws {
        let table = try read("a b;c\n1 2;3\n", TableFormat(separator: " ", header: false))
        #expect(table.columns.map(\.values.texts) == [["a", "1"], ["b;c", "2;3"]])
        #expect(table.columns.map(\.name) == ["column 1", "column 2"])
    }

    @Test(arguments: ["\n", "\r\n", "\r", "\n\n", "\r\n \r\n"], ["", "\n", "\r\n"])
    func everyLineEnd(between: String, last: String) throws {
        let table = try read("\u{feff}" + ["a,b", "1,x", "2,\"y\""].joined(separator: between) + last)
        #expect(table.columns.map(\.name) == ["a", "b"])
        #expect(table.columns.map(\.values.texts) == [["1.0", "2.0"], ["x", "y"]])
    }

    @Test func blanksAndQuotes() throws {
        let table = try read("n,t\n 1 , a b \n\"2\",\" a\"\" \"\n3,a\"b\n4,\"x\ny,z\" \n5,\"NA\"\n6,\"\"\n7,\n")
        #expect(table.columns[0].values.numbers == [1, 2, 3, 4, 5, 6, 7])
        #expect(table.columns[1].values.texts == ["a b", " a\" ", "a\"b", "x\ny,z", "NA", nil, nil])
        #expect(table.columns[1].missingCount == 2)
    }

    @Test func kindsAreFoundFromAllRows() throws {
        let numbers = (0..<5000).map { "\($0),\($0),,inf" }.joined(separator: "\n")
        let table = try read("late,number,nothing,infinite\n\(numbers)\nx,1e3,NA,-Infinity\n")
        #expect(table.rowCount == 5001)
        #expect(table.columns[0].values.names.count == 5001)
        #expect(table.columns[0].values.texts[4999] == "4999")
        #expect(table.columns[1].values.numbers.last == 1000)
        #expect(table.columns[2].values.numbers.allSatisfy(\.isNaN) && table.columns[2].missingCount == 5001)
        #expect(table.columns[3].values.names == ["-Infinity", "inf"])
    }

    @Test func kindsCanBeGiven() throws {
        let text = "id,zip,x\n1,01234,5\n2,?,6\n"
        let table = try read(text, kinds: ["zip": .text, "id": .ignore, "absent": .numeric])
        #expect(table.columns.map(\.name) == ["zip", "x"])
        #expect(table.columns[0].values.texts == ["01234", nil])
        #expect(try read(text).texts(of: "zip").values.texts == ["01234", nil])
        #expect(try read(text).texts(of: "zip").missingCount == 1)
        #expect(try read(text).numbers(of: "x").values.numbers == [5, 6])
        expectDatasetError("no column 'y'", "'id', 'zip', 'x'") { try read(text).numbers(of: "y") }
        expectDatasetError("table.csv:4: column 'x' holds 'six or so', expected a number") {
            try read("id,x\n1,5\n\n2,six or so\n").numbers(of: "x")
        }
        expectDatasetError("table.csv:3: column 'x' holds 'six'") {
            try read("id,x\n1,5\n2,six\n", kinds: ["x": .numeric])
        }
    }

    @Test func severalFiles() throws {
        let first = directory.write("first.csv", Array("a,b\n1,x\n2,z\n".utf8))
        let second = directory.writeGzipped("second.csv.gz", Array("a,b\n\n3,y\n4,\"x\"".utf8))
        let table = try Table.read([first, second])
        #expect(table.name == "\(first) and 1 more")
        #expect(table.columns.map(\.values.texts) == [["1.0", "2.0", "3.0", "4.0"], ["x", "z", "y", "x"]])
        #expect(table.columns[1].values.names == ["x", "y", "z"])
        let places = (-1...4).map { table.place(ofRow: $0).map { "\($0.file):\($0.line)" } }
        #expect(places == [nil, "\(first):2", "\(first):3", "\(second):3", "\(second):4", nil])
        let other = directory.write("other.csv", Array("a,c\n1,x\n".utf8))
        expectDatasetError("column 2 of \(other) is 'c', expected 'b' as in \(first)") {
            try Table.read([first, other])
        }
        let wide = directory.write("wide.csv", Array("a,b,c\n1,x,2\n".utf8))
        expectDatasetError("\(wide) has 3 columns, expected 2 as in \(first)") { try Table.read([first, wide]) }
    }

    /// Names of every length in the order of their bytes, also where many begin alike.
    @Test func manyCategories() throws {
        let texts = (0..<60_000).map { number in
            switch number % 4 {
            case 0: "\(number)x"
            case 1: String(repeating: "long ", count: number % 7) + "\(number)"
            case 2: "\"a \"\"quoted\"\" \(number / 8)\""
            default: "é\(number % 1000)"
            }
        }
        let table = try read("n,t\n" + texts.enumerated().map { "\($0),\($1)" }.joined(separator: "\n"))
        let expected = texts.map {
            $0.hasPrefix("\"") ? String($0.dropFirst().dropLast()).replacing("\"\"", with: "\"") : $0
        }
        #expect(table.columns[1].values.texts == expected)
        let sorted = Set(expected).map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(table.columns[1].values.names.map { Array($0.utf8) } == sorted)
    }

    @Test func writtenRowsAreReadAgain() throws {
        let fields = ["plain", "a,b", "say \"no\"", "line\nbreak", "a\r", " blank", "tab\t", "", "é\"\u{301}", "x y"]
        #expect(CSVText.line(["a", "b c", "d,e", "f\"g"]) == "a,b c,\"d,e\",\"f\"\"g\"")
        let lines = [fields, Array(fields.reversed())].map { CSVText.line($0) }.joined(separator: "\n")
        let table = try read(lines, TableFormat(separator: ",", header: false))
        let rows = (0..<2).map { row in table.columns.map { Array(($0.values.texts[row] ?? "").utf8) } }
        #expect(rows == [fields, fields.reversed()].map { $0.map { Array($0.utf8) } })
        #expect(try read("x\n" + CSVText.line([""]) + "\n1").rowCount == 2)
    }
}
