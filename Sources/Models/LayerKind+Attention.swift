// Attention, positions and transformers in model files.

import Autograd
import Layers
import Tensors

extension LayerKind {
    static let attention: [LayerKind] = [
        LayerKind(
            "multi-head-attention",
            [
                "heads", "key-dimension", "value-dimension", "use-bias", "dropout", "causal", "output-dimension",
                "takes-mask", "kernel-initializer", "bias-initializer",
            ]
        ) { (options) throws(ModelFileError) in
            MultiHeadAttention(
                heads: try options.integer("heads"), keyDimension: try options.integer("key-dimension"),
                valueDimension: try options.optionalInteger("value-dimension"),
                useBias: try options.flag("use-bias", default: true), dropout: try options.dropout(),
                causal: try options.flag("causal", default: false),
                outputDimension: try options.optionalInteger("output-dimension"),
                takesMask: try options.flag("takes-mask", default: false),
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform),
                biasInitializer: try options.initializer("bias-initializer", default: .zeros))
        },
        LayerKind("position-embedding", ["length", "embeddings-initializer"]) { (options) throws(ModelFileError) in
            PositionEmbedding(
                try options.integer("length"),
                embeddingsInitializer: try options.initializer("embeddings-initializer", default: .glorotUniform))
        },
        LayerKind("sinusoidal-positions") { (_) throws(ModelFileError) in SinusoidalPositions() },
        LayerKind(
            "transformer-block",
            [
                "heads", "width", "multiplier", "dropout", "causal", "norm-first", "activation", "use-bias", "epsilon",
                "kernel-initializer",
            ]
        ) { (options) throws(ModelFileError) in
            TransformerBlock(
                heads: try options.integer("heads"), width: try options.integer("width"),
                multiplier: try options.integer("multiplier", default: 4), dropout: try options.dropout(),
                causal: try options.flag("causal", default: false),
                normFirst: try options.flag("norm-first", default: true),
                activation: try options.choice("activation", default: .gelu),
                useBias: try options.flag("use-bias", default: true),
                epsilon: try options.number("epsilon", default: 1e-5, expected: "a positive number") {
                    $0 > 0 && $0.isFinite
                },
                kernelInitializer: try options.initializer("kernel-initializer", default: .glorotUniform))
        },
        LayerKind(
            "transformer-decoder",
            ["vocabulary", "length", "layers", "heads", "width", "dropout", "tied", "use-bias"]
        ) { (options) throws(ModelFileError) in
            TransformerDecoder(
                vocabulary: try options.integer("vocabulary"), length: try options.integer("length"),
                layers: try options.integer("layers", to: 1000), heads: try options.integer("heads"),
                width: try options.integer("width"), dropout: try options.dropout(),
                tied: try options.flag("tied", default: true), useBias: try options.flag("use-bias", default: false))
        },
    ]
}

extension LayerOptions {
    /// A rate of dropout, 0 unless given.
    fileprivate func dropout() throws(ModelFileError) -> Float {
        try number("dropout", default: 0, expected: "a number, at least 0 and below 1") { $0 >= 0 && $0 < 1 }
    }
}
