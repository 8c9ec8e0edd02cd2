// Sequential draws for host code (shuffles, generated samples) out of the counter-based `Philox`. A stream's values
// depend on its key alone: not on other streams, ranks or threads. What fills whole tensors (initial weights, dropout)
// is drawn by `Tensor+Random.swift`.

/// What a stream is drawn for. Keeps draws for different purposes apart under one seed; the raw values are part of
/// every run's meaning and never change.
public enum RandomPurpose: UInt32, Sendable {
    case initialization = 1
    case shuffle = 2
    case dropout = 3
    case augmentation = 4
    case digits = 5
    /// What a data set of one's own computes.
    case samples = 6
    /// The next token of a text that a language model writes.
    case generation = 16
}

/// A sequence of random numbers keyed by seed, purpose and two indices, e.g. (epoch, sample).
///
/// Draw block k is `Philox(seed).block([k, purpose, a, b])`; a stream has 2^34 words.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let philox: Philox
    private var counter: SIMD4<UInt32>
    private var words = SIMD4<UInt32>.zero
    private var used = 4

    /// - Parameters:
    ///   - a: the outer index, e.g. an epoch or a parameter's number.
    ///   - b: the inner index, e.g. a sample's or a shard's number.
    public init(seed: UInt64, purpose: RandomPurpose, a: UInt32 = 0, b: UInt32 = 0) {
        philox = Philox(seed: seed)
        counter = SIMD4(0, purpose.rawValue, a, b)
    }

    /// 32 random bits.
    package mutating func nextUInt32() -> UInt32 {
        if used == 4 {
            words = philox.block(counter)
            counter.x += 1
            used = 0
        }
        defer { used += 1 }
        return words[used]
    }

    /// 64 random bits, the earlier word in the low half.
    public mutating func next() -> UInt64 {
        let low = UInt64(nextUInt32())
        return UInt64(nextUInt32()) << 32 | low
    }

    /// Uniform in [0, 1): a multiple of 2^-24, so 1 itself never appears.
    public mutating func uniform() -> Float { Float(nextUInt32() >> 8) * 0x1p-24 }

    /// Uniform in 0 ..< `bound`, every value exactly as likely: the few products that would favour some are drawn again
    /// (Lemire 2019, "Fast Random Integer Generation in an Interval").
    ///
    /// - Parameter bound: 1 ... 2^32 - 1.
    public mutating func integer(below bound: Int) -> Int {
        require(bound > 0 && bound <= UInt32.max, "integer(below: \(bound)): the bound must be in 1 ... 2^32 - 1")
        let range = UInt32(bound)
        let unfair = (0 &- range) % range
        while true {
            let product = nextUInt32().multipliedFullWidth(by: range)
            if product.low >= unfair { return Int(product.high) }
        }
    }
}
