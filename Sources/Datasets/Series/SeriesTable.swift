// A table's rows as series: which columns are what, the rows in order of time, and what a person should know of them.
// SeriesDataset makes windows of it.

/// One series or several, one after the other, each in order of time.
package struct SeriesTable: Sendable {
    package let table: Table
    package let options: SeriesOptions
    /// The inputs' names, in the table's order.
    package let columns: [String]
    /// The targets' names, as they were asked for; each is among the columns.
    package let targets: [String]
    package let timeName: String?
    package let groupName: String?
    /// The rows of each series, and what it is called ("" without a group column).
    package let series: [(name: String, rows: Range<Int>)]
    /// By column, then row; nothing is missing.
    package let values: [[Float]]
    /// By row; empty without a time column.
    package let times: [SeriesTime]
    /// nil without times, or where no series has two rows.
    package let clock: SeriesClock?
    package let rowCount: Int
    /// What was found, in sentences.
    package let notes: [String]
    /// The table's row of each row.
    private let order: [Int]

    /// - Throws: `DatasetError` for columns that are not there or hold no numbers, times that can't be read, are in no order or
    ///   come twice, and numbers that are missing where these are refused; naming the line.
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

/// The columns of a series' table in their roles.
private struct SeriesRoles {
    let time: String?
    let group: String?
    let columns: [String]
    let targets: [String]

    init(_ table: Table, _ options: SeriesOptions) throws(DatasetError) {
        time = if let reference = options.time { try table.name(of: reference) } else { nil }
        group = if let reference = options.group { try table.name(of: reference) } else { nil }
        if let time, time == group {
            throw DatasetError("column '\(time)' of \(table.name) is given as time and as group; expected one")
        }
        var ignored: Set<String> = Set([time, group].compactMap { $0 })
        for reference in options.ignore { ignored.insert(try table.name(of: reference)) }
        let columns = table.columns.filter { !ignored.contains($0.name) }
        for column in columns {
            guard case .texts(let codes, _) = column.values else { continue }
            if let stray = table.strayCell(in: column) { throw DatasetError("\(stray); correct it, or leave it empty") }
            let row = codes.firstIndex { $0 >= 0 } ?? 0
            let looksLikeTime = time == nil && SeriesTime(column.text(row)) != nil
            throw DatasetError(
                "\(table.placeText(ofRow: row)): column '\(column.name)' holds '\(column.text(row))', and a series is of numbers; "
                    + (looksLikeTime
                        ? "name it as the column of times"
                        : "leave the column out (`ignore`), or name it as the group where it says which series a row is of")
            )
        }
        guard !columns.isEmpty else {
            throw DatasetError("\(table.name) has no column of numbers to forecast; it has \(table.columnList)")
        }
        self.columns = columns.map(\.name)
        if options.targets.isEmpty {
            guard columns.count == 1 else {
                throw DatasetError(
                    "\(table.name) has \(columns.count) columns of numbers: say which one to forecast, of "
                        + columns.prefix(20).map { "'\($0.name)'" }.joined(separator: ", "))
            }
            targets = [columns[0].name]
            return
        }
        var targets: [String] = []
        for reference in options.targets {
            let name = try table.name(of: reference)
            guard self.columns.contains(name) else {
                throw DatasetError(
                    "column '\(name)' of \(table.name) is to be forecast, and is given another role too; expected one")
            }
            guard !targets.contains(name) else {
                throw DatasetError("column '\(name)' of \(table.name) is to be forecast twice; expected it once")
            }
            targets.append(name)
        }
        self.targets = targets
    }
}
