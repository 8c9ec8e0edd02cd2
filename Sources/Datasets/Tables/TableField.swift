// One field of a table as TableScanner cuts it out: what it says.

/// A place in a table's bytes, without the quotes around it.
struct TableField {
    let start: UnsafePointer<UInt8>
    let count: Int
    let isQuoted: Bool
    let hasDoubledQuotes: Bool

    var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

    /// The text, each doubled quote once.
    var text: String {
        hasDoubledQuotes ? String(decoding: undoubledBytes, as: UTF8.self) : String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes, each doubled quote once.
    var undoubledBytes: [UInt8] {
        var result: [UInt8] = []
        var place = 0
        while place < count {
            result.append(bytes[place])
            place += bytes[place] == UInt8(ascii: "\"") ? 2 : 1
        }
        return result
    }

    /// The beginning of the text, on one line, for messages.
    var excerpt: String {
        let beginning = String(decoding: bytes.prefix(200), as: UTF8.self)
        let line = String(String.UnicodeScalarView(beginning.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
        return line.count > 40 ? line.prefix(40) + "..." : line
    }

    /// What stands for no value. In quotes only the empty text does: whoever quotes "NA" means the text.
    static let missingWords = [
        "", "?", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "-NaN", "-nan", "NULL", "null", "None",
    ]

    private static let missingKeys = missingWords.map { $0.utf8.reduce(0) { $0 << 8 | UInt32($1) } }

    var isMissing: Bool {
        if count == 0 { return true }
        guard !isQuoted, count <= 4 else { return false }
        switch start.pointee {
        case UInt8(ascii: "?"), UInt8(ascii: "N"), UInt8(ascii: "n"), UInt8(ascii: "#"), UInt8(ascii: "<"),
            UInt8(ascii: "-"):
            return TableField.missingKeys.contains(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        default: return false
        }
    }

    /// The number that the whole field is; infinite for one that no Float holds, and for `inf` and `infinity`.
    func number(decimal: UInt8) -> Float? {
        guard count > 0 else { return nil }
        let end = start + count
        let number = DecimalNumber.read(at: start, end: end, decimal: decimal)
        if number.stop == end { return Float(number.value) }
        guard count <= 9 else { return nil }
        let word = String(decoding: bytes, as: UTF8.self).lowercased()
        let isNegative = word.hasPrefix("-")
        let unsigned = isNegative || word.hasPrefix("+") ? word.dropFirst() : word[...]
        return unsigned == "inf" || unsigned == "infinity" ? (isNegative ? -.infinity : .infinity) : nil
    }
}
