// The counter-based generator behind every random number of a run: a pure function of key and counter, so a draw
// never depends on how many ranks or threads exist or on what was drawn before. `RandomStream` is its usual caller.

/// Philox4x32-10: ten rounds of multiply and exchange turn a 128-bit counter and a 64-bit key into 128 random bits.
///
/// Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011.
package struct Philox: Sendable {
    private let key: (UInt32, UInt32)

    /// - Parameter seed: the key, its low 32 bits first.
    package init(seed: UInt64) {
        key = (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    }

    /// The four random words of `counter`. Distinct counters give distinct blocks (the function is a bijection).
    package func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
        var (a, b, c, d) = (counter.x, counter.y, counter.z, counter.w)
        var (low, high) = key
        for _ in 0..<10 {
            let left = a.multipliedFullWidth(by: 0xD251_1F53)
            let right = c.multipliedFullWidth(by: 0xCD9E_8D57)
            (a, b, c, d) = (right.high ^ b ^ low, right.low, left.high ^ d ^ high, left.low)
            low &+= 0x9E37_79B9
            high &+= 0xBB67_AE85
        }
        return SIMD4(a, b, c, d)
    }
}
