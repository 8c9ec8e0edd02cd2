// Layer normalisation.

import Autograd
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and variance over the last axis of each position
/// (Ba et al. 2016).
///
/// Input and output `[batch, ..., features]`, gamma and beta `[features]`. The equivalent of
/// `keras.layers.LayerNormalization`.
public final class LayerNormalization: Layer {
    package let epsilon: Float
    package let gamma: Parameter
    package let beta: Parameter

    /// - Parameter epsilon: positive; keeps the division finite.
    public init(epsilon: Float = 1e-3) {
        self.epsilon = epsilon
        gamma = Parameter("gamma", initializer: .ones)
        beta = Parameter("beta", initializer: .zeros)
    }

    public var parameters: [Parameter] { [gamma, beta] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard epsilon > 0 else { throw ShapeError("LayerNormalization: epsilon must be positive, got \(epsilon)") }
        guard input.rank >= 1, input[-1] > 0 else {
            throw ShapeError("LayerNormalization: expected input [..., features], got \(input)")
        }
        try gamma.declare([input[-1]])
        try beta.declare([input[-1]])
        return input
    }

    public var positions: PositionUse { .sequence }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, gamma)
        let tape = input.tape
        let centered = input - input.mean(axes: [-1], keepingDimensions: true)
        let variance = centered.square.mean(axes: [-1], keepingDimensions: true)
        return centered / (variance + epsilon).sqrt * tape.parameter(gamma) + tape.parameter(beta)
    }
}
