// Models for texts beside convolutions, written as model files: recurrence and attention.

extension FittedModel {
    /// An embedding, LSTM layers and a dense layer. A text with a class is read to its last token, whose state answers; of a
    /// text to continue every position answers from those before it.
    ///
    /// Unless given: 128 units; one layer, two of texts to continue. Dropout follows each layer.
    func characterLSTM(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes
    ) throws(ModelFileError) -> String {
        guard case .tokens(let vocabulary, _) = input else { throw unfit("texts", input, output) }
        var continues = false
        if case .tokens = output { continues = true }
        let (units, count) = (sizes.width ?? 128, sizes.layers ?? (continues ? 2 : 1))
        var layers = [FittedModel.embedding(vocabulary, AutomaticModel.tokenDimension)]
        for index in 0..<count {
            let isLast = index == count - 1
            layers.append("lstm: {units: \(units)\(isLast && !continues ? "" : ", return-sequences: true")}")
            layers += FittedModel.dropout(sizes.dropout)
        }
        return file(input, output, layers + output.layers)
    }

    /// Embeddings of tokens and positions, transformer blocks (Vaswani et al. 2017) that see the whole text, and the mean over
    /// the positions that a text has.
    ///
    /// Unless given: two blocks of 4 heads, 64 features a token. Dropout is the blocks' and the mean's.
    func textTransformer(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes
    ) throws(ModelFileError) -> String {
        let expected = "texts with a class or a value each (gpt is for texts to continue)"
        guard case .tokens(let vocabulary, let length) = input else { throw unfit(expected, input, output) }
        if case .tokens = output { throw unfit(expected, input, output) }
        let (width, heads) = (sizes.width ?? 64, sizes.heads ?? 4)
        guard width % heads == 0 else {
            throw ModelFileError(file: rawValue, problem: "\(heads) `heads` do not divide a `width` of \(width)")
        }
        var layers = [FittedModel.embedding(vocabulary, width), "position-embedding: {length: \(length)}"]
        layers += FittedModel.dropout(sizes.dropout)
        for _ in 0..<(sizes.layers ?? 2) {
            layers.append("transformer-block: {heads: \(heads), width: \(width), dropout: \(sizes.dropout)}")
        }
        layers += ["layer-normalization", "global-average-pooling1d"] + FittedModel.dropout(sizes.dropout)
        return file(input, output, layers + output.layers)
    }

    private static func embedding(_ vocabulary: Int, _ dimension: Int) -> String {
        "embedding: {input-dimension: \(vocabulary), output-dimension: \(dimension)}"
    }
}
