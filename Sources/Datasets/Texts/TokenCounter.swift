// How often each token occurs in texts: what a vocabulary is made of.

/// Counts tokens of a unit.
struct TokenCounter {
    private let unit: Vocabulary.Unit
    private var table = TokenTable()
    private var counts: [Int] = []

    init(_ unit: Vocabulary.Unit) { self.unit = unit }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add($0) }
    }

    /// Valid UTF-8.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) {
        switch unit {
        case .bytes: break
        case .characters: TokenScanner.scalars(text) { _, bytes in count(bytes) }
        case .words: TokenScanner.words(text) { count($0) }
        }
    }

    private mutating func count(_ token: UnsafeBufferPointer<UInt8>) {
        let number = Int(table.add(token))
        if number == counts.count { counts.append(1) } else { counts[number] += 1 }
    }

    /// The most frequent tokens, at most `limit` of those that occur often enough, in the order asked for.
    func tokens(_ limit: Int?, _ minimumCount: Int, _ ordering: Vocabulary.Ordering) -> [[UInt8]] {
        let often = counts.indices.filter { counts[$0] >= minimumCount }
        let byFrequency = often.map { (count: counts[$0], bytes: Array(table[$0])) }.sorted { a, b in
            a.count != b.count ? a.count > b.count : a.bytes.lexicographicallyPrecedes(b.bytes)
        }
        let chosen = byFrequency.prefix(limit ?? .max).map(\.bytes)
        return ordering == .frequency ? chosen : chosen.sorted { $0.lexicographicallyPrecedes($1) }
    }
}
