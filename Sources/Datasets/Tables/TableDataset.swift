// The rows of a table as samples. The command makes one of `csv:FILE`, a program of its own table.

import Autograd
import Tensors

/// A table with what its columns become. Samples are encoded when they are read; nothing but the columns is in memory.
///
/// Splits fit the preparation anew: `let data = try set.fitted(on: parts.train)`, then `Subset(data, parts.train)` and
/// `Subset(data, parts.validation)`.
public struct TableDataset: Dataset {
    package let table: Table
    package let preparation: TablePreparation
    /// How many rows of the table are no samples because their target is missing.
    package let droppedCount: Int
    /// Whether the table has the target; 0 stands for each where it has not.
    package let hasTarget: Bool
    public let name: String
    public let count: Int
    public let input: Field
    public let target: Field
    /// The rows that are samples, nil for all.
    private let rows: [Int32]?
    private let encoder: TableEncoder
    private let targets: EncodedTarget
    /// By row; empty for 1.
    private let weights: [Float]

    /// Of a table to train on, prepared by all its rows that have a target.
    ///
    /// - Throws: `DatasetError` for columns that are not there, and for values that can't be used, naming their line.
    public init(_ table: Table, _ options: TableOptions) throws(DatasetError) {
        try self.init(table, TablePreparation.fit(table, options))
    }

    /// Of a table prepared as another was.
    ///
    /// - Parameter needsTarget: whether rows are samples only with a target. Without, as for predicting, the table may lack the
    ///   target's and the weight's column.
    /// - Throws: `DatasetError` naming the columns that it lacks, or the line of a value that can't be used.
    package init(_ table: Table, _ preparation: TablePreparation, needsTarget: Bool = true) throws(DatasetError) {
        let needed =
            preparation.inputs.map(\.name)
            + (needsTarget ? preparation.target.columns + [preparation.weight].compactMap { $0 } : [])
        let absent = needed.filter { table.column($0) == nil }
        guard absent.isEmpty else {
            throw DatasetError(
                "\(table.name) lacks \(absent.count == 1 ? "the column" : "the columns") "
                    + absent.map { "'\($0)'" }.joined(separator: ", ") + " of the table that was trained on; it has "
                    + table.columnList)
        }
        hasTarget = preparation.target.columns.allSatisfy { table.column($0) != nil }
        let columns = try hasTarget ? preparation.target.read(from: table) : []
        let isWhole = !needsTarget || columns.allSatisfy { $0.missingCount == 0 }
        let rows = isWhole ? nil : table.rows(having: columns).map { Int32($0) }
        guard rows?.isEmpty != true else {
            throw DatasetError(
                "no row of \(table.name) has a value of its target '\(preparation.target.columns.joined(separator: ", "))'; "
                    + "expected some")
        }
        if let weight = preparation.weight, table.column(weight) != nil {
            weights = try table.weights(weight, rows: rows)
        } else {
            weights = []
        }
        targets = try EncodedTarget(
            columns, preparation.target, isRequired: needsTarget, place: table.placeText(ofRow:))
        encoder = try TableEncoder(table, preparation, rows: rows)
        (self.table, self.preparation, self.rows) = (table, preparation, rows)
        (name, count) = (table.name, rows?.count ?? table.rowCount)
        droppedCount = table.rowCount - count
        input = Field("columns", shape: [preparation.width], kind: .numbers)
        target = preparation.target.field
    }

    /// The rows of another table, prepared as these are.
    ///
    /// - Parameter needsTarget: as above.
    /// - Throws: as above.
    public func prepared(_ table: Table, needsTarget: Bool = true) throws(DatasetError) -> TableDataset {
        try TableDataset(table, preparation, needsTarget: needsTarget)
    }

    /// The same samples, prepared by some of them: the training part.
    ///
    /// - Throws: `DatasetError` for a number that no sample has, and as `TablePreparation.fit`.
    public func fitted(on numbers: [Int]) throws(DatasetError) -> TableDataset {
        try check(numbers[...])
        return try TableDataset(
            table, TablePreparation.fit(table, preparation.options, rows: numbers.map(row)))
    }

    /// The table's row of a sample, from 0.
    package func row(of sample: Int) -> Int { rows.map { Int($0[sample]) } ?? sample }

    /// The file and line of a sample, for messages.
    package func place(of sample: Int) -> String { table.placeText(ofRow: row(of: sample)) }

    /// For each sample the number of its group, as `Split.group` takes them; a row without one is a group of its own. nil
    /// where no column is given as the group.
    ///
    /// - Throws: `DatasetError` where the table has no such column.
    package func groups() throws(DatasetError) -> [Int]? {
        guard let reference = preparation.options.group else { return nil }
        let column = table.column(try table.name(of: reference))
        let samples = 0..<count
        switch column?.values {
        case .texts(let codes, let names):
            return samples.map { codes[row(of: $0)] < 0 ? names.count + $0 : Int(codes[row(of: $0)]) }
        case .numbers(let numbers):
            let distinct = Set(numbers.filter { !$0.isNaN }).sorted()
            let places = Dictionary(uniqueKeysWithValues: zip(distinct, distinct.indices))
            return samples.map { places[numbers[row(of: $0)]] ?? distinct.count + $0 }
        case nil: return nil
        }
    }

    public var isWeighted: Bool { !weights.isEmpty }
    public func weight(of sample: Int) -> Float { weights.isEmpty ? 1 : weights[row(of: sample)] }
    public func classNumber(of sample: Int) -> Int? { targets.classNumber(row(of: sample)) }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        guard let x = inputs.baseAddress, let y = targets.baseAddress else { return }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: numbers.count) { wanted in
            for (place, number) in numbers.enumerated() { wanted[place] = row(of: number) }
            encoder.encode(UnsafeBufferPointer(wanted), to: x)
            self.targets.encode(UnsafeBufferPointer(wanted), to: y)
        }
    }

    /// By the columns and the preparation, without encoding samples.
    public var fingerprint: Fingerprint {
        var text = DataPreparation.json(preparation).withUnsafeBytes(Fingerprint.init(of:)).description
        text += encoder.hashes(rows, rowCount: table.rowCount) + targets.hashes(rows, rowCount: table.rowCount)
        if !weights.isEmpty { text += rowHash(rows, table.rowCount) { weights[$0].bitPattern } }
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}

extension Table {
    /// - Parameter rows: those whose weights matter, nil for all.
    func weights(_ name: String, rows: [Int32]?) throws(DatasetError) -> [Float] {
        guard case .numbers(let weights) = try numbers(of: name).values else { return [] }
        let isWrong = { (row: Int) in !(weights[row] >= 0) }
        let wrong =
            if let rows { rows.first { isWrong(Int($0)) }.map(Int.init) } else { weights.indices.first(where: isWrong) }
        guard let wrong else { return weights }
        throw DatasetError(
            "\(placeText(ofRow: wrong)): weight column '\(name)' "
                + (weights[wrong].isNaN ? "has no value" : "holds \(weights[wrong])")
                + "; expected a number, at least 0")
    }
}
