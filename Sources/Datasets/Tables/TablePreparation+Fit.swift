// Fits a table's preparation on its training rows.

extension TablePreparation {
    /// - Parameters:
    ///   - rows: those to train on, each with a target; nil for all that have one. Only they decide on inputs and scales; the
    ///     classes are those of all rows.
    /// - Throws: `DatasetError` for columns that are not there, and for missing values where these are refused.
    package static func fit(
        _ table: Table, _ options: TableOptions, rows: [Int]? = nil
    ) throws(DatasetError) -> TablePreparation {
        let roles = try TableRoles(table, options)
        let rows = rows ?? table.rows(having: roles.targets)
        let target = try TableTarget.fit(table, roles, options, rows: rows)
        var inputs: [Input] = []
        var notes: [String] = []
        for column in roles.inputs {
            let isChosen = roles.chosenCategories.contains(column.name)
            if !isChosen, let stray = table.strayCell(in: column) {
                notes.append("\(stray); it is taken for categories unless that is corrected or left empty")
            }
            switch try encoding(of: column, table, options, rows, isChosen: isChosen) {
            case .encoded(let encoding): inputs.append(Input(name: column.name, encoding: encoding))
            case .leftOut(let reason): notes.append("column '\(column.name)' is left out: \(reason)")
            }
        }
        guard !inputs.isEmpty else {
            throw DatasetError("\(table.name) has no column that serves as an input: " + notes.joined(separator: "; "))
        }
        return TablePreparation(
            options: options, inputs: inputs, target: target, weight: roles.weight?.name, notes: notes)
    }

    private enum Finding {
        case encoded(Encoding)
        case leftOut(String)
    }

    private static func encoding(
        of column: TableColumn, _ table: Table, _ options: TableOptions, _ rows: [Int], isChosen: Bool
    ) throws(DatasetError) -> Finding {
        switch column.values {
        case .numbers(let values):
            if options.missingNumbers == .refuse, let row = rows.first(where: { values[$0].isNaN }) {
                throw table.missing(column.name, row: row)
            }
            let statistics = ColumnStatistics(values, rows: rows)
            guard !statistics.median.isNaN else { return .leftOut("no training row has a value of it") }
            return .encoded(number(statistics, options.scaling))
        case .texts(let codes, _):
            if options.missingCategories == .refuse, let row = rows.first(where: { codes[$0] < 0 }) {
                throw table.missing(column.name, row: row)
            }
            let (categories, counts, missingCount) = column.categories(in: rows)
            if categories.isEmpty { return .leftOut("no training row has a value of it") }
            if !isChosen, categories.count > max(options.oneHotLimit, 1), counts.allSatisfy({ $0 <= 1 }) {
                return .leftOut("each of its values names one row only; give it as categorical to use it nevertheless")
            }
            let hasMissing = missingCount > 0
            return .encoded(
                categories.count + (hasMissing ? 1 : 0) <= options.oneHotLimit
                    ? .oneHot(categories: categories, hasMissing: hasMissing)
                    : .index(categories: categories, hasMissing: hasMissing))
        }
    }

    private static func number(_ statistics: ColumnStatistics, _ scaling: TableOptions.Scaling) -> Encoding {
        let hasIndicator = statistics.missingCount > 0
        let (offset, scale) =
            switch scaling {
            case .standard: (statistics.mean, statistics.deviation)
            case .minMax: (statistics.minimum, statistics.maximum - statistics.minimum)
            case .none: (0, 1)
            }
        return .number(
            median: statistics.median, offset: offset, scale: scale > 0 ? scale : 1, hasIndicator: hasIndicator)
    }
}

extension Table {
    /// The rows in which none of these columns is missing, in order.
    func rows(having columns: [TableColumn]) -> [Int] {
        if columns.allSatisfy({ $0.missingCount == 0 }) { return Array(0..<rowCount) }
        return (0..<rowCount).filter { row in columns.allSatisfy { !$0.isMissing(row) } }
    }

    func missing(_ column: String, row: Int) -> DatasetError {
        DatasetError(
            "\(placeText(ofRow: row)): column '\(column)' has no value; fill it in, or allow missing values for such "
                + "columns")
    }
}

extension TableColumn {
    /// The texts that some rows hold, how often each name of the column is there, and how many rows have none.
    func categories(in rows: [Int]) -> (names: [String], counts: [Int], missingCount: Int) {
        guard case .texts(let codes, let names) = values else { return ([], [], 0) }
        var counts = [Int](repeating: 0, count: names.count)
        var missingCount = 0
        for row in rows { if codes[row] < 0 { missingCount += 1 } else { counts[Int(codes[row])] += 1 } }
        // Two texts that are different bytes but the same characters are one category.
        var seen: Set<String> = []
        let known = names.indices.filter { counts[$0] > 0 && seen.insert(names[$0]).inserted }.map { names[$0] }
        return (known, counts, missingCount)
    }

    func isMissing(_ row: Int) -> Bool {
        switch values {
        case .numbers(let numbers): numbers[row].isNaN
        case .texts(let codes, _): codes[row] < 0
        }
    }
}
