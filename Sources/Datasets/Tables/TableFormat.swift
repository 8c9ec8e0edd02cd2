// What a table's file looks like: a caller says what it knows, and the rest is found in the file. Table.read takes one
// and hands back another in which everything is said, so that a later file is read the same way.

/// How the fields of a text table are written. What is nil is found in the first file.
public struct TableFormat: Sendable, Hashable {
    /// Between fields: a comma, a semicolon, a tab or `|` where it is found; any other ASCII sign if given.
    package var separator: Character?
    /// Before the decimals of a number: a point or a comma. A comma is found only beside another separator.
    package var decimal: Character?
    /// Whether the first row has the names of the columns. It is found to have them where none of its fields is a
    /// number and some column below is one of numbers, and where no row follows.
    package var header: Bool?
    /// Whether fields can stand in quotes, as they can unless said otherwise; else a quote is a sign like others.
    package var quotes: Bool?

    public init(
        separator: Character? = nil, decimal: Character? = nil, header: Bool? = nil, quotes: Bool? = nil
    ) {
        self.quotes = quotes
        self.separator = separator
        self.decimal = decimal
        self.header = header
    }
}

extension TableFormat: Codable {
    private enum CodingKeys: String, CodingKey { case separator, decimal, header, quotes }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func character(_ key: CodingKeys) throws -> Character? {
            guard let text = try values.decodeIfPresent(String.self, forKey: key) else { return nil }
            guard text.count == 1 else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values, debugDescription: "'\(text)' is not one character")
            }
            return text.first
        }
        separator = try character(.separator)
        decimal = try character(.decimal)
        header = try values.decodeIfPresent(Bool.self, forKey: .header)
        quotes = try values.decodeIfPresent(Bool.self, forKey: .quotes)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encodeIfPresent(separator.map { String($0) }, forKey: .separator)
        try values.encodeIfPresent(decimal.map { String($0) }, forKey: .decimal)
        try values.encodeIfPresent(header, forKey: .header)
        try values.encodeIfPresent(quotes, forKey: .quotes)
    }
}

/// A format of which everything is known, in bytes.
struct TableSyntax: Equatable {
    var separator: UInt8
    var decimal: UInt8
    var hasHeader: Bool
    var hasQuotes = true

    var format: TableFormat {
        TableFormat(
            separator: Character(Unicode.Scalar(separator)), decimal: Character(Unicode.Scalar(decimal)),
            header: hasHeader, quotes: hasQuotes ? nil : false)
    }
}

extension TableFormat {
    /// - Throws: `DatasetError` where a separator could be part of a field, or the two signs are one.
    func check() throws(DatasetError) {
        if let separator {
            let isUsable = separator.asciiValue.map { byte in
                byte >= 0x20 && byte < 0x7F || byte == TableScanner.tab
            }
            guard isUsable == true, !separator.isLetter, !separator.isNumber, !"\"+-.".contains(separator) else {
                throw DatasetError(
                    "'\(separator)' cannot separate the fields of a table: expected one ASCII sign such as a comma, a "
                        + "semicolon, a tab or |")
            }
        }
        guard let decimal else { return }
        guard decimal == "." || decimal == "," else {
            throw DatasetError("'\(decimal)' is no decimal sign of a table: expected a point or a comma")
        }
        guard decimal != separator else {
            throw DatasetError("'\(decimal)' cannot be the separator and the decimal sign of one table")
        }
    }
}
