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
    package let beta: Parameter?

    /// - Parameters:
    ///   - epsilon: positive; keeps the division finite.
    ///   - center: whether beta is added.
    public init(epsilon: Float = 1e-3, center: Bool = true) {
        self.epsilon = epsilon
        gamma = Parameter("gamma", initializer: .ones)
        beta = center ? Parameter("beta", initializer: .zeros) : nil
    }

    public var parameters: [Parameter] { beta.map { [gamma, $0] } ?? [gamma] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard epsilon > 0 else { throw ShapeError("LayerNormalization: epsilon must be positive, got \(epsilon)") }
        guard input.rank >= 1, input[-1] > 0 else {
            throw ShapeError("LayerNormalization: expected input [..., features], got \(input)")
        }
        try gamma.declare([input[-1]])
        try beta?.declare([input[-1]])
        return input
    }

    public var positions: PositionUse { .sequence }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, gamma)
        return input.normalized(
            gamma: input.tape.parameter(gamma), beta: beta.map(input.tape.parameter), epsilon: epsilon)
    }
}
