// A network for texts to continue, written as a model file for a user to read and edit: what `--model auto` is for a
// language model.

/// Embedding, causal convolutions, and a dense layer over the vocabulary at each position: position t answers from the
/// tokens up to t alone. A pure function of its settings.
package struct AutomaticLanguageModel: Sendable, Hashable {
    package var vocabularySize: Int
    package var blockSize: Int
    /// The channels of each convolution.
    package var filters: [Int]
    /// The rate of dropout after each, 0 for none.
    package var dropout: Float
    /// Whether a layer normalisation follows each.
    package var normalization: Bool

    /// Taps of a convolution. Their distance doubles from one to the next, so that four of them see 31 tokens.
    private static let kernelSize = 3
    private static let mostDoublings = 8

    package init(
        vocabularySize: Int, blockSize: Int, filters: [Int]? = nil, dropout: Float = 0, normalization: Bool = false
    ) {
        (self.vocabularySize, self.blockSize) = (vocabularySize, blockSize)
        (self.filters, self.dropout, self.normalization) = (filters ?? [128, 128, 128, 128], dropout, normalization)
    }

    /// The model file, which `ModelFile` reads.
    package var text: String {
        let width = min(128, max(8, vocabularySize))
        var layers = ["embedding: {input-dimension: \(vocabularySize), output-dimension: \(width)}"]
        for (index, count) in filters.enumerated() {
            let dilation = 1 << min(index, AutomaticLanguageModel.mostDoublings)
            layers.append(
                "conv1d: {filters: \(count), kernel-size: \(AutomaticLanguageModel.kernelSize), dilation: \(dilation), "
                    + "padding: causal, activation: relu}")
            if normalization { layers.append("layer-normalization") }
            if dropout > 0 { layers.append("dropout: {rate: \(dropout)}") }
        }
        layers.append("dense: {units: \(vocabularySize)}")
        return "# \(blockSize) tokens of \(vocabularySize) -> the token after each\nname: causal-cnn\nlayers:\n"
            + layers.map { "  - \($0)\n" }.joined()
    }
}
