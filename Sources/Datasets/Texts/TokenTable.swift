// Different byte strings and their numbers, found without making a String of each. Vocabulary has one for its words.

/// A hash table with open addressing that holds copies of its texts.
struct TokenTable: Sendable {
    /// All texts, one behind the other.
    private var bytes: [UInt8] = []
    /// Where each text ends.
    private var ends: [Int] = []
    /// Numbers of texts, -1 where none is; a power of two, at most half of them used.
    private var slots = [Int32](repeating: -1, count: 64)

    var count: Int { ends.count }

    /// The bytes of a text.
    subscript(number: Int) -> ArraySlice<UInt8> { bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]] }

    func text(_ number: Int) -> String { String(decoding: self[number], as: UTF8.self) }

    /// The number of a text, nil where it has none.
    @inline(__always) func number(of text: UnsafeBufferPointer<UInt8>) -> Int32? {
        let found = slots[slot(of: text)]
        return found < 0 ? nil : found
    }

    /// The number of a text; the next one where it had none.
    mutating func add(_ text: UnsafeBufferPointer<UInt8>) -> Int32 {
        let slot = slot(of: text)
        if slots[slot] >= 0 { return slots[slot] }
        let number = Int32(ends.count)
        slots[slot] = number
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
        if ends.count * 2 > slots.count { doubleSlots() }
        return number
    }

    /// Where a text's number is, or where it would stand.
    @inline(__always) private func slot(of text: UnsafeBufferPointer<UInt8>) -> Int {
        var slot = TokenTable.hash(text) & (slots.count - 1)
        while slots[slot] >= 0, !equals(Int(slots[slot]), text) { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    @inline(__always) private func equals(_ number: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = number == 0 ? 0 : ends[number - 1]
        guard ends[number] - start == text.count else { return false }
        for place in 0..<text.count where bytes[start + place] != text[place] { return false }
        return true
    }

    private mutating func doubleSlots() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for number in ends.indices {
            var slot = self[number].withUnsafeBufferPointer(TokenTable.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(number)
        }
    }

    /// FNV-1a, its upper bits folded in.
    @inline(__always) private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int(truncatingIfNeeded: (hash ^ hash >> 29) & 0x7FFF_FFFF)
    }
}
