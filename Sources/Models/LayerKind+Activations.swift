// Activations with settings or parameters, and noise in training, in model files.

import Autograd
import Layers
import Tensors

extension LayerKind {
    static let activations: [LayerKind] = [
        LayerKind("celu", ["alpha"]) { (options) throws(ModelFileError) in
            CELU(alpha: try options.finite("alpha", default: 1))
        },
        LayerKind("elu", ["alpha"]) { (options) throws(ModelFileError) in
            ELU(alpha: try options.finite("alpha", default: 1))
        },
        LayerKind("gaussian-dropout", ["rate"]) { (options) throws(ModelFileError) in
            GaussianDropout(try options.rate())
        },
        LayerKind("gaussian-noise", ["stddev"]) { (options) throws(ModelFileError) in
            GaussianNoise(
                try options.number("stddev", expected: "a number, 0 or more") { $0 >= 0 && $0.isFinite })
        },
        LayerKind("glu", ["activation", "axis"]) { (options) throws(ModelFileError) in
            GLU(try options.choice("activation", default: .sigmoid), axis: try options.axis())
        },
        LayerKind("leaky-relu", ["negative-slope"]) { (options) throws(ModelFileError) in
            LeakyReLU(negativeSlope: try options.finite("negative-slope", default: 0.3))
        },
        LayerKind("log-softmax", ["axis"]) { (options) throws(ModelFileError) in LogSoftmax(axes: try options.axes()) },
        LayerKind(
            "prelu", ["alpha-initializer", "alpha-regularizer", "shared-axes"]
        ) { (options) throws(ModelFileError) in
            PReLU(
                alphaInitializer: try options.initializer("alpha-initializer", default: .zeros),
                alphaRegularizer: try options.regularizer("alpha-regularizer"),
                sharedAxes: try options.axes("shared-axes", default: []))
        },
        LayerKind("relu", ["max-value", "negative-slope", "threshold"]) { (options) throws(ModelFileError) in
            ReLU(
                maxValue: try options.nodes["max-value"].map { _ throws(ModelFileError) in
                    try options.limit("max-value")
                },
                negativeSlope: try options.limit("negative-slope", default: 0),
                threshold: try options.limit("threshold", default: 0))
        },
        LayerKind("softmax", ["axis"]) { (options) throws(ModelFileError) in Softmax(axes: try options.axes()) },
        LayerKind("spatial-dropout1d", ["rate"]) { (options) throws(ModelFileError) in
            SpatialDropout1D(try options.rate())
        },
        LayerKind("spatial-dropout2d", ["rate"]) { (options) throws(ModelFileError) in
            SpatialDropout2D(try options.rate())
        },
        LayerKind("thresholded-relu", ["theta", "value"]) { (options) throws(ModelFileError) in
            ThresholdedReLU(
                theta: try options.finite("theta", default: 1), value: try options.finite("value", default: 0))
        },
    ]
}

extension LayerOptions {
    /// The part that a dropout zeroes.
    func rate() throws(ModelFileError) -> Float {
        try number("rate", expected: "a number, at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }

    fileprivate func limit(_ key: String, default value: Float? = nil) throws(ModelFileError) -> Float {
        try number(key, default: value, expected: "a number, 0 or more") { $0 >= 0 && $0.isFinite }
    }

    fileprivate func finite(_ key: String, default value: Float) throws(ModelFileError) -> Float {
        try number(key, default: value, expected: "a number") { $0.isFinite }
    }
}
