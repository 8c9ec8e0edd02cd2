// Which sample comes n-th in an epoch, computed instead of listed: a shuffle of a billion samples takes no memory, and
// every rank computes the few places that it needs. docs/arithmetic.md fixes the sequence.

import Tensors

/// The order of an epoch's samples: 0 ..< `count`, each once, as they are or shuffled.
///
/// A shuffle is a Feistel network over a table of `rows` x 2^`columnBits` places, hardly more than there are samples:
/// eight rounds in turn add a keyed hash of the column to the row and of the row to the column. A place beyond the
/// samples is sent through again until it is one of them (Black, Rogaway, "Ciphers with Arbitrary Finite Domains",
/// CT-RSA 2002). In a small table eight rounds do not reach all orders equally often, so it has 32. The order depends on
/// the count, the seed, the epoch and the first step alone.
package struct SampleOrder: Sendable {
    /// How many samples there are.
    package let count: Int
    private let shuffles: Bool
    private let rows: UInt64
    private let columnBits: UInt64
    private let columnMask: UInt64
    /// How often the eight rounds are gone through.
    private let passes: UInt64
    private let keys: SIMD8<UInt64>

    /// - Parameters:
    ///   - count: 0 ... 2^60.
    ///   - firstStep: of the training that this epoch belongs to, so that another one has other orders.
    ///   - shuffles: whether the samples are shuffled; else the n-th is sample n.
    package init(count: Int, seed: UInt64, epoch: Int, firstStep: Int, shuffles: Bool) {
        require(count >= 0 && count <= 1 << 60, "SampleOrder: a count of \(count); expected 0 ... 2^60")
        var random = RandomStream(
            seed: seed, purpose: .shuffle, a: UInt32(truncatingIfNeeded: epoch),
            b: UInt32(truncatingIfNeeded: firstStep))
        self.count = count
        self.shuffles = shuffles
        let bits = UInt64(Int.bitWidth - max(count - 1, 0).leadingZeroBitCount)
        columnBits = bits / 2
        columnMask = 1 << columnBits - 1
        rows = max(1, (UInt64(count) + columnMask) >> columnBits)
        passes = count < 256 ? 4 : 1
        var keys = SIMD8<UInt64>.zero
        for round in 0..<8 { keys[round] = random.next() }
        self.keys = keys
    }

    /// The number of the sample at a place of the epoch.
    ///
    /// - Parameter position: 0 ..< `count`.
    package subscript(position: Int) -> Int {
        require(position >= 0 && position < count, "SampleOrder: no place \(position) among \(count) samples")
        guard shuffles else { return position }
        var place = UInt64(position)
        repeat { place = shuffled(place) } while place >= UInt64(count)
        return Int(place)
    }

    /// A permutation of the whole table.
    @inline(__always)
    private func shuffled(_ place: UInt64) -> UInt64 {
        var (row, column) = (place >> columnBits, place & columnMask)
        for pass in 0..<passes {
            for round in stride(from: 0, to: 8, by: 2) {
                row &+= hash(column &+ keys[round] &+ pass << 32).multipliedFullWidth(by: rows).high
                row = row >= rows ? row &- rows : row
                column = (column &+ hash(row &+ keys[round + 1] &+ pass << 32) >> 32) & columnMask
            }
        }
        return row << columnBits | column
    }

    /// The upper bits of MurmurHash3's 64-bit finalizer, of which each depends on every bit of `x`.
    @inline(__always)
    private func hash(_ x: UInt64) -> UInt64 {
        let mixed = (x ^ x >> 33) &* 0xFF51_AFD7_ED55_8CCD
        return (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
    }
}
