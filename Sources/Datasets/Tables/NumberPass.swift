// The first pass over a table: reads every column as numbers, as long as it is one. OpenedTable then has TextPass read
// the others. This loop decides how long a large table takes.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The numbers of all files, column by column.
struct NumberPass: ~Copyable {
    private var columns: [NumberColumn]
    private(set) var rowCount = 0
    private var capacity = 0
    private let names: [String]
    private let decimal: UInt8

    /// - Parameter kinds: of each column, nil for what is to be found.
    init(names: [String], kinds: [TableColumn.Kind?], decimal: UInt8) {
        self.names = names
        self.decimal = decimal
        columns = kinds.map { kind in
            NumberColumn(isOpen: kind == nil || kind == .numeric, mustBeNumeric: kind == .numeric)
        }
    }

    deinit { for column in columns { free(column.values) } }

    /// Adds the rows of a file from the scanner's place on. `file` is its number, for `checkInfinite`.
    mutating func read(_ start: TableScanner, file: Int) throws(TableFault) {
        var scanner = start
        while scanner.here < scanner.end {
            if rowCount == capacity { try grow(at: scanner.here) }
            let room = rowCount..<capacity
            let (names, decimal) = (names, decimal)
            rowCount = try columns.withUnsafeMutableBufferPointer { columns throws(TableFault) in
                try NumberPass.read(&scanner, into: columns, rows: room, names: names, decimal: decimal, file: file)
            }
        }
    }

    func isNumeric(_ column: Int) -> Bool { columns[column].isOpen }

    func missingCount(_ column: Int) -> Int { columns[column].missingCount }

    /// Hands over a numeric column, NaN where nothing is known. Only once, so that no two copies are alive.
    mutating func takeNumbers(_ column: Int) -> [Float] {
        let numbers = Array(UnsafeBufferPointer(start: columns[column].values, count: rowCount))
        columns[column].close()
        return numbers
    }

    /// An infinite number among others is a mistake; a column of nothing else is one of text.
    ///
    /// - Throws: the first of a column, with the number of its file.
    mutating func checkInfinite() throws(InFile<TableFault>) {
        for (index, column) in columns.enumerated() where column.isOpen && column.infiniteCount > 0 {
            guard column.infiniteCount + column.missingCount < rowCount || column.mustBeNumeric else {
                columns[index].close()
                continue
            }
            let problem =
                "column '\(names[index])' holds a number that is infinite or beyond 3.4e38, which no training can use; "
                + "correct it, or leave the field empty for a missing value"
            throw InFile(
                file: column.firstInfinite.file, error: TableFault(address: column.firstInfinite.address, problem))
        }
    }

    /// Twice the rows. Memory that is not written to yet is none, and `realloc` moves pages, not bytes.
    private mutating func grow(at place: UnsafePointer<UInt8>) throws(TableFault) {
        guard capacity < Int32.max / 2 else { throw TableFault(at: place, "a table of more than 2^30 rows") }
        capacity = max(4, 2 * capacity)
        for index in columns.indices where columns[index].isOpen {
            guard columns[index].grow(to: capacity) else {
                throw TableFault(at: place, "the rows up to here take all memory of this machine")
            }
        }
    }

    /// Reads rows until there is no room or the file ends; returns the number behind the last.
    private static func read(
        _ scanner: inout TableScanner, into columns: UnsafeMutableBufferPointer<NumberColumn>, rows: Range<Int>,
        names: [String], decimal: UInt8, file: Int
    ) throws(TableFault) -> Int {
        for row in rows {
            let start = scanner.here
            for index in columns.indices {
                guard index == 0 || scanner.nextField() else { throw scanner.wrongWidth(from: start, names.count) }
                guard let values = columns[index].values else {
                    _ = try scanner.field()
                    continue
                }
                scanner.skipBlanks()
                let number = DecimalNumber(at: scanner.here, end: scanner.end, decimal: decimal)
                var ahead = scanner
                ahead.here = number.stop
                ahead.skipBlanks()
                values[row] = Float(number.value)
                if number.stop != scanner.here, ahead.isDelimiter(at: ahead.here), values[row].isFinite {
                    scanner = ahead
                } else {
                    try columns[index].read(&scanner, row: row, name: names[index], decimal: decimal, file: file)
                }
            }
            guard !scanner.nextField() else { throw scanner.wrongWidth(from: start, names.count) }
            guard scanner.nextRow() else { return row + 1 }
        }
        return rows.upperBound
    }
}

/// A column as long as it may be one of numbers.
private struct NumberColumn {
    /// Of the C library; nil before the first row, and for a column that is none of numbers.
    private(set) var values: UnsafeMutablePointer<Float>?
    private(set) var isOpen: Bool
    private(set) var missingCount = 0
    private(set) var infiniteCount = 0
    private(set) var firstInfinite: (file: Int, address: UInt) = (0, 0)
    let mustBeNumeric: Bool

    init(isOpen: Bool, mustBeNumeric: Bool) { (self.isOpen, self.mustBeNumeric) = (isOpen, mustBeNumeric) }

    mutating func grow(to capacity: Int) -> Bool {
        guard let larger = realloc(values, capacity * MemoryLayout<Float>.stride) else { return false }
        values = larger.assumingMemoryBound(to: Float.self)
        return true
    }

    mutating func close() {
        free(values)
        values = nil
        isOpen = false
    }

    /// A field that is no plain number: missing, in quotes, infinite, or the one that makes this a column of text.
    @inline(never) mutating func read(
        _ scanner: inout TableScanner, row: Int, name: String, decimal: UInt8, file: Int
    ) throws(TableFault) {
        let field = try scanner.field()
        if field.isMissing {
            missingCount += 1
            values?[row] = .nan
        } else if let number = field.number(decimal: decimal) {
            values?[row] = number
            if number.isFinite { return }
            if infiniteCount == 0 { firstInfinite = (file, UInt(bitPattern: field.start)) }
            infiniteCount += 1
        } else if mustBeNumeric {
            throw TableFault(
                at: field.start, "column '\(name)' holds '\(field.excerpt)', expected a number, or nothing, ? or NA")
        } else {
            close()
        }
    }
}
