// The second pass over a table: reads the columns that hold text. OpenedTable calls it after NumberPass has told which.

/// The codes of the text columns of all files, row by row.
struct TextPass {
    private var columns: [TextColumn?]
    private var row = 0

    /// - Parameters:
    ///   - isText: for each column of the file, whether it is read.
    ///   - isVerbatim: whether only an empty field is missing.
    init(isText: [Bool], isVerbatim: [Bool], rowCount: Int) {
        columns = zip(isText, isVerbatim).map { $0 ? TextColumn(rowCount: rowCount, isVerbatim: $1) : nil }
    }

    /// Adds the rows of a file that NumberPass has read, from the scanner's place on.
    mutating func read(_ start: TableScanner) throws(TableFault) {
        guard columns.contains(where: { $0 != nil }) else { return }
        let first = row
        row = try columns.withUnsafeMutableBufferPointer { columns throws(TableFault) in
            try TextPass.read(start, into: columns, from: first)
        }
    }

    /// Returns the number behind the last row.
    private static func read(
        _ start: TableScanner, into columns: UnsafeMutableBufferPointer<TextColumn?>, from first: Int
    ) throws(TableFault) -> Int {
        var scanner = start
        var row = first
        while scanner.here < scanner.end {
            for index in columns.indices {
                let field = try scanner.field()
                try columns[index]?.add(field, row: row)
                _ = scanner.nextField()
            }
            row += 1
            _ = scanner.nextRow()
        }
        return row
    }

    /// Hands over a column: the codes, -1 where nothing is known, and the names that they number, sorted.
    mutating func takeTexts(_ index: Int) -> (codes: [Int32], names: [String], missingCount: Int) {
        guard var column = columns[index] else { preconditionFailure("column \(index) is none of text") }
        columns[index] = nil
        return column.take()
    }
}

private struct TextColumn {
    private var codes: [Int32]
    private var missingCount = 0
    private var pool = TextPool()
    private let isVerbatim: Bool

    init(rowCount: Int, isVerbatim: Bool) {
        codes = Array(repeating: -1, count: rowCount)
        self.isVerbatim = isVerbatim
    }

    mutating func add(_ field: TableField, row: Int) throws(TableFault) {
        if isVerbatim ? field.count == 0 : field.isMissing {
            missingCount += 1
            return
        }
        guard field.count <= Int32.max else { throw TableFault(at: field.start, "this field is longer than 2 GiB") }
        codes[row] = pool.code(of: field)
    }

    mutating func take() -> (codes: [Int32], names: [String], missingCount: Int) {
        let (names, ranks) = pool.sortedNames()
        for row in codes.indices where codes[row] >= 0 { codes[row] = ranks[Int(codes[row])] }
        return (codes, names, missingCount)
    }
}
