// Columns of text that line up: the profile's table, and plan's.

/// As wide columns as the rows need, two spaces apart.
package struct TextTable {
    private let widths: [Int]
    private let leftColumns: Int

    /// - Parameters:
    ///   - rows: all that will be printed, each of as many cells.
    ///   - leftColumns: how many of the first columns are flush left; the others, numbers mostly, are flush right.
    package init(_ rows: [[String]], leftColumns: Int = 0) {
        widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        self.leftColumns = leftColumns
    }

    /// A row, without a line end.
    package func line(_ cells: [String]) -> String {
        zip(cells, widths).enumerated().map { column, pair in
            let space = String(repeating: " ", count: pair.1 - pair.0.count)
            return column < leftColumns ? pair.0 + space : space + pair.0
        }.joined(separator: "  ")
    }

    /// A line below or above rows.
    package var rule: String { line(widths.map { String(repeating: "-", count: $0) }) }
}
