// GPT for the tokens that there are, written as a model file for checkpoints to keep. Who trains `--model gpt` asks it.

/// A `transformer-decoder` for a vocabulary and a length of sequences, with the sizes of nanoGPT's small model unless given.
///
///     print(DecoderModel(vocabulary: 65, length: 64).text)    // name: gpt ...
package struct DecoderModel: Sendable, Hashable {
    /// The model's name.
    package static let name = "gpt"

    /// How many tokens there are.
    package var vocabulary: Int
    /// The most positions of a sequence.
    package var length: Int
    package var layers: Int
    package var heads: Int
    package var width: Int
    package var dropout: Float
    /// Whether the output shares the embedding's table.
    package var tied: Bool
    package var useBias: Bool

    package init(
        vocabulary: Int, length: Int, layers: Int = 4, heads: Int = 4, width: Int = 128, dropout: Float = 0,
        tied: Bool = true, useBias: Bool = false
    ) {
        (self.vocabulary, self.length, self.layers, self.heads) = (vocabulary, length, layers, heads)
        (self.width, self.dropout, self.tied, self.useBias) = (width, dropout, tied, useBias)
    }

    /// The model file, which `ModelFile` reads.
    package var text: String {
        "# \(length) tokens of \(vocabulary) -> the token after each\nname: \(Self.name)\nlayers:\n"
            + "  - transformer-decoder: {vocabulary: \(vocabulary), length: \(length), layers: \(layers), heads: \(heads), "
            + "width: \(width), dropout: \(dropout), tied: \(tied), use-bias: \(useBias)}\n"
    }
}
