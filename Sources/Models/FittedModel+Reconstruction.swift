// A network that gives its input back through a narrow place, written as a model file.

extension FittedModel {
    /// Dense layers down to a short code, without activation, and the same up again (Hinton & Salakhutdinov 2006). The target
    /// is the input.
    ///
    /// Unless given: 128, and 32 for the code.
    func autoencoder(
        _ input: AutomaticModel.Input, _ output: AutomaticModel.Output, _ sizes: Sizes
    ) throws(ModelFileError) -> String {
        guard case .samples(let lengths) = input, case .inputs = output else {
            throw ModelFileError(
                file: rawValue,
                problem: "gives its input back, so that this is the target, as `target: inputs` says of pictures and "
                    + "arrays; got \(input.text) -> \(output.text)")
        }
        let hidden = sizes.hidden.isEmpty ? [128, 32] : sizes.hidden
        let wide = hidden.dropLast().map { "dense: {units: \($0), activation: relu}" }
        let code = "dense: {units: \(hidden[hidden.count - 1])}"
        let layers = (lengths.count > 1 ? ["flatten"] : []) + wide + [code] + wide.reversed()
        return file(input, output, layers + output.layers)
    }
}
