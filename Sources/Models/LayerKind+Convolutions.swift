// Convolution and pooling of images in model files.

import Autograd
import Layers
import Tensors

extension LayerKind {
    static let convolutions: [LayerKind] = [
        LayerKind("average-pooling2d", poolingKeys + ["count-include-pad"]) { (options) throws(ModelFileError) in
            AveragePooling2D(
                try options.pair("pool-size", default: 2), strides: try options.optionalPair("strides"),
                padding: try options.padding(), ceilMode: try options.flag("ceil-mode", default: false),
                countsPadding: try options.flag("count-include-pad", default: false))
        },
        LayerKind(
            "conv2d",
            ["filters", "kernel-size", "strides", "padding", "dilation", "groups"] + LayerOptions.kernelKeys
        ) { (options) throws(ModelFileError) in
            Conv2D(
                try options.integer("filters"), kernelSize: try options.pair("kernel-size"),
                strides: try options.pair("strides", default: 1), padding: try options.padding(),
                dilation: try options.pair("dilation", default: 1), groups: try options.integer("groups", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        },
        LayerKind("global-average-pooling2d") { (_) throws(ModelFileError) in GlobalAveragePooling2D() },
        LayerKind("max-pooling2d", poolingKeys) { (options) throws(ModelFileError) in
            MaxPooling2D(
                try options.pair("pool-size", default: 2), strides: try options.optionalPair("strides"),
                padding: try options.padding(), ceilMode: try options.flag("ceil-mode", default: false))
        },
    ]

    private static let poolingKeys = ["pool-size", "strides", "padding", "ceil-mode"]
}
