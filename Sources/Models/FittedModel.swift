// The built-in models that fit the data they are trained on, written as model files. A family of models adds its cases
// here, and its text in a file of its own.

/// An architecture for samples and targets of many shapes; the raw value is its name on the command line.
package enum FittedModel: String, Sendable, CaseIterable {
    /// Residual networks for small pictures (He et al. 2015): see `ResidualNetwork`.
    case resnet20, resnet32, resnet44, resnet56

    /// The model file for what is to be learned.
    package func text(_ output: AutomaticModel.Output) -> String {
        switch self {
        case .resnet20: ResidualNetwork(depth: 20, output).text
        case .resnet32: ResidualNetwork(depth: 32, output).text
        case .resnet44: ResidualNetwork(depth: 44, output).text
        case .resnet56: ResidualNetwork(depth: 56, output).text
        }
    }
}
