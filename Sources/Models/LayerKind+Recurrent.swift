// Recurrent layers, and layers around others, in model files.

import Autograd
import Layers
import Yams

extension LayerKind {
    static let recurrent: [LayerKind] = [
        LayerKind("bidirectional", ["layer", "backward-layer", "merge-mode"]) { (options) throws(ModelFileError) in
            let backward =
                options.nodes["backward-layer"] == nil
                ? nil : try options.recurrentLayer("backward-layer", goesBackwards: true)
            return Bidirectional(
                try options.recurrentLayer("layer"), backwardLayer: backward,
                mergeMode: try options.choice("merge-mode", default: .concat))
        },
        LayerKind("gru", recurrentKeys + ["recurrent-activation", "reset-after"]) { (options) throws(ModelFileError) in
            let resetAfter = try options.flag("reset-after", default: true)
            return GRU(try options.recurrent(.gru(options.integer("units"), resetAfter: resetAfter)))
        },
        LayerKind("lstm", recurrentKeys + ["recurrent-activation", "unit-forget-bias"]) {
            (options) throws(ModelFileError) in
            var settings = try options.recurrent(.lstm(options.integer("units")))
            if try options.flag("unit-forget-bias", default: true) {
                settings.biasInitializer = .unitForgetBias(settings.biasInitializer)
            }
            return LSTM(settings)
        },
        LayerKind("masking", ["mask-value"]) { (options) throws(ModelFileError) in
            Masking(
                maskValue: try options.number("mask-value", default: 0, expected: "a finite number") { $0.isFinite })
        },
        LayerKind("simple-rnn", recurrentKeys) { (options) throws(ModelFileError) in
            SimpleRNN(try options.recurrent(.simpleRNN(options.integer("units"))))
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
        return try ModelFileParser(file: file, registry: registry).layer(node)
    }

    /// The settings that recurrent layers have in common, where the file says them.
    fileprivate func recurrent(_ defaults: RecurrentOptions) throws(ModelFileError) -> RecurrentOptions {
        var settings = defaults
        settings.returnSequences = try flag("return-sequences", default: settings.returnSequences)
        settings.goBackwards = try flag("go-backwards", default: settings.goBackwards)
        settings.activation = try choice("activation", default: settings.activation)
        settings.recurrentActivation = try choice("recurrent-activation", default: settings.recurrentActivation)
        settings.useBias = try flag("use-bias", default: settings.useBias)
        settings.dropout = try dropout("dropout")
        settings.recurrentDropout = try dropout("recurrent-dropout")
        settings.zeroOutputForMask = try flag("zero-output-for-mask", default: settings.zeroOutputForMask)
        settings.kernelInitializer = try initializer("kernel-initializer", default: settings.kernelInitializer)
        settings.recurrentInitializer = try initializer("recurrent-initializer", default: settings.recurrentInitializer)
        settings.biasInitializer = try initializer("bias-initializer", default: settings.biasInitializer)
        settings.kernelRegularizer = try regularizer("kernel-regularizer")
        settings.recurrentRegularizer = try regularizer("recurrent-regularizer")
        settings.biasRegularizer = try regularizer("bias-regularizer")
        return settings
    }

    fileprivate func recurrentLayer(
        _ key: String, goesBackwards: Bool = false
    ) throws(ModelFileError) -> any RecurrentLayer {
        let expected = "a simple-rnn, lstm or gru that goes \(goesBackwards ? "backwards" : "forwards")"
        guard let node = nodes[key] else { throw missing(key, expected + ", such as {lstm: {units: 64}}") }
        guard let layer = try layer(key) as? any RecurrentLayer, layer.goBackwards == goesBackwards else {
            throw wrong(key, node, expected)
        }
        return layer
    }

    fileprivate func dropout(_ key: String) throws(ModelFileError) -> Float {
        try number(key, default: 0, expected: "a number, at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }
}
