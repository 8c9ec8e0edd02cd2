// Convolution and pooling of sequences in model files.

import Autograd
import Layers
import Tensors

extension LayerKind {
    static let sequences: [LayerKind] = [
        LayerKind("average-pooling1d", poolingKeys + ["count-include-pad"]) { (options) throws(ModelFileError) in
            AveragePooling1D(
                try options.integer("pool-size", default: 2), strides: try options.optionalInteger("strides"),
                padding: try options.sequencePadding(), ceilMode: try options.flag("ceil-mode", default: false),
                countsPadding: try options.flag("count-include-pad", default: false))
        },
        LayerKind(
            "conv1d",
            ["filters", "kernel-size", "strides", "padding", "dilation", "groups"] + LayerOptions.kernelKeys
        ) { (options) throws(ModelFileError) in
            Conv1D(
                try options.integer("filters"), kernelSize: try options.integer("kernel-size"),
                strides: try options.integer("strides", default: 1),
                padding: try options.sequencePadding(isCausal: true),
                dilation: try options.integer("dilation", default: 1),
                groups: try options.integer("groups", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        },
        LayerKind("conv1d-transpose", transposedKeys + LayerOptions.kernelKeys) { (options) throws(ModelFileError) in
            Conv1DTranspose(
                try options.integer("filters"), kernelSize: try options.integer("kernel-size"),
                strides: try options.integer("strides", default: 1), padding: try options.sequencePadding(),
                outputPadding: try options.nodes["output-padding"].map { _ throws(ModelFileError) in
                    try options.integer("output-padding", from: 0)
                },
                dilation: try options.integer("dilation", default: 1),
                groups: try options.integer("groups", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        },
        LayerKind("depthwise-conv1d", depthwiseKeys) { (options) throws(ModelFileError) in
            DepthwiseConv1D(
                kernelSize: try options.integer("kernel-size"), strides: try options.integer("strides", default: 1),
                padding: try options.sequencePadding(isCausal: true),
                depthMultiplier: try options.integer("depth-multiplier", default: 1),
                dilation: try options.integer("dilation", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                depthwiseInitializer: try options.initializer("depthwise-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                depthwiseRegularizer: try options.regularizer("depthwise-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("global-average-pooling1d", ["keepdims"]) { (options) throws(ModelFileError) in
            GlobalAveragePooling1D(keepingDimensions: try options.flag("keepdims", default: false))
        },
        LayerKind("global-max-pooling1d", ["keepdims"]) { (options) throws(ModelFileError) in
            GlobalMaxPooling1D(keepingDimensions: try options.flag("keepdims", default: false))
        },
        LayerKind(
            "separable-conv1d", ["filters", "pointwise-initializer", "pointwise-regularizer"] + depthwiseKeys
        ) { (options) throws(ModelFileError) in
            SeparableConv1D(
                try options.integer("filters"), kernelSize: try options.integer("kernel-size"),
                strides: try options.integer("strides", default: 1),
                padding: try options.sequencePadding(isCausal: true),
                depthMultiplier: try options.integer("depth-multiplier", default: 1),
                dilation: try options.integer("dilation", default: 1),
                activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                depthwiseInitializer: try options.initializer("depthwise-initializer", default: .glorotUniform),
                pointwiseInitializer: try options.initializer("pointwise-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                depthwiseRegularizer: try options.regularizer("depthwise-regularizer"),
                pointwiseRegularizer: try options.regularizer("pointwise-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"))
        },
        LayerKind("max-pooling1d", poolingKeys) { (options) throws(ModelFileError) in
            MaxPooling1D(
                try options.integer("pool-size", default: 2), strides: try options.optionalInteger("strides"),
                padding: try options.sequencePadding(), ceilMode: try options.flag("ceil-mode", default: false))
        },
    ]

    private static let poolingKeys = ["pool-size", "strides", "padding", "ceil-mode"]
}
