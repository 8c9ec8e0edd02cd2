// What there is to know of texts: how long they are, and how much of them the vocabulary covers. DataSummary has one.

/// Lengths in tokens, before anything is cut off, and the share of known tokens.
package struct TextSummary: Sendable, Codable {
    package struct Part: Sendable, Codable {
        package var name: String
        package var tokenCount: Int
        package var median: Int
        /// At most 5 % of the texts are longer.
        package var percentile95: Int
        package var longest: Int
        package var emptyCount: Int
        /// Texts that are longer than the limit.
        package var cutCount: Int
        /// The share of tokens that are in the vocabulary; 1 for none.
        package var knownShare: Double
    }

    package var unit: String
    package var vocabularySize: Int
    /// The most tokens of a sample.
    package var length: Int
    package var parts: [Part]

    /// - Parameter parts: all of texts, of one preparation.
    init?(_ parts: [(name: String, data: any Dataset)]) {
        guard let preparation = parts.first?.data.textSamples?.data.preparation else { return nil }
        unit = preparation.options.unit.rawValue
        (vocabularySize, length) = (preparation.vocabulary.count, preparation.length)
        self.parts = parts.compactMap { name, data in
            data.textSamples.map { TextSummary.part(name, $0.data, $0.numbers, preparation) }
        }
    }

    private static func part(
        _ name: String, _ data: TextDataset, _ numbers: [Int], _ preparation: TextPreparation
    ) -> Part {
        var lengths: [Int] = []
        var (total, known) = (0, 0)
        for number in numbers {
            let tokens = preparation.vocabulary.numbers(of: preparation.options.cleaned(data.text(of: number)))
            lengths.append(tokens.count)
            total += tokens.count
            known += tokens.count { Int($0) != preparation.vocabulary.unknown }
        }
        lengths.sort()
        func quantile(_ share: Double) -> Int {
            lengths.isEmpty ? 0 : lengths[Int((share * Double(lengths.count - 1)).rounded(.up))]
        }
        return Part(
            name: name, tokenCount: total, median: quantile(0.5), percentile95: quantile(0.95),
            longest: lengths.last ?? 0, emptyCount: lengths.count { $0 == 0 },
            cutCount: lengths.count { $0 > preparation.length },
            knownShare: total == 0 ? 1 : Double(known) / Double(total))
    }
}

extension Dataset {
    /// The texts behind the samples, and their numbers among them; nil for other data.
    var textSamples: (data: TextDataset, numbers: [Int])? {
        if let texts = self as? TextDataset { return (texts, Array(0..<count)) }
        if let weighted = self as? ClassWeighted { return weighted.base.textSamples }
        guard let part = self as? Subset, let (texts, numbers) = part.base.textSamples else { return nil }
        return (texts, part.numbers.map { numbers[$0] })
    }
}
