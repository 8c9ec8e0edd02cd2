// One line of DataSummary for a column of a table.

/// A column of a table over the rows to train on.
package struct ColumnSummary: Sendable, Codable {
    /// A category and how many rows have it.
    package struct Category: Sendable, Codable, Hashable {
        package var name: String
        package var count: Int
    }

    /// The categories that are listed, the commonest first.
    package static let listedCategories = 20

    package var name: String
    /// input, embedded, target, weight, group, left out
    package var role: String
    /// numbers, or text
    package var kind: String
    package var missingCount: Int
    /// Different values.
    package var distinctCount: Int
    /// Of the known numbers; nil for text. The mean is that of the known ones too.
    package var range: DataSummary.Range?
    package var median: Double?
    /// The commonest; empty for numbers.
    package var categories: [Category]
    package var warning: String?

    /// The columns of the table, in its order.
    static func columns(of data: TableDataset, rows: [Int]) -> [ColumnSummary] {
        let preparation = data.preparation
        let inputs = Dictionary(uniqueKeysWithValues: preparation.inputs.map { ($0.name, $0.encoding) })
        let group = preparation.options.group.flatMap { try? data.table.name(of: $0) }
        return data.table.columns.map { column in
            var summary: ColumnSummary
            let role: String
            if preparation.target.columns.contains(column.name) {
                role = "target"
            } else if let encoding = inputs[column.name] {
                role = encoding.embeddingSize == nil ? "input" : "embedded"
            } else {
                role = column.name == preparation.weight ? "weight" : column.name == group ? "group" : "left out"
            }
            switch column.values {
            case .numbers(let values): summary = ColumnSummary(numbers: rows.map { values[$0] }, column.name, role)
            case .texts(let codes, let names):
                summary = ColumnSummary(codes: rows.map { codes[$0] }, names, column.name, role)
            }
            summary.warning = summary.foundWarning(rowCount: rows.count)
            return summary
        }
    }

    private init(numbers: [Float], _ name: String, _ role: String) {
        let known = numbers.filter { !$0.isNaN }
        let statistics = ColumnStatistics(known)
        (self.name, self.role, kind) = (name, role, "numbers")
        missingCount = numbers.count - known.count
        distinctCount = Set(known).count
        if !known.isEmpty {
            range = DataSummary.Range(
                minimum: statistics.minimum, maximum: statistics.maximum, mean: statistics.mean)
            median = statistics.median
        }
        categories = []
        let looksLikeNumbering =
            known.count > 20 && distinctCount == numbers.count && known.allSatisfy { $0 == $0.rounded() }
        if looksLikeNumbering { kind = "whole numbers" }
    }

    private init(codes: [Int32], _ names: [String], _ name: String, _ role: String) {
        (self.name, self.role, kind) = (name, role, "text")
        var counts = [Int](repeating: 0, count: names.count)
        for code in codes where code >= 0 { counts[Int(code)] += 1 }
        missingCount = codes.count { $0 < 0 }
        let present = counts.indices.filter { counts[$0] > 0 }
        distinctCount = present.count
        categories = present.sorted { (-counts[$0], $0) < (-counts[$1], $1) }.prefix(ColumnSummary.listedCategories).map
        {
            Category(name: names[$0], count: counts[$0])
        }
    }

    private func foundWarning(rowCount: Int) -> String? {
        guard role == "input" || role == "embedded" || role == "target" else { return nil }
        if distinctCount == 1 && missingCount == 0 { return "column '\(name)' has the same value in every row" }
        if missingCount * 2 > rowCount {
            return "column '\(name)' has no value in \(missingCount) of \(rowCount) rows"
        }
        if kind == "whole numbers" && role == "input" {
            return
                "column '\(name)' has a number of its own in every row, like one that only names it; ignore it unless it "
                + "means something"
        }
        if kind == "text" && distinctCount > 20 && distinctCount * 2 > rowCount {
            return "column '\(name)' has \(distinctCount) categories in \(rowCount) rows, too few of each to learn from"
        }
        return nil
    }
}
