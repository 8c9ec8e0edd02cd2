// The built-in models that fit the data they are trained on, written as model files. A family of models adds its cases
// here, and its text in a file of its own.

/// An architecture for samples and targets of many shapes; the raw value is its name on the command line.
package enum FittedModel: String, Sendable, CaseIterable {
    /// Residual networks for small pictures (He et al. 2015; `resnet9` of Page 2018): see `ResidualNetwork`.
    case resnet9, resnet20, resnet32, resnet44, resnet56
    /// What `AutomaticModel` makes of texts with a class each.
    case textCNN = "text-cnn"
    case textTransformer = "text-transformer"
    case charLSTM = "char-lstm"
    /// What `AutomaticModel` makes of tables.
    case tabularMLP = "tabular-mlp"
    case tabularResNet = "tabular-resnet"
    case autoencoder
    /// Of windows of a series: causal convolutions.
    case conv1D = "conv1d"

    /// What may be said of a model beside its data; nil leaves it to the model.
    package struct Sizes: Sendable, Hashable {
        /// The lengths of hidden layers.
        package var hidden: [Int] = []
        /// Blocks, or layers of one kind.
        package var layers: Int?
        package var heads: Int?
        /// The features of a position or a row.
        package var width: Int?
        package var dropout: Float = 0
        package var normalization = false

        package init() {}
    }

    /// The names of the sizes that make a difference to it.
    package var sizes: Set<String> {
        switch self {
        case .resnet9, .resnet20, .resnet32, .resnet44, .resnet56: []
        case .textCNN, .tabularMLP: ["hidden", "dropout", "normalization"]
        case .textTransformer: ["layers", "heads", "width", "dropout"]
        case .charLSTM, .tabularResNet, .conv1D: ["layers", "width", "dropout"]
        case .autoencoder: ["hidden"]
        }
    }

    /// The model file for what is given and what is to be learned.
    ///
    /// - Throws: `ModelFileError` where it does not fit these.
    package func text(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes = Sizes()
    ) throws(ModelFileError) -> String {
        switch self {
        case .resnet9: return ResidualNetwork(depth: 9, output).shallowText
        case .resnet20: return ResidualNetwork(depth: 20, output).text
        case .resnet32: return ResidualNetwork(depth: 32, output).text
        case .resnet44: return ResidualNetwork(depth: 44, output).text
        case .resnet56: return ResidualNetwork(depth: 56, output).text
        case .textCNN: return try automatic(input, output, sizes, "texts with a class or a value each")
        case .textTransformer: return try textTransformer(input, output, sizes)
        case .charLSTM: return try characterLSTM(input, output, sizes)
        case .tabularMLP: return try automatic(input, output, sizes, "tables")
        case .tabularResNet: return try tabularResidualNetwork(input, output, sizes)
        case .autoencoder: return try autoencoder(input, output, sizes)
        case .conv1D: return try causalConvolutions(input, output, sizes)
        }
    }

    private func automatic(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes, _ expected: String
    ) throws(ModelFileError) -> String {
        let model = AutomaticModel(
            input, output, hidden: sizes.hidden.isEmpty ? nil : sizes.hidden, dropout: sizes.dropout,
            normalization: sizes.normalization)
        if case .tokens = output { throw unfit(expected, input, output) }
        guard model.name == rawValue else { throw unfit(expected, input, output) }
        return model.text
    }

    /// A model file of layers one after the other.
    func file(_ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ layers: [String]) -> String {
        "# \(input.text) -> \(output.text)\nname: \(rawValue)\nlayers:\n" + layers.map { "  - \($0)\n" }.joined()
    }

    /// - Parameter expected: what the model is for.
    func unfit(
        _ expected: String, _ input: AutomaticModel.Input, _ output: AutomaticModel.Output
    ) -> ModelFileError {
        ModelFileError(file: rawValue, problem: "is for \(expected), got \(input.text) -> \(output.text)")
    }

    /// A layer of dropout, where there is any.
    static func dropout(_ rate: Float) -> [String] { rate > 0 ? ["dropout: {rate: \(rate)}"] : [] }
}
