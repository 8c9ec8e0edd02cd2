// A column of texts in a table: `--text-column`.

extension LabelledTexts {
    /// Reads a table, of which one column holds the texts. An empty field is an empty text; what would stand for a missing
    /// value elsewhere, such as NA, is a text. Rows without a target are no samples.
    ///
    /// - Parameters:
    ///   - column: the texts' column, by its name, its number from 1, or `last`.
    ///   - options: the target, and the weight if there is one.
    /// - Throws: `DatasetError` as `Table.read`, and for columns that are not there.
    public static func read(
        table paths: [String], column: String, options: TableOptions, format: TableFormat = TableFormat()
    ) throws(DatasetError) -> LabelledTexts {
        var kinds = options.kinds
        kinds[column] = .verbatim
        let table = try Table.read(paths, format: format, kinds: kinds)
        let roles = try TableRoles(table, options)
        let name = try table.name(of: column)
        guard roles.inputs.contains(where: { $0.name == name }) else {
            throw DatasetError("column '\(name)' of \(table.name) is given as the text and has another role too")
        }
        var options = options
        options.weight = roles.weight?.name
        let unused = roles.inputs.map(\.name).filter { $0 != name }
        let rows = table.rows(having: roles.targets)
        var notes: [String] = []
        if !unused.isEmpty {
            let list = unused.prefix(10).map { "'\($0)'" }.joined(separator: ", ") + (unused.count > 10 ? ", ..." : "")
            notes.append("the text in column '\(name)' is the only input; not used: \(list)")
        }
        if rows.count < table.rowCount {
            notes.append("\(table.rowCount - rows.count) rows without a target are left out")
        }
        return LabelledTexts(
            name: table.name, texts: try table.verbatimTexts(of: name), rows: rows, targets: roles.targets,
            options: options,
            weights: try roles.weight.map { (weight) throws(DatasetError) in
                try table.weights(weight.name, rows: rows.map { Int32($0) })
            } ?? [], column: name, notes: notes, table: table)
    }

    /// Reads a later table for a preparation.
    ///
    /// - Parameter needsTarget: whether rows are samples only with a target, which then must be there.
    /// - Throws: `DatasetError` naming a column that it lacks.
    package static func read(
        table paths: [String], _ preparation: TextPreparation, needsTarget: Bool, format: TableFormat
    ) throws(DatasetError) -> LabelledTexts {
        guard let column = preparation.column else {
            throw DatasetError("\(paths.first ?? "") is a table, but lines were trained on; give texts, one a line")
        }
        var kinds = preparation.targetKinds
        kinds[column] = .verbatim
        let table = try Table.read(paths, format: format, kinds: kinds)
        let weight = preparation.options.weight
        let needed = [column] + (needsTarget ? preparation.target.columns + [weight].compactMap { $0 } : [])
        if let absent = needed.first(where: { table.column($0) == nil }) {
            throw DatasetError(
                "\(table.name) lacks the column '\(absent)' of the table that was trained on; it has \(table.columnList)"
            )
        }
        let hasTarget = preparation.target.columns.allSatisfy { table.column($0) != nil }
        let targets = try hasTarget ? preparation.target.read(from: table) : []
        let rows = needsTarget ? table.rows(having: targets) : Array(0..<table.rowCount)
        var weights: [Float] = []
        if let weight, table.column(weight) != nil {
            weights = try table.weights(weight, rows: rows.map { Int32($0) })
        }
        return LabelledTexts(
            name: table.name, texts: try table.verbatimTexts(of: column), rows: rows, targets: targets,
            weights: weights,
            column: column, table: table)
    }
}

extension Table {
    /// A column's fields as they stand in the file, the empty text where there is none.
    func verbatimTexts(of name: String) throws(DatasetError) -> [String] {
        guard case .texts(let codes, let names) = try verbatim(name).values else { return [] }
        return codes.map { $0 < 0 ? "" : names[Int($0)] }
    }
}
