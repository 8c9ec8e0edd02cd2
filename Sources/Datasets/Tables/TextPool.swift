// Numbers the different texts of a column in the order in which they come. TextPass has one for each column of text.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Different texts, found by a hash table with open addressing. It holds no copy but points into the file, except for
/// texts with doubled quotes.
struct TextPool {
    private var entries: [Entry] = []
    /// Numbers of entries, -1 where none is; a power of two, at most half of them used.
    private var slots = [Int32](repeating: -1, count: 64)
    private var copies: [TextCopy] = []

    /// The number of a field's text, a new one if it has none.
    mutating func code(of field: TableField) -> Int32 {
        guard field.hasDoubledQuotes else { return code(of: Entry(field.start, field.count)) }
        let copy = TextCopy(field.undoubledBytes)
        let before = entries.count
        let code = code(of: Entry(copy.bytes.baseAddress!, copy.bytes.count))
        if entries.count > before { copies.append(copy) }
        return code
    }

    /// The texts in the order of their UTF-8 bytes, and the place of each number in that order.
    mutating func sortedNames() -> (names: [String], ranks: [Int32]) {
        slots = []
        let order = sortedCodes()
        var ranks = [Int32](repeating: 0, count: entries.count)
        for (rank, code) in order.enumerated() { ranks[code] = Int32(rank) }
        return (order.map { entries[$0].text }, ranks)
    }

    /// By eight bytes at a time, so that each look into the file serves many comparisons: those alike so far are sorted
    /// by the next eight.
    private func sortedCodes() -> [Int] {
        var order = entries.indices.map { (key: UInt64(0), code: $0) }
        var alike = [(range: 0..<order.count, depth: 0)]
        order.withUnsafeMutableBufferPointer { order in
            while let (range, depth) = alike.popLast() {
                for place in range { order[place].key = entries[order[place].code].key(at: depth) }
                var part = UnsafeMutableBufferPointer(rebasing: order[range])
                part.sort { $0.key < $1.key }
                var start = range.lowerBound
                for place in range.dropFirst() where order[place].key != order[start].key {
                    if place - start > 1 { alike.append((start..<place, depth + 8)) }
                    start = place
                }
                if range.upperBound - start > 1 { alike.append((start..<range.upperBound, depth + 8)) }
            }
        }
        return order.map(\.code)
    }

    private mutating func code(of entry: Entry) -> Int32 {
        var slot = Int(entry.hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            if entries[Int(slots[slot])].equals(entry) { return slots[slot] }
            slot = (slot + 1) & (slots.count - 1)
        }
        let code = Int32(entries.count)
        slots[slot] = code
        entries.append(entry)
        if entries.count * 2 > slots.count { doubleSlots() }
        return code
    }

    private mutating func doubleSlots() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for (code, entry) in entries.enumerated() {
            var slot = Int(entry.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(code)
        }
    }
}

/// A text of at most 2^32 - 1 bytes, in memory of others.
private struct Entry {
    let start: UnsafePointer<UInt8>
    let count: UInt32
    let hash: UInt32

    init(_ start: UnsafePointer<UInt8>, _ count: Int) {
        self.start = start
        self.count = UInt32(count)
        var hash = UInt64(count)
        for place in stride(from: 0, to: count & ~7, by: 8) {
            hash = Entry.mix(hash ^ UnsafeRawPointer(start + place).loadUnaligned(as: UInt64.self))
        }
        hash = Entry.mix(hash ^ Entry.bytes(start + (count & ~7), count & 7))
        self.hash = UInt32(truncatingIfNeeded: hash)
    }

    /// Eight bytes as a number in their order, zeros where the text has ended: it has none of its own.
    func key(at depth: Int) -> UInt64 {
        let length = min(max(Int(count) - depth, 0), 8)
        return length == 0 ? 0 : Entry.bytes(start + depth, length) << UInt64(8 * (8 - length))
    }

    var text: String { String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self) }

    @inline(__always) func equals(_ other: Entry) -> Bool {
        hash == other.hash && count == other.count && memcmp(start, other.start, Int(count)) == 0
    }

    /// Up to eight bytes, the first the highest.
    @inline(__always) private static func bytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
        if count == 8 { return UInt64(bigEndian: UnsafeRawPointer(start).loadUnaligned(as: UInt64.self)) }
        var result: UInt64 = 0
        for place in 0..<count { result = result << 8 | UInt64(start[place]) }
        return result
    }

    /// Both halves of a product with a large odd number.
    @inline(__always) private static func mix(_ bits: UInt64) -> UInt64 {
        let (high, low) = (bits ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return high ^ low
    }
}

/// Bytes at an address of their own.
private final class TextCopy: Sendable {
    nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>

    init(_ bytes: [UInt8]) {
        let copy = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
        _ = copy.initialize(from: bytes)
        self.bytes = UnsafeBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
