// The layers that a model file can name, with their keys. `ModelFile` makes layers through it.

import Autograd
import Layers
import Tensors

/// A kind of layer; the raw value is its name in a model file.
package enum LayerKind: String, CaseIterable {
    case activation
    case averagePooling2D = "average-pooling2d"
    case batchNormalization = "batch-normalization"
    case columnEmbedding = "column-embedding"
    case conv2D = "conv2d"
    case dense
    case dropout
    case embedding
    case flatten
    case globalAveragePooling2D = "global-average-pooling2d"
    case layerNormalization = "layer-normalization"
    case maxPooling2D = "max-pooling2d"
    case reshape

    /// The keys it takes.
    package var keys: [String] {
        switch self {
        case .activation: ["function"]
        case .averagePooling2D, .maxPooling2D: ["pool-size", "strides", "padding"]
        case .batchNormalization: ["momentum", "epsilon"]
        case .conv2D:
            [
                "filters", "kernel-size", "strides", "padding", "dilation", "groups", "activation", "use-bias",
                "kernel-initializer", "bias-initializer", "kernel-regularizer", "bias-regularizer", "kernel-constraint",
            ]
        case .columnEmbedding:
            ["numeric", "categories", "dimensions", "embeddings-initializer", "embeddings-regularizer"]
        case .dense:
            [
                "units", "activation", "use-bias", "kernel-initializer", "bias-initializer", "kernel-regularizer",
                "bias-regularizer", "kernel-constraint",
            ]
        case .dropout: ["rate"]
        case .embedding: ["input-dimension", "output-dimension", "embeddings-initializer", "embeddings-regularizer"]
        case .flatten, .globalAveragePooling2D: []
        case .layerNormalization: ["epsilon"]
        case .reshape: ["target-shape"]
        }
    }

    func makeLayer(_ options: LayerOptions) throws(ModelFileError) -> any Layer {
        switch self {
        case .activation:
            Activation(try options.choice("function"))
        case .averagePooling2D:
            AveragePooling2D(
                try options.integer("pool-size", default: 2), strides: try options.optionalInteger("strides"),
                padding: try options.choice("padding", default: .valid))
        case .batchNormalization:
            BatchNormalization(
                momentum: try options.number("momentum", default: 0.99, expected: "a number in 0 ... 1") {
                    $0 >= 0 && $0 <= 1
                },
                epsilon: try epsilon(options))
        case .columnEmbedding:
            try makeColumnEmbedding(options)
        case .conv2D:
            try makeConvolution(options)
        case .dense:
            Dense(
                try options.integer("units"), activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        case .dropout:
            Dropout(try options.number("rate", expected: "a number, at least 0 and below 1") { $0 >= 0 && $0 < 1 })
        case .embedding:
            Embedding(
                try options.integer("input-dimension"), try options.integer("output-dimension"),
                embeddingsInitializer: try options.initializer(
                    "embeddings-initializer", default: .uniform(-0.05, 0.05)),
                embeddingsRegularizer: try options.regularizer("embeddings-regularizer"))
        case .flatten:
            Flatten()
        case .globalAveragePooling2D:
            GlobalAveragePooling2D()
        case .layerNormalization:
            LayerNormalization(epsilon: try epsilon(options))
        case .maxPooling2D:
            MaxPooling2D(
                try options.integer("pool-size", default: 2), strides: try options.optionalInteger("strides"),
                padding: try options.choice("padding", default: .valid))
        case .reshape:
            Reshape(try options.lengths("target-shape"))
        }
    }

    private func makeConvolution(_ options: LayerOptions) throws(ModelFileError) -> Conv2D {
        Conv2D(
            try options.integer("filters"), kernelSize: try options.integer("kernel-size"),
            strides: try options.integer("strides", default: 1),
            padding: try options.choice("padding", default: .valid),
            dilation: try options.integer("dilation", default: 1), groups: try options.integer("groups", default: 1),
            activation: try options.choice("activation", default: .linear),
            useBias: try options.flag("use-bias", default: true),
            kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
            biasInitializer: try options.initializer("bias-initializer", default: .zeros),
            kernelRegularizer: try options.regularizer("kernel-regularizer"),
            biasRegularizer: try options.regularizer("bias-regularizer"),
            kernelConstraint: try options.constraint("kernel-constraint"))
    }

    private func makeColumnEmbedding(_ options: LayerOptions) throws(ModelFileError) -> ColumnEmbedding {
        let categories = try options.counts("categories")
        return ColumnEmbedding(
            numeric: try options.integer("numeric", default: 0, from: 0), categories: categories,
            dimensions: try options.counts("dimensions", each: categories.count),
            embeddingsInitializer: try options.initializer(
                "embeddings-initializer", default: .uniform(-0.05, 0.05)),
            embeddingsRegularizer: try options.regularizer("embeddings-regularizer"))
    }

    private func epsilon(_ options: LayerOptions) throws(ModelFileError) -> Float {
        try options.number("epsilon", default: 1e-3, expected: "a positive number") { $0 > 0 && $0.isFinite }
    }
}
