// What is read equals what pandas reads (scripts/reference/tables.py), and real tables have what their authors say.

import Foundation
import Testing

import Datasets

struct TablesReferenceTests {
    private struct Column: Decodable {
        let name: String
        let numbers: [String?]?
        let texts: [String?]?
    }

    private static let folder = Bundle.module.resourceURL!.appending(path: "Reference/tables")

    private static func expected(_ file: String) throws -> [Column] {
        let data = try Data(contentsOf: folder.appending(path: "expected.json"))
        return try #require(try JSONDecoder().decode([String: [Column]].self, from: data)[file])
    }

    @Test(arguments: [
        "quoted.csv", "missing.csv", "european.csv", "windows.tsv", "macintosh.csv", "adult.csv", "types.csv",
    ])
    func readsWhatPandasReads(file: String) throws {
        let table = try Table.read([TablesReferenceTests.folder.appending(path: file).path])
        let expected = try TablesReferenceTests.expected(file)
        #expect(table.columns.count == expected.count)
        for (column, expected) in zip(table.columns, expected) {
            if table.format.header == true { #expect(column.name == expected.name) }
            switch column.values {
            case .numbers(let numbers):
                let bits = try #require(expected.numbers, "\(column.name) is one of text").map { $0.map(Self.double) }
                #expect(numbers.map { $0.isNaN ? nil : $0 } == bits.map { $0.map(Float.init) })
                #expect(column.missingCount == bits.count { $0 == nil })
            case .texts(let codes, let names):
                let texts = try #require(expected.texts, "\(column.name) is one of numbers")
                #expect(codes.map { $0 < 0 ? nil : names[Int($0)] } == texts)
                #expect(
                    names == Set(texts.compactMap { $0 }).sorted { Array($0.utf8).lexicographicallyPrecedes($1.utf8) })
                #expect(column.missingCount == texts.count { $0 == nil })
            }
        }
    }

    /// All bits, of all sizes and ways to write one; with a decimal comma too, and near the end of the memory.
    @Test func everyNumberIsTheNearestDouble() throws {
        let content = try String(
            contentsOf: TablesReferenceTests.folder.appending(path: "numbers.txt"), encoding: .utf8)
        let texts = content.split(separator: "\n").dropFirst()
        let expected = try #require(try TablesReferenceTests.expected("numbers.txt")[0].numbers)
        #expect(texts.count == expected.count && texts.count > 3000)
        for (text, bits) in zip(texts, expected) {
            let commas = text.replacing(".", with: ",") + ";trailing field"
            let value = Self.double(try #require(bits))
            #expect(Self.read(String(text), decimal: ".") == value, "\(text)")
            #expect(Self.read(String(commas), decimal: ",", stop: text.utf8.count) == value, "\(text)")
        }
    }

    @Test(arguments: ["", "+", "-", ".", "e5", "1e", "1e+", "-.", ".e1", "x", "--1", "inf", "nan"])
    func whatIsNoNumber(text: String) {
        #expect(Self.read(text, decimal: ".", stop: 0) == 0)
    }

    private static func double(_ bits: String) -> Double { Double(bitPattern: UInt64(bits, radix: 16)!) }

    private static func read(_ text: String, decimal: Unicode.Scalar, stop: Int? = nil) -> Double {
        // As many bytes as the text has, and no more.
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            let start = bytes.baseAddress!
            let number = DecimalNumber(at: start, end: start + bytes.count, decimal: UInt8(ascii: decimal))
            #expect(number.stop - start == stop ?? bytes.count, "\(text)")
            return number.value
        }
    }
}

struct TablesRealDataTests {
    private static let data =
        ProcessInfo.processInfo.environment["LOCKSTEP_DATA"]
        ?? RealData.repository.deletingLastPathComponent().appendingPathComponent("shared/data").path
    private static func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: "\(data)/\(path)") }

    @Test(
        .enabled(
            if: isThere("adult/adult-train.csv.gz"), "Adult is absent: set LOCKSTEP_DATA to a folder that holds adult/")
    )
    func adult() throws {
        let path = "\(Self.data)/adult/adult-train.csv.gz"
        let table = try Table.read([path])
        #expect(table.rowCount == 32561)
        #expect(table.format == TableFormat(separator: ",", decimal: ".", header: false))
        #expect(table.columns.map(\.missingCount) == [0, 1836, 0, 0, 0, 0, 1843, 0, 0, 0, 0, 0, 0, 583, 0])
        let sizes = table.columns.map { if case .texts(_, let names) = $0.values { names.count } else { 0 } }
        #expect(sizes == [0, 8, 0, 16, 0, 7, 14, 6, 5, 2, 0, 0, 0, 41, 2])
        #expect(table.columns[14].values.names == ["<=50K", ">50K"])
        #expect(try Table.read([path, path]).rowCount == 65122)
    }

    @Test(
        .enabled(
            if: isThere("california-housing/housing.csv.gz"),
            "California Housing is absent: set LOCKSTEP_DATA to a folder that holds california-housing/"))
    func californiaHousing() throws {
        let table = try Table.read(["\(Self.data)/california-housing/housing.csv.gz"])
        #expect(table.rowCount == 20640)
        #expect(table.column("total_bedrooms")?.missingCount == 207)
        #expect(table.column("ocean_proximity")?.values.names.count == 5)
        #expect(table.column("median_house_value")?.values.numbers.max() == 500_001)
    }
}

extension TableColumn.Values {
    /// The numbers, none for a column of text.
    var numbers: [Float] { if case .numbers(let numbers) = self { numbers } else { [] } }
    /// The names of the texts, none for a column of numbers.
    var names: [String] { if case .texts(_, let names) = self { names } else { [] } }
    /// What each row has, as text.
    var texts: [String?] {
        switch self {
        case .numbers(let numbers): numbers.map { $0.isNaN ? nil : "\($0)" }
        case .texts(let codes, let names): codes.map { $0 < 0 ? nil : names[Int($0)] }
        }
    }
}
