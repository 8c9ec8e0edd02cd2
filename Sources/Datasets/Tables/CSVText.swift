// Writes rows of CSV, for the command's predictions and whoever else writes a table.

/// Rows as RFC 4180 writes them.
package enum CSVText {
    /// Fields with commas between them, and without a line end. Quoted are those that hold a comma, a quote or a line
    /// end, or begin or end with a blank, and the one empty field of a row, which would be a blank line.
    package static func line(_ fields: [String]) -> String {
        if fields == [""] { return "\"\"" }
        return fields.map(quoted).joined(separator: ",")
    }

    private static func quoted(_ field: String) -> String {
        let bytes = field.utf8
        let isPlain =
            !bytes.contains { ",\"\n\r".utf8.contains($0) } && bytes.first.map(isBlank) != true
            && bytes.last.map(isBlank) != true
        if isPlain { return field }
        // By scalars: a quote with an accent on it is another Character.
        var text = "\"".unicodeScalars
        for scalar in field.unicodeScalars { text.append(contentsOf: scalar == "\"" ? [scalar, scalar] : [scalar]) }
        return String(text) + "\""
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
