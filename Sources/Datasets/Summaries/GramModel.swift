// The measure for language models: counts of three tokens in a row. A run's end tells what they reach.

/// A 3-gram model by Witten and Bell's interpolation (IEEE Trans. Information Theory 37, 1991), which has nothing to choose.
///
/// The probability of w after u, v is (n(uvw) + d(uv) p(w | v)) / (n(uv) + d(uv)), where n counts in the training part and
/// d(uv) is how many different tokens follow u, v there; p(w | v) likewise from p(w), and p(w) from 1 / vocabulary.
package struct GramModel: Sendable {
    /// Counting takes some 50 bytes for each: more tokens are too many for a comparison.
    package static let mostTokens = 10_000_000

    private let vocabularySize: UInt64
    /// By context and token; contexts of one length differ from those of another.
    private var counts: [[UInt64: UInt32]] = [[:], [:], [:]]
    /// By context: how many tokens follow it, and how many different ones.
    private var followers: [[UInt64: (count: UInt32, distinct: UInt32)]] = [[:], [:], [:]]

    /// - Parameter tokens: the training part.
    package init(_ tokens: TokenArray, vocabularySize: Int) {
        self.vocabularySize = UInt64(vocabularySize)
        var before: [UInt64] = []
        tokens.forEach { token in
            for order in 0...before.count { add(UInt64(token), after: context(before, order), order) }
            before = Array((before + [UInt64(token)]).suffix(2))
        }
    }

    private func context(_ before: [UInt64], _ order: Int) -> UInt64 {
        before.suffix(order).reduce(0) { $0 * vocabularySize + $1 }
    }

    private mutating func add(_ token: UInt64, after context: UInt64, _ order: Int) {
        let count = counts[order][context * vocabularySize + token, default: 0]
        counts[order][context * vocabularySize + token] = count + 1
        var follower = followers[order][context] ?? (0, 0)
        follower.count += 1
        if count == 0 { follower.distinct += 1 }
        followers[order][context] = follower
    }

    private func probability(of token: UInt64, after before: [UInt64]) -> Double {
        var result = 1 / Double(vocabularySize)
        for order in 0...before.count {
            let context = context(before, order)
            guard let follower = followers[order][context] else { break }
            let count = counts[order][context * vocabularySize + token] ?? 0
            let distinct = Double(follower.distinct)
            result = (Double(count) + distinct * result) / (Double(follower.count) + distinct)
        }
        return result
    }

    /// The mean of -log2 of the probability of each token after the first, given the one or two before it.
    package func bits(_ tokens: TokenArray) -> Double {
        var (before, sum, total): ([UInt64], Double, Int) = ([], 0, 0)
        tokens.forEach { token in
            let token = UInt64(token)
            if !before.isEmpty {
                sum -= probability(of: token, after: before).logarithm2
                total += 1
            }
            before = Array((before + [token]).suffix(2))
        }
        return total > 0 ? sum / Double(total) : 0
    }
}

extension Double {
    /// The logarithm to base 2 of a positive normal number, within some units in the last place, without the C library: of
    /// the significand by 2 artanh((m - 1) / (m + 1)).
    fileprivate var logarithm2: Double {
        let isLarge = significand > 1.4142135623730951
        let m = isLarge ? significand / 2 : significand
        let s = (m - 1) / (m + 1)
        let terms = stride(from: 23.0, through: 1, by: -2).reduce(0) { $0 * s * s + 1 / $1 }
        return Double(exponent) + (isLarge ? 1 : 0) + 2 * s * terms * 1.4426950408889634
    }
}
