// The files of one table while they are read: the names of the columns, and both passes. Table is the caller.

/// Files with the same columns.
struct OpenedTable {
    /// A file of separators alone would else ask for more memory than it has bytes, many times over.
    static let columnLimit = 1_000_000

    private let files: [TableFile]
    private let syntax: TableSyntax
    private let names: [String]
    /// Of each file, at the first row below the header.
    private let starts: [TableScanner]

    /// - Throws: `DatasetError` for a file without rows, for headers that differ, and for two columns of one name.
    init(_ files: [TableFile], _ syntax: TableSyntax) throws(DatasetError) {
        self.files = files
        self.syntax = syntax
        var names: [String]?
        var starts: [TableScanner] = []
        for file in files {
            var scanner = file.scanner(syntax)
            guard scanner.here < scanner.end else {
                throw DatasetError("\(file.path) is empty: expected a table with at least one row")
            }
            let found = try OpenedTable.names(&scanner, of: file, syntax)
            if let names, names != found { throw OpenedTable.differing(file, found, from: files[0], names) }
            names = found
            guard scanner.here < scanner.end else {
                throw DatasetError("\(file.path) has a header and no rows: expected at least one row below it")
            }
            starts.append(scanner)
        }
        self.names = names ?? []
        self.starts = starts
    }

    /// All columns but those to be ignored.
    func read(_ kinds: [String: TableColumn.Kind]) throws(DatasetError) -> (columns: [TableColumn], rowCount: Int) {
        let kinds = names.map { kinds[$0] }
        var numbers = NumberPass(names: names, kinds: kinds, decimal: syntax.decimal)
        for (index, start) in starts.enumerated() {
            do throws(TableFault) { try numbers.read(start, file: index) } catch { throw files[index].error(error) }
        }
        do throws(InFile<TableFault>) { try numbers.checkInfinite() } catch {
            throw files[error.file].error(error.error)
        }
        let isText = names.indices.map { kinds[$0] != .ignore && !numbers.isNumeric($0) }
        var texts = TextPass(
            isText: isText, isVerbatim: kinds.map { $0 == .verbatim }, rowCount: numbers.rowCount)
        for (index, start) in starts.enumerated() {
            do throws(TableFault) { try texts.read(start) } catch { throw files[index].error(error) }
        }
        var columns: [TableColumn] = []
        for (index, name) in names.enumerated() where kinds[index] != .ignore {
            if isText[index] {
                let (codes, names, missing) = texts.takeTexts(index)
                columns.append(
                    TableColumn(name: name, values: .texts(codes: codes, names: names), missingCount: missing))
            } else {
                let missing = numbers.missingCount(index)
                columns.append(
                    TableColumn(name: name, values: .numbers(numbers.takeNumbers(index)), missingCount: missing))
            }
        }
        return (columns, numbers.rowCount)
    }

    /// The names in the header, behind which the scanner then is, or made for the fields of the first row.
    private static func names(
        _ scanner: inout TableScanner, of file: TableFile, _ syntax: TableSyntax
    ) throws(DatasetError) -> [String] {
        let header = scanner.here
        var row = scanner
        var names: [String] = []
        do throws(TableFault) {
            repeat {
                let field = try row.field()
                let isNamed = syntax.hasHeader && field.count > 0
                names.append(isNamed ? field.text : "column \(names.count + 1)")
                guard names.count <= columnLimit else {
                    throw TableFault(at: header, "more than \(columnLimit) columns; is the separator right?")
                }
            } while row.nextField()
        } catch {
            throw file.error(error)
        }
        guard syntax.hasHeader else { return names }
        var columns: [String: Int] = [:]
        for (index, name) in names.enumerated() {
            if let other = columns.updateValue(index, forKey: name) {
                throw file.error(
                    TableFault(
                        at: header, "columns \(other + 1) and \(index + 1) are both named '\(name)'; rename one of them"
                    ))
            }
        }
        _ = row.nextRow()
        scanner = row
        return names
    }

    private static func differing(
        _ file: TableFile, _ found: [String], from first: TableFile, _ names: [String]
    ) -> DatasetError {
        guard found.count == names.count, let column = found.indices.first(where: { found[$0] != names[$0] }) else {
            return DatasetError(
                "\(file.path) has \(found.count) columns, expected \(names.count) as in \(first.path); give files "
                    + "with the same columns and the same separator")
        }
        return DatasetError(
            "column \(column + 1) of \(file.path) is '\(found[column])', expected '\(names[column])' as in "
                + "\(first.path); give files with the same header")
    }
}
