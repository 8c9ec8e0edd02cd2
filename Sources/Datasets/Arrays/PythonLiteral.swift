// Parses a value as Python writes it, without Python: NumPy's file header is the text of a dictionary.
// NumPyHeader is the caller.

/// A literal of Python: what NumPy writes into headers, and what their structured types are made of.
indirect enum PythonLiteral: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case none
    case tuple([PythonLiteral])
    case list([PythonLiteral])
    case dictionary([Entry])

    struct Entry: Sendable, Equatable {
        let key: PythonLiteral
        let value: PythonLiteral
    }

    /// Why a text is no literal, and where.
    struct Problem: Error {
        let text: String
        let offset: Int
    }

    /// - Parameter text: one literal, with white space around it.
    init(parsing text: [UInt8]) throws(Problem) {
        var parser = PythonLiteralParser(text: text)
        self = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == text.count else { throw parser.problem("something follows the closing bracket") }
    }
}

/// Where a text is being read.
private struct PythonLiteralParser {
    /// Brackets within brackets, so that no text exhausts the stack.
    static let deepest = 16

    let text: [UInt8]
    var position = 0

    func problem(_ text: String) -> PythonLiteral.Problem { .init(text: text, offset: position) }

    private var next: UInt8? { position < text.count ? text[position] : nil }

    mutating func skipSpace() {
        while let byte = next, [0x20, 0x09, 0x0a, 0x0c, 0x0d].contains(byte) { position += 1 }
    }

    /// Whether `character` comes next; then it is passed over.
    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func value(depth: Int) throws(PythonLiteral.Problem) -> PythonLiteral {
        guard depth < PythonLiteralParser.deepest else { throw problem("brackets are nested too deeply") }
        if take("{") { return .dictionary(try entries(depth: depth)) }
        if take("[") { return .list(try elements(until: "]", depth: depth).values) }
        if take("(") {
            let (values, hasComma) = try elements(until: ")", depth: depth)
            // (5) is a number in brackets; a tuple of one is (5,).
            return values.count == 1 && !hasComma ? values[0] : .tuple(values)
        }
        if take("'") { return .string(try string(until: UInt8(ascii: "'"))) }
        if take("\"") { return .string(try string(until: UInt8(ascii: "\""))) }
        return try word()
    }

    private mutating func entries(depth: Int) throws(PythonLiteral.Problem) -> [PythonLiteral.Entry] {
        var entries: [PythonLiteral.Entry] = []
        while !take("}") {
            let key = try value(depth: depth + 1)
            guard take(":") else { throw problem("expected a colon after the key") }
            entries.append(.init(key: key, value: try value(depth: depth + 1)))
            if take(",") { continue }
            guard take("}") else { throw problem("expected a comma or a closing brace") }
            break
        }
        return entries
    }

    private mutating func elements(until end: Unicode.Scalar, depth: Int) throws(PythonLiteral.Problem) -> (
        values: [PythonLiteral], hasComma: Bool
    ) {
        var values: [PythonLiteral] = []
        var hasComma = false
        while !take(end) {
            values.append(try value(depth: depth + 1))
            if take(",") {
                hasComma = true
                continue
            }
            guard take(end) else { throw problem("expected a comma or '\(end)'") }
            break
        }
        return (values, hasComma)
    }

    /// What follows an opening quote. A backslash stands for the character after it, which is enough for names.
    private mutating func string(until quote: UInt8) throws(PythonLiteral.Problem) -> String {
        var bytes: [UInt8] = []
        while let byte = next, byte != quote, byte != 0x0a {
            position += 1
            guard byte == UInt8(ascii: "\\") else {
                bytes.append(byte)
                continue
            }
            guard let escaped = next else { break }
            bytes.append(escaped)
            position += 1
        }
        guard next == quote else { throw problem("a string has no closing quote") }
        position += 1
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A number, or True, False, None.
    private mutating func word() throws(PythonLiteral.Problem) -> PythonLiteral {
        skipSpace()
        let start = position
        while let byte = next, isWord(byte) { position += 1 }
        let word = String(decoding: text[start..<position], as: UTF8.self)
        switch word {
        case "True": return .boolean(true)
        case "False": return .boolean(false)
        case "None": return .none
        default:
            if let number = Int(word) { return .integer(number) }
            position = start
            throw problem(word.isEmpty ? "expected a value" : "'\(word.prefix(40))' is no value that can be read")
        }
    }

    private func isWord(_ byte: UInt8) -> Bool {
        let character = Unicode.Scalar(byte)
        return character.properties.isAlphabetic || ("0"..."9").contains(character)
            || "+-._".unicodeScalars.contains(character)
    }
}
