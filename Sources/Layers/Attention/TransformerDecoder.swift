// A language model of transformer blocks: GPT.

import Autograd
import Tensors

/// From numbers of tokens to the logits of what follows each: token and position embeddings, causal transformer blocks, a
/// normalisation, and an output that shares the embedding's table if `tied` (GPT-2, Radford et al. 2019).
///
/// Input `[batch, positions]` of whole numbers below `vocabulary`, at most `length` positions; output
/// `[batch, positions, vocabulary]`. First weights are normal with deviation 0.02, those of the kernels whose results are
/// added to the residual stream 0.02 / sqrt(2 layers).
public final class TransformerDecoder: Layer {
    package let vocabulary: Int
    /// The most positions.
    package let length: Int
    private let layers: Int
    private let embedding: Embedding
    private let positionEmbedding: PositionEmbedding
    private let dropout: Dropout
    private let blocks: [TransformerBlock]
    private let norm: LayerNormalization
    private let output: any Layer

    /// - Parameters:
    ///   - layers: the number of blocks.
    ///   - width: the features of a position.
    ///   - useBias: whether dense layers and normalisations have biases.
    public init(
        vocabulary: Int, length: Int, layers: Int, heads: Int, width: Int, dropout: Float = 0, tied: Bool = true,
        useBias: Bool = false
    ) {
        (self.vocabulary, self.length, self.layers) = (vocabulary, length, layers)
        embedding = Embedding(vocabulary, width, embeddingsInitializer: .normal(0.02))
        positionEmbedding = PositionEmbedding(length, embeddingsInitializer: .normal(0.02))
        self.dropout = Dropout(dropout)
        blocks = (0..<layers).map { _ in
            TransformerBlock(
                heads: heads, width: width, dropout: dropout, causal: true, useBias: useBias,
                kernelInitializer: .normal(0.02),
                outputInitializer: .normal(0.02 / (2 * Float(layers)).squareRoot()))
        }
        norm = LayerNormalization(epsilon: 1e-5, center: useBias)
        output =
            tied
            ? TiedDense(embedding, useBias: false) : Dense(vocabulary, useBias: false, kernelInitializer: .normal(0.02))
    }

    public var positions: PositionUse { .sequence }
    public var indexLimit: Int? { embedding.indexLimit }

    private var chain: [(String, any Layer)] {
        [("embedding", embedding), ("position_embedding", positionEmbedding), ("dropout", dropout)]
            + blocks.enumerated().map { ("block_\($0.offset)", $0.element) } + [("norm", norm), ("output", output)]
    }

    public var children: [(String, any Layer)] { chain }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard layers > 0 else { throw ShapeError("TransformerDecoder: layers must be positive, got \(layers)") }
        guard input.rank == 1 else {
            throw ShapeError("TransformerDecoder: expected input [positions] of numbers of tokens, got \(input)")
        }
        var shape = input
        for (name, layer) in chain {
            do { shape = try layer.build(shape) } catch { throw ShapeError("\(name): \(error)") }
        }
        return shape
    }

    public func call(_ input: Variable) -> Variable {
        chain.reduce(input) { $1.1($0) }
    }
}
