// Tables in text files, as spreadsheets, databases and pandas write them: what a table is, and how one is read.
// TableDataset makes samples of one. The passes over the file are in NumberPass and TextPass.

/// The columns of one or more text files (CSV, TSV; RFC 4180; plain or gzipped), in memory.
///
/// A column is one of numbers where all its fields are numbers or missing, and one of text otherwise. Missing is an
/// empty field, and without quotes also `?`, `NA`, `N/A`, `n/a`, `#N/A`, `<NA>`, `NaN`, `nan`, `-NaN`, `-nan`, `NULL`,
/// `null` and `None`.
public struct Table: Sendable {
    /// The file, for messages; of several the first and how many more.
    package let name: String
    /// At least 1.
    package let rowCount: Int
    /// In the order of the file, without those that were to be ignored.
    package let columns: [TableColumn]
    /// How the files are written: nothing of it is nil.
    package let format: TableFormat
    private let paths: [String]
    private let syntax: TableSyntax

    /// Reads files one after the other. With a header each begins with the same names. Without one, columns are named
    /// `column 1` and so on, as is one with an empty name.
    ///
    /// - Parameter format: what is known of it; the rest is found in the first file.
    /// - Throws: `DatasetError` naming file and line: for rows of different widths, quotes that are not closed, bytes
    ///   that are no UTF-8, no rows, two columns of one name, and an infinite number among finite ones.
    public static func read(
        _ paths: [String], format: TableFormat = TableFormat()
    ) throws(DatasetError) -> Table {
        try read(paths, format: format, kinds: [:])
    }

    /// - Parameter kinds: of columns, by name, that are not to be found. Names that the table lacks are no error.
    /// - Throws: as above, and for a field of a `.numeric` column that is no number.
    package static func read(
        _ paths: [String], format: TableFormat = TableFormat(), kinds: [String: TableColumn.Kind]
    ) throws(DatasetError) -> Table {
        try Table(paths, format, kinds)
    }

    private init(
        _ paths: [String], _ format: TableFormat, _ kinds: [String: TableColumn.Kind]
    ) throws(DatasetError) {
        guard let first = paths.first else { throw DatasetError("no file of a table was given; expected one or more") }
        try format.check()
        var files: [TableFile] = []
        for path in paths { files.append(try TableFile(path)) }
        let syntax = TableSample.syntax(of: files[0], knowing: format)
        let opened = try OpenedTable(files, syntax)
        (columns, rowCount) = try opened.read(kinds)
        self.paths = paths
        self.syntax = syntax
        self.format = syntax.format
        name = paths.count == 1 ? first : "\(first) and \(paths.count - 1) more"
    }
}

extension Table {
    /// The column of that name.
    package func column(_ name: String) -> TableColumn? { columns.first { $0.name == name } }

    /// A column's numbers, whatever it was taken for; NaN where one is missing.
    ///
    /// - Throws: `DatasetError` naming the line of the first field that is none, or the columns if none has the name.
    package func numbers(of name: String) throws(DatasetError) -> TableColumn {
        if let column = column(name), case .numbers = column.values { return column }
        return try again(name, as: .numeric)
    }

    /// A column's texts as they stand in the file, also of numbers.
    ///
    /// - Throws: `DatasetError` where the file can no longer be read, or no column has the name.
    package func texts(of name: String) throws(DatasetError) -> TableColumn {
        if let column = column(name), case .texts = column.values { return column }
        return try again(name, as: .text)
    }

    /// Where a row is, counted from 0, for messages: the files are read again. nil for no row of the table, or where they
    /// are no longer what they were.
    package func place(ofRow row: Int) -> (file: String, line: Int)? {
        guard (0..<rowCount).contains(row) else { return nil }
        var before = 0
        for path in paths {
            guard let file = try? TableFile(path) else { return nil }
            var scanner = file.scanner(syntax)
            var remaining = syntax.hasHeader ? row - before + 1 : row - before
            while scanner.here < scanner.end {
                if remaining == 0 { return (path, file.line(ofAddress: UInt(bitPattern: scanner.here))) }
                guard (try? scanner.countFields()) != nil else { return nil }
                remaining -= 1
                _ = scanner.nextRow()
            }
            before = row - remaining
        }
        return nil
    }

    /// A column's fields as texts: missing is the empty field alone.
    func verbatim(_ name: String) throws(DatasetError) -> TableColumn { try again(name, as: .verbatim) }

    private func again(_ name: String, as kind: TableColumn.Kind) throws(DatasetError) -> TableColumn {
        guard column(name) != nil else {
            throw DatasetError(
                "\(self.name) has no column '\(name)': it has \(columns.map { "'\($0.name)'" }.joined(separator: ", "))"
            )
        }
        var kinds = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, TableColumn.Kind.ignore) })
        kinds[name] = kind
        let table = try Table.read(paths, format: format, kinds: kinds)
        guard let column = table.column(name), table.rowCount == rowCount else {
            throw DatasetError("\(self.name) was changed while it was read")
        }
        return column
    }
}

/// One column of a table: its name and a value for each row.
package struct TableColumn: Sendable {
    /// What a column can be taken for.
    package enum Kind: String, Sendable, Codable {
        case numeric, text, ignore
        /// Text of which only an empty field is missing.
        case verbatim
    }

    /// The values of all rows.
    package enum Values: Sendable {
        /// NaN where one is missing. Each is the Double nearest to the text, as a Float, and none is infinite.
        case numbers([Float])
        /// For each row the index of its text in `names`, -1 where it is missing. `names` are sorted by their UTF-8
        /// bytes, in which they differ; two of them can be equal Strings, as ways to write the same accents.
        case texts(codes: [Int32], names: [String])
    }

    package let name: String
    package let values: Values
    /// How many rows have no value.
    package let missingCount: Int
}
