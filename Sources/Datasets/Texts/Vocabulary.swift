// The tokens that a text is made of and their numbers: what Embedding looks up. Fitted on training texts, saved with the
// preparation of texts and of language.

/// Numbers for the characters, words or bytes of texts.
///
/// A character is a Unicode scalar, so that a carriage return and a line feed are two, as in Python. A word is a run of
/// letters, their marks and digits, with apostrophes between them; every other scalar that is no blank is a word of its own.
/// Bytes are those of UTF-8, and the vocabulary of bytes has all 256. Texts are taken as they are: other cases and other
/// ways to write an accent are other tokens.
public struct Vocabulary: Sendable {
    /// What a token is.
    public enum Unit: String, Sendable, Codable, CaseIterable { case characters, words, bytes }

    /// Which token has the lower number.
    package enum Ordering: Sendable {
        /// The one that occurs more often; among equals the one whose UTF-8 bytes come first.
        case frequency
        /// The one whose UTF-8 bytes come first: for characters, the lower scalar.
        case sorted
    }

    package let unit: Unit
    /// The number that stands where a text has ended, 0; nil where there is none.
    package let padding: Int?
    /// The number of a token that is not among the others; nil where there is none.
    package let unknown: Int?
    /// All others in order; of characters and words.
    private let known: TokenTable
    /// For scalars below its count the numbers of characters, -1 for none.
    private let scalars: [Int32]
    private static let scalarCount = 0x3000

    /// The tokens of a language model's training text, as `lockstep train --data text:FILE` makes them: characters in the order
    /// of their code points, the most frequent words, or all bytes.
    ///
    /// - Parameter limit: the largest `count`. Words have an unknown one, characters beyond those of the text are -1.
    public init(_ text: String, unit: Unit = .characters, limit: Int = 20_000) {
        self.init(
            counting: [text], unit: unit, limit: limit, hasPadding: false, hasUnknown: unit == .words,
            ordering: unit == .characters ? .sorted : .frequency)
    }

    /// The tokens of texts. Numbers begin with that of padding and of unknown tokens, where there are any.
    ///
    /// - Parameters:
    ///   - limit: the largest `count`; of more tokens, the most frequent are taken. Not for bytes.
    ///   - minimumCount: how often a token must occur. Not for bytes.
    package init(
        counting texts: some Sequence<String>, unit: Unit, limit: Int? = nil, minimumCount: Int = 1, hasPadding: Bool,
        hasUnknown: Bool, ordering: Ordering
    ) {
        var counter = TokenCounter(unit)
        for text in texts { counter.add(text) }
        let special = (hasPadding ? 1 : 0) + (hasUnknown ? 1 : 0)
        let tokens = counter.tokens(limit.map { Swift.max(0, $0 - special) }, minimumCount, ordering)
        self.init(unit, tokens, hasPadding: hasPadding, hasUnknown: hasUnknown)
    }

    private init(_ unit: Unit, _ tokens: [[UInt8]], hasPadding: Bool, hasUnknown: Bool) {
        self.unit = unit
        padding = hasPadding ? 0 : nil
        unknown = hasUnknown ? (hasPadding ? 1 : 0) : nil
        let first = Int32((hasPadding ? 1 : 0) + (hasUnknown ? 1 : 0))
        var known = TokenTable()
        var scalars = [Int32](repeating: -1, count: unit == .characters ? Vocabulary.scalarCount : 0)
        for (place, token) in tokens.enumerated() {
            token.withUnsafeBufferPointer { _ = known.add($0) }
            let scalar = String(decoding: token, as: UTF8.self).unicodeScalars.first.map { Int($0.value) }
            if let scalar, scalar < scalars.count { scalars[scalar] = first + Int32(place) }
        }
        (self.known, self.scalars) = (known, scalars)
    }

    /// How many numbers there are.
    public var count: Int { specialCount + (unit == .bytes ? 256 : known.count) }
    private var specialCount: Int { (padding == nil ? 0 : 1) + (unknown == nil ? 0 : 1) }

    /// The numbers of a text's tokens; -1 for one that is not among them, where there is no `unknown`.
    public func numbers(of text: String) -> [Int32] {
        var (text, result) = (text, [Int32]())
        text.withUTF8 { append($0, to: &result) }
        return result
    }

    /// `numbers(of:)` for valid UTF-8, behind others.
    package func append(_ text: UnsafeBufferPointer<UInt8>, to numbers: inout [Int32]) {
        let (special, missing) = (Int32(specialCount), Int32(unknown ?? -1))
        switch unit {
        case .bytes:
            numbers.reserveCapacity(numbers.count + text.count)
            for byte in text { numbers.append(special + Int32(byte)) }
        case .words:
            TokenScanner.words(text) { word in
                numbers.append(known.number(of: word).map { special + $0 } ?? missing)
            }
        case .characters:
            TokenScanner.scalars(text) { scalar, bytes in
                let number =
                    scalar < Vocabulary.scalarCount
                    ? scalars[Int(scalar)] : known.number(of: bytes).map { special + $0 } ?? -1
                numbers.append(number < 0 ? missing : number)
            }
        }
    }

    /// A token as it stands in texts; `<padding>` and `<unknown>` for those two.
    ///
    /// - Parameter number: in 0 ..< count. A byte that is no ASCII sign is shown as `<0xE4>`.
    package func token(_ number: Int) -> String {
        precondition((0..<count).contains(number), "token: expected a number in 0 ..< \(count), got \(number)")
        if number == padding { return "<padding>" }
        if number == unknown { return "<unknown>" }
        guard unit == .bytes else { return known.text(number - specialCount) }
        let byte = UInt8(number - specialCount)
        let hex = String(byte, radix: 16, uppercase: true)
        return byte < 0x80 ? String(Unicode.Scalar(byte)) : "<0x\(hex)>"
    }

    /// The text of numbers: words with a blank between them, nothing for padding, U+FFFD for an unknown token and for bytes
    /// that are no UTF-8.
    ///
    /// - Parameter numbers: each in 0 ..< count.
    public func text(of numbers: some Sequence<Int>) -> String {
        var bytes: [UInt8] = []
        for number in numbers where number != padding {
            precondition((0..<count).contains(number), "text: expected numbers in 0 ..< \(count), got \(number)")
            if unit == .words, !bytes.isEmpty { bytes.append(0x20) }
            if number == unknown {
                bytes += "\u{FFFD}".utf8
            } else if unit == .bytes {
                bytes.append(UInt8(number - specialCount))
            } else {
                bytes += known[number - specialCount]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// - Parameter source: the file, for the message.
    /// - Throws: `DatasetError` for values that can't have been written.
    func check(_ source: String) throws(DatasetError) {
        let isOneScalar =
            unit != .characters || (0..<known.count).allSatisfy { known.text($0).unicodeScalars.count == 1 }
        guard count > 0, isOneScalar, (0..<known.count).allSatisfy({ !known[$0].isEmpty }) else {
            throw DatasetError("\(source) holds a damaged vocabulary; take another checkpoint", .damaged)
        }
    }
}

extension Vocabulary: Hashable {
    private var tokens: [[UInt8]] { (0..<known.count).map { Array(known[$0]) } }

    public static func == (a: Vocabulary, b: Vocabulary) -> Bool {
        a.unit == b.unit && a.padding == b.padding && a.unknown == b.unknown && a.tokens == b.tokens
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(unit)
        hasher.combine(tokens)
    }
}

extension Vocabulary: Codable {
    private enum CodingKeys: String, CodingKey { case unit, tokens, hasPadding, hasUnknown }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let tokens = try values.decode([String].self, forKey: .tokens).map { Array($0.utf8) }
        guard Set(tokens).count == tokens.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .tokens, in: values, debugDescription: "a token stands twice in the vocabulary")
        }
        self.init(
            try values.decode(Unit.self, forKey: .unit), tokens,
            hasPadding: try values.decode(Bool.self, forKey: .hasPadding),
            hasUnknown: try values.decode(Bool.self, forKey: .hasUnknown))
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(unit, forKey: .unit)
        try values.encode(padding != nil, forKey: .hasPadding)
        try values.encode(unknown != nil, forKey: .hasUnknown)
        try values.encode((0..<known.count).map(known.text), forKey: .tokens)
    }
}
