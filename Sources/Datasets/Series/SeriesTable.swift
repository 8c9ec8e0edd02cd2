// A table's rows as series: which columns are what, the rows in order of time, and what a person should know of them.
// SeriesDataset makes windows of it.

/// One series or several, one after the other, each in order of time.
package struct SeriesTable: Sendable {
    package let table: Table
    package let options: SeriesOptions
    /// The names of the inputs that are numbers, in the table's order.
    package let columns: [String]
    /// The targets' names, as they were asked for; each is among the columns.
    package let targets: [String]
    package let timeName: String?
    package let groupName: String?
    /// The rows of each series, and what it is called ("" without a group column).
    package let series: [(name: String, rows: Range<Int>)]
    /// By column, then row; nothing is missing.
    package let values: [[Float]]
    /// The inputs that are text, in the table's order, with their rows' codes in order of time.
    let texts: [TableColumn]
    /// By row; empty without a time column.
    package let times: [SeriesTime]
    /// nil without times, or where no series has two rows.
    package let clock: SeriesClock?
    package let rowCount: Int
    /// What was found, in sentences.
    package let notes: [String]
    /// The table's row of each row.
    private let order: [Int]

    /// - Throws: `DatasetError` for columns that are not there, targets that are no numbers, texts of more categories than the
    ///   options allow, times that can't be read, are in no order or come twice, and numbers that are missing where these are
    ///   refused; naming the line.
    package init(_ table: Table, _ options: SeriesOptions) throws(DatasetError) {
        guard options.window >= 1, options.horizon >= 1, options.season.map({ $0 >= 1 }) != false else {
            throw DatasetError(
                "a window of \(options.window) rows, a horizon of \(options.horizon) and a season of "
                    + "\(options.season.map(String.init) ?? "no") rows: expected 1 or more of each")
        }
        let roles = try SeriesRoles(table, options)
        var notes: [String] = []
        var ordered = try OrderedRows(table, time: roles.time, group: roles.group)
        notes += ordered.notes
        let clock = SeriesClock(ordered.times)
        notes += ordered.summary(clock, options.season ?? clock?.season)
        let order = ordered.takeRows()
        var values: [[Float]] = []
        for name in roles.columns {
            guard case .numbers(let numbers) = try table.numbers(of: name).values else { continue }
            var column = order.map { numbers[$0] }
            let filled = try SeriesTable.fill(&column, ordered.series.map(\.rows), options.missingSteps) {
                (row) throws(DatasetError) in
                throw DatasetError(
                    "\(table.placeText(ofRow: order[row])): column '\(name)' has no value"
                        + (options.missingSteps == .refuse
                            ? "; fill it in, or take that of the row before (`missingSteps` previous)"
                            : ", and none stands before it; leave the first rows out"))
            }
            if filled > 0 { notes.append("column '\(name)': \(filled) missing values are those of the row before") }
            values.append(column)
        }
        texts = roles.texts.map { $0.rows(order) }
        notes += roles.texts.map { SeriesRoles.note($0.name, $0.names.count) }
        (self.table, self.options, self.values, self.clock) = (table, options, values, clock)
        (columns, targets) = (roles.columns, roles.targets)
        (timeName, groupName) = (roles.time, roles.group)
        (series, times) = (ordered.series, Array(ordered.times.joined()))
        (rowCount, self.order, self.notes) = (order.count, order, notes)
    }

    /// Puts the value before into missing places.
    ///
    /// - Returns: how many.
    private static func fill(
        _ column: inout [Float], _ series: [Range<Int>], _ policy: SeriesOptions.MissingSteps,
        _ refuse: (_ row: Int) throws(DatasetError) -> Void
    ) throws(DatasetError) -> Int {
        var count = 0
        for rows in series {
            for row in rows where column[row].isNaN {
                if policy == .refuse || row == rows.lowerBound { try refuse(row) }
                column[row] = column[row - 1]
                count += 1
            }
        }
        return count
    }

    /// Where a row is, for messages.
    package func place(ofRow row: Int) -> String { table.placeText(ofRow: order[row]) }

    /// The rows between two steps, `1949-01` or a number from 1, for messages.
    func text(ofRow row: Int) -> String { times.isEmpty ? "row \(row + 1)" : times[row].text }
}
