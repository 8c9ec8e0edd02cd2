// How well a model foretells: metrics of the mean of -log p of what comes, for classes and for the next token of a text.

import CKernels
import Tensors

extension Metric {
    /// exp of the mean of -log p of the right class: among how many equally likely ones the model is in doubt.
    public static let perplexity = ofSurprise("perplexity") { lk_power_double(2.718281828459045, $0) }

    /// The mean of -log2 p of the right class, as for the next token of a text.
    package static let bitsPerToken = ofSurprise("bits_per_token") { $0 * 1.4426950408889634 }
    /// The same under the name that it has where tokens are characters.
    package static let bitsPerCharacter = ofSurprise("bits_per_character") { $0 * 1.4426950408889634 }
    /// The same under the name that it has where tokens are bytes.
    package static let bitsPerByte = ofSurprise("bits_per_byte") { $0 * 1.4426950408889634 }

    /// - Parameter value: of the mean of -log p.
    private static func ofSurprise(_ name: String, _ value: @escaping @Sendable (Double) -> Double) -> Metric {
        Metric(name, false, .distributions, sums: { _ in 2 }, of: surprise) { value(ratio($0[0], $0[1])) }
    }

    /// The sum of -log p over positions, each weighted, and the sum of the weights.
    @Sendable private static func surprise(_ batch: MetricBatch) -> [Double] {
        let surprises = batch.surprises()
        var (sum, total) = (0.0, 0.0)
        for position in 0..<batch.positions {
            let weight = batch.weight(position)
            if weight == 0 { continue }
            sum += weight * surprises[position]
            total += weight
        }
        return [sum, total]
    }
}
