// Recurrent layers, and layers around others, in model files.

import Autograd
import Layers
import Yams

extension LayerKind {
    static let recurrent: [LayerKind] = [
        LayerKind("bidirectional", ["layer", "merge-mode"]) { (options) throws(ModelFileError) in
            let mergeMode: Bidirectional.MergeMode = try options.choice("merge-mode", default: .concat)
            return Bidirectional(try options.recurrentLayer("layer"), mergeMode: mergeMode)
        },
        LayerKind("gru", recurrentKeys + ["recurrent-activation", "reset-after"]) { (options) throws(ModelFileError) in
            GRU(
                try options.integer("units"), returnSequences: try options.flag("return-sequences", default: false),
                goBackwards: try options.flag("go-backwards", default: false),
                activation: try options.gate("activation", default: .tanh),
                recurrentActivation: try options.gate("recurrent-activation", default: .sigmoid),
                useBias: try options.flag("use-bias", default: true),
                resetAfter: try options.flag("reset-after", default: true), dropout: try options.dropout("dropout"),
                recurrentDropout: try options.dropout("recurrent-dropout"),
                zeroOutputForMask: try options.flag("zero-output-for-mask", default: false),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                recurrentInitializer: try options.initializer("recurrent-initializer", default: .orthogonal),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                recurrentRegularizer: try options.regularizer("recurrent-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("lstm", recurrentKeys + ["recurrent-activation", "unit-forget-bias"]) {
            (options) throws(ModelFileError) in
            LSTM(
                try options.integer("units"), returnSequences: try options.flag("return-sequences", default: false),
                goBackwards: try options.flag("go-backwards", default: false),
                activation: try options.gate("activation", default: .tanh),
                recurrentActivation: try options.gate("recurrent-activation", default: .sigmoid),
                useBias: try options.flag("use-bias", default: true),
                unitForgetBias: try options.flag("unit-forget-bias", default: true),
                dropout: try options.dropout("dropout"), recurrentDropout: try options.dropout("recurrent-dropout"),
                zeroOutputForMask: try options.flag("zero-output-for-mask", default: false),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                recurrentInitializer: try options.initializer("recurrent-initializer", default: .orthogonal),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                recurrentRegularizer: try options.regularizer("recurrent-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("masking", ["mask-value"]) { (options) throws(ModelFileError) in
            Masking(
                maskValue: try options.number("mask-value", default: 0, expected: "a finite number") { $0.isFinite })
        },
        LayerKind("simple-rnn", recurrentKeys) { (options) throws(ModelFileError) in
            SimpleRNN(
                try options.integer("units"), returnSequences: try options.flag("return-sequences", default: false),
                goBackwards: try options.flag("go-backwards", default: false),
                activation: try options.gate("activation", default: .tanh),
                useBias: try options.flag("use-bias", default: true), dropout: try options.dropout("dropout"),
                recurrentDropout: try options.dropout("recurrent-dropout"),
                zeroOutputForMask: try options.flag("zero-output-for-mask", default: false),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                recurrentInitializer: try options.initializer("recurrent-initializer", default: .orthogonal),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                recurrentRegularizer: try options.regularizer("recurrent-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("time-distributed", ["layer"]) { (options) throws(ModelFileError) in
            TimeDistributed(try options.layer("layer"))
        },
    ]

    /// What recurrent layers have in common.
    private static let recurrentKeys = [
        "units", "return-sequences", "go-backwards", "activation", "use-bias", "dropout", "recurrent-dropout",
        "zero-output-for-mask", "kernel-initializer", "recurrent-initializer", "bias-initializer", "kernel-regularizer",
        "recurrent-regularizer", "bias-regularizer",
    ]
}

extension LayerOptions {
    /// A layer within a layer: `flatten` or `dense: {units: 10}`.
    func layer(_ key: String) throws(ModelFileError) -> any Layer {
        guard let node = nodes[key] else { throw missing(key, "a layer, such as {dense: {units: 10}}") }
        return try ModelFileParser(file: file, registry: .standard).layer(node)
    }

    fileprivate func recurrentLayer(_ key: String) throws(ModelFileError) -> any RecurrentLayer {
        let expected = "a simple-rnn, lstm or gru that goes forwards"
        guard let node = nodes[key] else { throw missing(key, expected + ", such as {lstm: {units: 64}}") }
        guard let layer = try layer(key) as? any RecurrentLayer, !layer.goBackwards else {
            throw wrong(key, node, expected)
        }
        return layer
    }

    fileprivate func dropout(_ key: String) throws(ModelFileError) -> Float {
        try number(key, default: 0, expected: "a number, at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }

    /// One of the activations that recurrent cells can have.
    fileprivate func gate(_ key: String, default value: ActivationFunction) throws(ModelFileError) -> ActivationFunction
    {
        guard let node = nodes[key] else { return value }
        guard let function = node.string.flatMap(ActivationFunction.init(rawValue:)),
            RecurrentActivations.all.contains(function)
        else { throw wrong(key, node, "one of " + RecurrentActivations.all.map(\.rawValue).joined(separator: ", ")) }
        return function
    }
}
