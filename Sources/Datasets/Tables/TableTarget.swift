// What a table's target is: classes with their names, or values with their scale. TablePreparation has one, TableDataset
// encodes by it.

import Tensors

/// The target of a prepared table.
package enum TableTarget: Sendable, Hashable, Codable {
    /// Classes in order: texts by their UTF-8 bytes, numbers (`isNumeric`) by their value, as texts such as `3`.
    case classes(column: String, names: [String], isNumeric: Bool)
    /// Numbers of these columns, which are (value - mean) / deviation in the data set.
    case values(columns: [String], scale: TargetScale)

    package var columns: [String] {
        switch self {
        case .classes(let column, _, _): [column]
        case .values(let columns, _): columns
        }
    }

    /// nil for classes.
    package var scale: TargetScale? { if case .values(_, let scale) = self { scale } else { nil } }

    /// As the data set declares it: `[]` for one column.
    var field: Field {
        switch self {
        case .classes(let column, let names, _):
            Field(column, shape: [], kind: .classes(names.count), classNames: names)
        case .values(let columns, let scale):
            Field(
                columns.joined(separator: ", "), shape: columns.count == 1 ? [] : [columns.count], kind: .numbers,
                scale: scale)
        }
    }
}

/// How scaled targets become values in the target's own unit: value = scaled * deviation + mean.
package struct TargetScale: Sendable, Hashable, Codable {
    /// One for each number of a sample's target.
    package let means: [Double]
    package let deviations: [Double]

    package init(means: [Double], deviations: [Double]) { (self.means, self.deviations) = (means, deviations) }

    /// A prediction of the `index`-th number in its own unit.
    package func value(of scaled: Float, index: Int = 0) -> Float {
        Float(Double(scaled) * deviations[index] + means[index])
    }

    /// Predictions or targets `[..., numbers]` in their own unit.
    package func values(_ scaled: Tensor) -> Tensor {
        let result = Tensor.zeros(scaled.shape)
        for index in 0..<scaled.count {
            result.pointer[index] = value(of: scaled.pointer[index], index: index % means.count)
        }
        return result
    }

    /// A value as the data set holds it.
    package func scaled(_ value: Float, index: Int = 0) -> Float {
        Float((Double(value) - means[index]) / deviations[index])
    }
}

extension TableTarget {
    /// Whole numbers are classes up to so many, with so many rows each on average.
    private static let mostNumericClasses = 20
    private static let rowsForEachClass = 10

    /// Finds classes among all rows of the table, means and deviations by `rows`.
    ///
    /// - Throws: `DatasetError` for one class or none, and for no row that has the target.
    static func fit(_ table: Table, _ roles: TableRoles, _ options: TableOptions, rows: [Int]) throws(DatasetError)
        -> Self
    {
        let column = roles.targets[0]
        guard !rows.isEmpty else {
            throw DatasetError("no row of \(table.name) has a value of its target '\(column.name)'; expected some")
        }
        guard roles.targets.count == 1, options.task != .values, let classes = classes(column, options.task) else {
            return .values(
                columns: roles.targets.map(\.name), scale: try scale(of: roles.targets, options, rows, table.name))
        }
        if options.task == nil, let stray = table.strayCell(in: column) {
            throw DatasetError(
                "\(stray); correct it or leave it empty, or say that the target is of classes")
        }
        guard classes.count > 1 else {
            throw DatasetError(
                "the target '\(column.name)' of \(table.name) is '\(classes.first ?? "")' in every row; expected two "
                    + "classes or more")
        }
        if case .numbers = column.values { return .classes(column: column.name, names: classes, isNumeric: true) }
        return .classes(column: column.name, names: classes, isNumeric: false)
    }

    /// The names of a column's classes, nil if it is one of values.
    private static func classes(_ column: TableColumn, _ task: TableOptions.Task?) -> [String]? {
        switch column.values {
        case .texts(_, let names):
            var seen: Set<String> = []
            return names.filter { seen.insert($0).inserted }
        case .numbers(let numbers):
            var distinct: Set<Float> = []
            var knownCount = 0
            for number in numbers where !number.isNaN {
                knownCount += 1
                if distinct.insert(number).inserted, task == nil,
                    distinct.count > mostNumericClasses || number != number.rounded()
                {
                    return nil
                }
            }
            let isOften = distinct.count == 2 || distinct.count * rowsForEachClass <= knownCount
            return task == .classes || isOften ? distinct.sorted().map(className) : nil
        }
    }

    /// A number as the name of a class: whole ones without a point.
    static func className(_ number: Float) -> String {
        number == number.rounded() && abs(number) < 0x1p24 ? "\(Int(number))" : "\(number)"
    }

    private static func scale(
        of columns: [TableColumn], _ options: TableOptions, _ rows: [Int], _ name: String
    ) throws(DatasetError) -> TargetScale {
        var (means, deviations): ([Double], [Double]) = ([], [])
        for column in columns {
            guard case .numbers(let numbers) = column.values else {
                throw DatasetError("the target '\(column.name)' of \(name) is no column of numbers")
            }
            let statistics = ColumnStatistics(numbers, rows: rows)
            means.append(options.scalesTarget ? statistics.mean : 0)
            deviations.append(options.scalesTarget && statistics.deviation > 0 ? statistics.deviation : 1)
        }
        return TargetScale(means: means, deviations: deviations)
    }
}
