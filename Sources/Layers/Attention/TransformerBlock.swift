// Attention and two dense layers, each with a residual connection: what transformers repeat.

import Autograd
import Tensors

/// y = x + attention(norm(x)), then y + mlp(norm(y)), where the mlp is two dense layers with an activation between
/// (GPT-2, Radford et al. 2019); with `normFirst` false norm(x + attention(x)), then norm(y + mlp(y)) (Vaswani et al.
/// 2017).
///
/// Input and output `[batch, positions, width]`. Dropout in training goes to the attention's weights and to what is added.
public final class TransformerBlock: Layer {
    package let width: Int
    package let heads: Int
    private let normFirst: Bool
    private let activation: ActivationFunction
    private let attentionNorm: LayerNormalization
    package let attention: MultiHeadAttention
    private let mlpNorm: LayerNormalization
    private let expansion: Dense
    private let contraction: Dense
    private let dropout: Dropout

    /// - Parameters:
    ///   - heads: how many; each has width / heads features.
    ///   - width: the features of a position.
    ///   - multiplier: how many times wider the space between the two dense layers is.
    ///   - causal: whether a position sees no later one.
    ///   - useBias: whether dense layers and normalisations have biases.
    ///   - outputInitializer: that of the kernels whose results are added to x; `kernelInitializer` unless given.
    public init(
        heads: Int, width: Int, multiplier: Int = 4, dropout: Float = 0, causal: Bool = false, normFirst: Bool = true,
        activation: ActivationFunction = .gelu, useBias: Bool = true, epsilon: Float = 1e-5,
        kernelInitializer: Initializer = .glorotUniform, outputInitializer: Initializer? = nil
    ) {
        (self.width, self.heads, self.normFirst, self.activation) = (width, heads, normFirst, activation)
        attentionNorm = LayerNormalization(epsilon: epsilon, center: useBias)
        attention = MultiHeadAttention(
            heads: heads, keyDimension: width / max(1, heads), useBias: useBias, dropout: dropout, causal: causal,
            kernelInitializer: kernelInitializer, outputInitializer: outputInitializer)
        mlpNorm = LayerNormalization(epsilon: epsilon, center: useBias)
        expansion = Dense(
            multiplier * width, activation: activation, useBias: useBias, kernelInitializer: kernelInitializer)
        contraction = Dense(width, useBias: useBias, kernelInitializer: outputInitializer ?? kernelInitializer)
        self.dropout = Dropout(dropout)
    }

    public var positions: PositionUse { .sequence }
    public var children: [(String, any Layer)] {
        [
            ("attention_norm", attentionNorm), ("attention", attention), ("mlp_norm", mlpNorm),
            ("expansion", expansion), ("contraction", contraction), ("dropout", dropout),
        ]
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard heads > 0, width % heads == 0 else {
            throw ShapeError("TransformerBlock: \(heads) heads do not divide a width of \(width)")
        }
        guard activation != .softmax else {
            throw ShapeError("TransformerBlock: softmax is no activation between dense layers")
        }
        guard input.rank == 2, input[-1] == width else {
            throw ShapeError("TransformerBlock: expected input [positions, \(width)], got \(input)")
        }
        for norm in [attentionNorm, mlpNorm] { _ = try norm.build(input) }
        _ = try attention.build(input)
        _ = try dropout.build(input)
        return try contraction.build(expansion.build(input))
    }

    public func call(_ input: Variable) -> Variable {
        if normFirst {
            let middle = input + dropout(attention(attentionNorm(input)))
            return middle + dropout(contraction(expansion(mlpNorm(middle))))
        }
        let middle = attentionNorm(input + dropout(attention(input)))
        return mlpNorm(middle + dropout(contraction(expansion(middle))))
    }
}
