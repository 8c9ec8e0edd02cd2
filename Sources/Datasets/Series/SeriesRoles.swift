// Which columns of a series' table are what: times, series, numbers, categories, and what is forecast. SeriesTable asks.

/// The columns of a series' table in their roles.
struct SeriesRoles {
    let time: String?
    let group: String?
    /// Inputs that are numbers.
    let columns: [String]
    /// Inputs that are categories.
    let texts: [TableColumn]
    let targets: [String]

    init(_ table: Table, _ options: SeriesOptions) throws(DatasetError) {
        time = if let reference = options.time { try table.name(of: reference) } else { nil }
        group = if let reference = options.group { try table.name(of: reference) } else { nil }
        if let time, time == group {
            throw DatasetError("column '\(time)' of \(table.name) is given as time and as group; expected one")
        }
        var others = Set([time, group].compactMap { $0 })
        for reference in options.ignore { others.insert(try table.name(of: reference)) }
        var chosen: Set<String> = []
        for reference in options.categorical {
            let name = try table.name(of: reference)
            guard !others.contains(name) else {
                throw DatasetError(
                    "column '\(name)' of \(table.name) is given as categorical, and has another role too; expected one")
            }
            chosen.insert(name)
        }
        let inputs = table.columns.filter { !others.contains($0.name) }
        var (columns, texts): ([String], [TableColumn]) = ([], [])
        for column in inputs {
            if chosen.contains(column.name) {
                texts.append(try table.texts(of: column.name))
            } else if case .numbers = column.values {
                columns.append(column.name)
            } else if let stray = table.strayCell(in: column) {
                throw DatasetError("\(stray); correct it, leave it empty, or name the column as `categorical`")
            } else {
                texts.append(column)
            }
        }
        (self.columns, self.texts) = (columns, texts)
        targets = try SeriesRoles.targets(table, options, columns, texts)
        for column in texts { try SeriesRoles.check(column, of: table, options, hasTime: time != nil) }
    }

    /// - Throws: `DatasetError` for a column that is no input as it stands.
    private static func check(
        _ column: TableColumn, of table: Table, _ options: SeriesOptions, hasTime: Bool
    ) throws(DatasetError) {
        guard case .texts(let codes, let names) = column.values else { return }
        let row = codes.firstIndex { $0 >= 0 } ?? 0
        let place = place(column, table)
        if !hasTime, SeriesTime(column.text(row)) != nil, !options.categorical.contains(column.name) {
            throw DatasetError(
                "\(place); name it as the column of times (`SeriesOptions.time`), or leave it out (`ignore`)")
        }
        guard names.count > options.oneHotLimit else { return }
        throw DatasetError(
            "\(place), and \(names.count) different texts in all; a series takes up to \(options.oneHotLimit) categories of a "
                + "column as inputs. Leave it out (`ignore`), raise that limit (`oneHotLimit`), or name it as the column that "
                + "says which series a row is of (`SeriesOptions.group`)")
    }

    private static func targets(
        _ table: Table, _ options: SeriesOptions, _ columns: [String], _ texts: [TableColumn]
    ) throws(DatasetError) -> [String] {
        guard !columns.isEmpty else {
            throw DatasetError("\(table.name) has no column of numbers to forecast; it has \(table.columnList)")
        }
        if options.targets.isEmpty {
            guard columns.count == 1 else {
                throw DatasetError(
                    "\(table.name) has \(columns.count) columns of numbers: say which one to forecast (`target`), of "
                        + columns.prefix(20).map { "'\($0)'" }.joined(separator: ", "))
            }
            return columns
        }
        var targets: [String] = []
        for reference in options.targets {
            let name = try table.name(of: reference)
            if let text = texts.first(where: { $0.name == name }) {
                throw DatasetError(
                    "\(place(text, table)), and is to be forecast: expected numbers, with a point or comma before decimals "
                        + "and no other signs")
            }
            guard columns.contains(name) else {
                throw DatasetError(
                    "column '\(name)' of \(table.name) is to be forecast, and is given another role too; expected one")
            }
            guard !targets.contains(name) else {
                throw DatasetError("column '\(name)' of \(table.name) is to be forecast twice; expected it once")
            }
            targets.append(name)
        }
        return targets
    }

    /// Where a column of text holds its first one.
    private static func place(_ column: TableColumn, _ table: Table) -> String {
        let row = (0..<table.rowCount).first { !column.isMissing($0) } ?? 0
        return "\(table.placeText(ofRow: row)): column '\(column.name)' holds '\(column.text(row))'"
    }

    /// What is said of a column of text, since it may be meant otherwise.
    static func note(_ name: String, _ count: Int) -> String {
        "column '\(name)' holds text: its \(count) categories are an input each; `ignore` leaves it out, and `SeriesOptions.group` "
            + "takes it for the series that a row is of"
    }
}

extension TableColumn {
    /// The texts that there are; none of numbers.
    var names: [String] { if case .texts(_, let names) = values { names } else { [] } }

    /// The same with rows in another order.
    func rows(_ order: [Int]) -> TableColumn {
        switch values {
        case .numbers(let numbers):
            TableColumn(name: name, values: .numbers(order.map { numbers[$0] }), missingCount: missingCount)
        case .texts(let codes, let names):
            TableColumn(
                name: name, values: .texts(codes: order.map { codes[$0] }, names: names), missingCount: missingCount)
        }
    }
}
