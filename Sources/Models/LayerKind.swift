// The layers that a model file can name, with their keys: a table of makers. A family of layers adds a list of its own, in
// a file of its own; `ModelFile` makes layers through it.

import Autograd
import Layers
import Tensors

/// A kind of layer: its name in a model file, the keys it takes, and how it is made of them.
package struct LayerKind: Sendable {
    package let name: String
    package let keys: [String]
    let make: @Sendable (LayerOptions) throws(ModelFileError) -> any Layer

    init(
        _ name: String, _ keys: [String] = [],
        make: @escaping @Sendable (LayerOptions) throws(ModelFileError) -> any Layer
    ) {
        (self.name, self.keys, self.make) = (name, keys, make)
    }

    /// All of them, by name.
    package static let all: [LayerKind] = [
        core,
        convolutions,
        sequences,
        recurrent,
        attention,
        activations,
        arrangement,
        normalizations,
        merges,
    ].flatMap { $0 }.sorted { $0.name < $1.name }

}

extension LayerKind {
    /// Layers of any input.
    static let core: [LayerKind] = [
        LayerKind("activation", ["function"]) { (options) throws(ModelFileError) in
            Activation(try options.choice("function"))
        },
        LayerKind(
            "column-embedding",
            ["numeric", "categories", "dimensions", "embeddings-initializer", "embeddings-regularizer"]
        ) { (options) throws(ModelFileError) in
            let categories = try options.counts("categories")
            return ColumnEmbedding(
                numeric: try options.integer("numeric", default: 0, from: 0), categories: categories,
                dimensions: try options.counts("dimensions", each: categories.count),
                embeddingsInitializer: try options.initializer(
                    "embeddings-initializer", default: .uniform(-0.05, 0.05)),
                embeddingsRegularizer: try options.regularizer("embeddings-regularizer"))
        },
        LayerKind("dense", ["units"] + LayerOptions.kernelKeys) { (options) throws(ModelFileError) in
            Dense(
                try options.integer("units"), activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros),
                kernelRegularizer: try options.regularizer("kernel-regularizer"),
                biasRegularizer: try options.regularizer("bias-regularizer"),
                kernelConstraint: try options.constraint("kernel-constraint"))
        },
        LayerKind("dropout", ["rate"]) { (options) throws(ModelFileError) in
            Dropout(try options.rate())
        },
        LayerKind(
            "embedding",
            ["input-dimension", "output-dimension", "embeddings-initializer", "embeddings-regularizer", "mask-zero"]
        ) { (options) throws(ModelFileError) in
            Embedding(
                try options.integer("input-dimension"), try options.integer("output-dimension"),
                embeddingsInitializer: try options.initializer(
                    "embeddings-initializer", default: .uniform(-0.05, 0.05)),
                embeddingsRegularizer: try options.regularizer("embeddings-regularizer"),
                maskZero: try options.flag("mask-zero", default: false))
        },
        LayerKind("flatten") { (_) throws(ModelFileError) in Flatten() },
        LayerKind("reshape", ["target-shape"]) { (options) throws(ModelFileError) in
            Reshape(try options.lengths("target-shape"))
        },
    ]
}

extension LayerOptions {
    /// What layers with a kernel and a bias have in common.
    static let kernelKeys = [
        "activation", "use-bias", "kernel-initializer", "bias-initializer", "kernel-regularizer", "bias-regularizer",
        "kernel-constraint",
    ]

    func epsilon(default value: Float = 1e-3) throws(ModelFileError) -> Float {
        try number("epsilon", default: value, expected: "a positive number") { $0 > 0 && $0.isFinite }
    }
}
