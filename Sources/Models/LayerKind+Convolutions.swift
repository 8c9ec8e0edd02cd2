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
        LayerKind(
            "conv2d-transpose",
            transposedKeys + LayerOptions.kernelKeys
        ) { (options) throws(ModelFileError) in
            Conv2DTranspose(
                try options.integer("filters"), kernelSize: try options.pair("kernel-size"),
                strides: try options.pair("strides", default: 1), padding: try options.padding(),
                outputPadding: try options.optionalPair("output-padding", from: 0),
                dilation: try options.pair("dilation", default: 1), groups: try options.integer("groups", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        },
        LayerKind("depthwise-conv2d", depthwiseKeys) { (options) throws(ModelFileError) in
            DepthwiseConv2D(
                kernelSize: try options.pair("kernel-size"), strides: try options.pair("strides", default: 1),
                padding: try options.padding(), depthMultiplier: try options.integer("depth-multiplier", default: 1),
                dilation: try options.pair("dilation", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                depthwiseInitializer: try options.initializer("depthwise-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                depthwiseRegularizer: try options.regularizer("depthwise-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("global-average-pooling2d", ["keepdims"]) { (options) throws(ModelFileError) in
            GlobalAveragePooling2D(keepingDimensions: try options.flag("keepdims", default: false))
        },
        LayerKind("global-max-pooling2d", ["keepdims"]) { (options) throws(ModelFileError) in
            GlobalMaxPooling2D(keepingDimensions: try options.flag("keepdims", default: false))
        },
        LayerKind("max-pooling2d", poolingKeys) { (options) throws(ModelFileError) in
            MaxPooling2D(
                try options.pair("pool-size", default: 2), strides: try options.optionalPair("strides"),
                padding: try options.padding(), ceilMode: try options.flag("ceil-mode", default: false))
        },
        LayerKind(
            "separable-conv2d", ["filters", "pointwise-initializer", "pointwise-regularizer"] + depthwiseKeys
        ) { (options) throws(ModelFileError) in
            SeparableConv2D(
                try options.integer("filters"), kernelSize: try options.pair("kernel-size"),
                strides: try options.pair("strides", default: 1), padding: try options.padding(),
                depthMultiplier: try options.integer("depth-multiplier", default: 1),
                dilation: try options.pair("dilation", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                depthwiseInitializer: try options.initializer("depthwise-initializer", default: .glorotUniform),
                pointwiseInitializer: try options.initializer("pointwise-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                depthwiseRegularizer: try options.regularizer("depthwise-regularizer"),
                pointwiseRegularizer: try options.regularizer("pointwise-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
    ]

    static let transposedKeys = [
        "filters", "kernel-size", "strides", "padding", "output-padding", "dilation", "groups",
    ]
    static let depthwiseKeys = [
        "kernel-size", "strides", "padding", "depth-multiplier", "dilation", "activation", "use-bias",
        "depthwise-initializer", "bias-initializer", "depthwise-regularizer", "bias-regularizer",
    ]
    private static let poolingKeys = ["pool-size", "strides", "padding", "ceil-mode"]
}
