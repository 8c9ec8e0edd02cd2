// A residual network for tables, written as a model file.

extension FittedModel {
    /// The residual network for tables of Gorishniy et al. 2021 ("Revisiting Deep Learning Models for Tabular Data"): a dense
    /// layer, blocks x + dropout(dense(dropout(relu(dense(norm(x)))))) that are twice as wide inside, then normalisation and
    /// ReLU before the answer. Categories become vectors first, as in `tabular-mlp`.
    ///
    /// Unless given: two blocks, 128 features.
    func tabularResidualNetwork(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes
    ) throws(ModelFileError) -> String {
        var layers: [String] = []
        switch (input, output) {
        case (_, .tokens), (_, .inputs), (_, .forecast): throw unfit("tables", input, output)
        case (.table(let numeric, let categories), _):
            layers = AutomaticModel.columns(numeric: numeric, categories)
        case (.samples(let lengths), _) where lengths.count == 1: break
        default: throw unfit("tables", input, output)
        }
        let width = sizes.width ?? 128
        let norm = "batch-normalization: {momentum: 0.9, epsilon: 1e-5}"
        let dropout = FittedModel.dropout(sizes.dropout)
        let block =
            [norm, "dense: {units: \(2 * width), activation: relu}"] + dropout + ["dense: {units: \(width)}"] + dropout
        layers += [
            "dense: {units: \(width)}",
            "repeat: {times: \(sizes.layers ?? 2), layers: [residual: [\(block.joined(separator: ", "))]]}",
            norm, "activation: {function: relu}",
        ]
        return file(input, output, layers + output.layers)
    }
}
