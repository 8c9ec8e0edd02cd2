// A table of metrics with a row for each epoch, as spreadsheets read it.

import Checkpoints
import Foundation
import Streams

/// Writes a row of metrics after every epoch: `epoch` (counted from 0), then the metrics in the order of their names; one
/// that comes later gets a column of its own behind them.
///
/// Every `fit` writes the file anew, as in Keras. With `append`, it keeps the rows that are there and goes on counting
/// their epochs. A run that goes on from a checkpoint keeps the rows of its earlier epochs.
public final class CSVLogger: Callback {
    private let path: String
    private let append: Bool
    /// Those in the file; nil before the first row.
    private var columns: [String]?
    /// The number of this run's first epoch.
    private var firstEpoch = 0
    /// What the first row comes after.
    private var former = CSVTable()

    public init(_ path: String, append: Bool = false) {
        self.path = expandingHome(path)
        self.append = append
    }

    public var state: [String: Double] {
        get { ["firstEpoch": Double(firstEpoch)] }
        set { firstEpoch = Int(newValue["firstEpoch"] ?? 0) }
    }

    /// Nothing is written before the first row: a run that fails before it leaves the former file.
    public func trainBegin(_ context: TrainingContext) throws {
        (columns, former) = (nil, CSVTable())
        if !context.isResumed { firstEpoch = 0 }
        guard context.isRankZero else { return }
        try DurableFile.makeWritableFolder(DurableFile.split(path).folder)
        guard append || context.isResumed, FileManager.default.fileExists(atPath: path) else { return }
        former = try read()
        if context.isResumed {
            former.rows.removeAll { CSVLogger.epoch($0) >= firstEpoch + context.epoch }
        } else {
            firstEpoch = (former.rows.map(CSVLogger.epoch).max() ?? -1) + 1
        }
    }

    public func epochEnd(_ context: TrainingContext) throws {
        guard context.isRankZero else { return }
        var table = former
        let known = columns ?? former.columns
        let added = context.metrics.keys.filter { !known.contains($0) }.sorted()
        let isNew = columns == nil || !added.isEmpty
        if columns != nil && isNew { table = try read() }
        table.columns = (known.isEmpty ? ["epoch"] : known) + added
        let row = table.columns.map { column in
            column == "epoch"
                ? "\(firstEpoch + context.epoch)" : context.metrics[column].map { $0.isNaN ? "nan" : "\($0)" } ?? ""
        }
        if isNew {
            table.rows.append(row)
            try DurableFile.replace(path, Data(table.text.utf8))
        } else {
            try DurableFile.append(path, Data(CSVTable.line(row).utf8))
        }
        (columns, former) = (table.columns, CSVTable())
    }

    private func read() throws -> CSVTable {
        let table = try CSVTable(String(decoding: try DurableFile.read(path), as: UTF8.self), file: path)
        guard table.columns.isEmpty || table.columns.first == "epoch",
            table.rows.allSatisfy({ (0..<1 << 53).contains(Int($0[0]) ?? -1) })
        else {
            throw TrainingError(
                "\(name): \(path) is no log of epochs to go on with; choose another file, or move it away")
        }
        return table
    }

    private static func epoch(_ row: [String]) -> Int { Int(row[0]) ?? 0 }
}

/// A table as RFC 4180 describes it: a header, commas, quotes around what holds commas, quotes or line ends.
struct CSVTable {
    var columns: [String] = []
    /// Each may be shorter than the header.
    var rows: [[String]] = []

    init() {}

    /// Reads `text`, with either kind of line end. A last line that was cut is left out.
    ///
    /// - Throws: `TrainingError` naming the first line whose number of fields is not the header's.
    init(_ text: String, file: String) throws(TrainingError) {
        var records = CSVTable.records(text)
        guard !records.isEmpty else { return }
        columns = records.removeFirst()
        if let last = records.last, last.count < columns.count, !text.hasSuffix("\n"), !text.hasSuffix("\r\n") {
            records.removeLast()
        }
        for (index, record) in records.enumerated() where record.count != columns.count {
            throw TrainingError(
                "\(file): row \(index + 1) has \(record.count) fields, expected \(columns.count) as in its header")
        }
        rows = records
    }

    var text: String {
        ([columns] + rows.map { $0 + Array(repeating: "", count: columns.count - $0.count) }).map(CSVTable.line)
            .joined()
    }

    static func line(_ fields: [String]) -> String {
        fields.map { field in
            field.unicodeScalars.contains { ",\"\r\n".unicodeScalars.contains($0) }
                ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
        }.joined(separator: ",") + "\n"
    }

    private static func records(_ text: String) -> [[String]] {
        var (records, record, field) = ([[String]](), [String](), "")
        var (isQuoted, isEmpty) = (false, true)
        // By scalars: CR LF is one character.
        var rest = Substring(text).unicodeScalars
        if rest.first == "\u{feff}" { rest.removeFirst() }
        while let scalar = rest.popFirst() {
            if isQuoted {
                if scalar != "\"" {
                    field.unicodeScalars.append(scalar)
                } else if rest.first == "\"" {
                    field.unicodeScalars.append(rest.removeFirst())
                } else {
                    isQuoted = false
                }
                continue
            }
            switch scalar {
            case "\"" where field.isEmpty: (isQuoted, isEmpty) = (true, false)
            case ",":
                record.append(field)
                (field, isEmpty) = ("", false)
            case "\r" where rest.first == "\n": break
            case "\n":
                if !isEmpty { records.append(record + [field]) }
                (record, field, isEmpty) = ([], "", true)
            default:
                field.unicodeScalars.append(scalar)
                isEmpty = false
            }
        }
        if !isEmpty { records.append(record + [field]) }
        return records
    }
}
