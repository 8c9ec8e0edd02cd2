// Finds the few cells that make a column of numbers one of text: most often a slip, such as a unit or a note among numbers.
// TablePreparation tells of them.

extension Table {
    /// Of so many known cells at least one may be no number.
    static let cellsForEachStray = 10

    /// What is said of a column of text in which at most a tenth of the known cells are no numbers: the first of them, and
    /// where it is. nil for other columns.
    func strayCell(in column: TableColumn) -> String? {
        guard case .texts(let codes, let names) = column.values else { return nil }
        let isNumber = names.map(isNumber)
        let known = codes.count - column.missingCount
        let strayCount = codes.count { $0 >= 0 && !isNumber[Int($0)] }
        guard strayCount > 0, strayCount * Table.cellsForEachStray <= known,
            let row = codes.firstIndex(where: { $0 >= 0 && !isNumber[Int($0)] })
        else { return nil }
        return
            "\(placeText(ofRow: row)): column '\(column.name)' holds '\(column.text(row))', though nearly all of it is "
            + "numbers"
    }

    private func isNumber(_ text: String) -> Bool {
        var text = text
        let decimal = format.decimal?.asciiValue ?? UInt8(ascii: ".")
        return text.withUTF8 { bytes in
            guard let start = bytes.baseAddress else { return false }
            return TableField(start: start, count: bytes.count, isQuoted: false, hasDoubledQuotes: false)
                .number(decimal: decimal) != nil
        }
    }
}
