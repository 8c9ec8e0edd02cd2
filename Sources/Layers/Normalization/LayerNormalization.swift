// Layer normalisation.

import Autograd
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and variance over some axes of each sample, the last by
/// default (Ba et al. 2016).
///
/// Input and output `[batch, ..., features]`, gamma and beta of the shape of those axes. The equivalent of
/// `keras.layers.LayerNormalization`.
public final class LayerNormalization: Layer {
    private let axes: [Int]
    package let epsilon: Float
    package let gamma: Parameter?
    package let beta: Parameter?

    /// - Parameters:
    ///   - axes: counted as in Keras: 1 is the first axis of a sample, and negative numbers count from the end.
    ///   - epsilon: positive; keeps the division finite.
    ///   - center: whether there is a beta.
    ///   - scale: whether there is a gamma.
    public init(axes: [Int] = [-1], epsilon: Float = 1e-3, center: Bool = true, scale: Bool = true) {
        self.axes = axes
        self.epsilon = epsilon
        gamma = scale ? Parameter("gamma", initializer: .ones) : nil
        beta = center ? Parameter("beta", initializer: .zeros) : nil
    }

    public var parameters: [Parameter] { [gamma, beta].compactMap { $0 } }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard epsilon > 0 else { throw ShapeError("LayerNormalization: epsilon must be positive, got \(epsilon)") }
        guard input.rank >= 1, input[-1] > 0, !axes.isEmpty else {
            throw ShapeError("LayerNormalization: expected input [..., features], got \(input)")
        }
        let lengths = try input.axes(axes, layer: "LayerNormalization").map { input[$0 - 1] }
        for parameter in parameters { try parameter.declare(Shape(lengths)) }
        return input
    }

    public var positions: PositionUse { axes == [-1] ? .sequence : .fixed }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, parameters.first)
        if self.axes == [-1], let gamma {
            return input.normalized(
                gamma: input.tape.parameter(gamma), beta: beta.map(input.tape.parameter), epsilon: epsilon)
        }
        let axes = axes.map { input.shape.index(of: $0) }.sorted()
        let centered = input - input.mean(axes: axes, keepingDimensions: true)
        let variance = centered.square.mean(axes: axes, keepingDimensions: true)
        return (centered / (variance + epsilon).sqrt).scaled(gamma, shifted: beta, axes: axes)
    }
}

extension Variable {
    /// `self * gamma + beta`, parameters of the shape of `axes` or none, ascending.
    func scaled(_ gamma: Parameter?, shifted beta: Parameter?, axes: [Int]) -> Variable {
        var lengths = Array(repeating: 1, count: shape.rank - axes[0])
        for axis in axes { lengths[axis - axes[0]] = shape[axis] }
        func spread(_ parameter: Parameter) -> Variable {
            let variable = tape.parameter(parameter)
            return lengths.count == axes.count ? variable : variable.reshaped(lengths)
        }
        let scaled = gamma.map { self * spread($0) } ?? self
        return beta.map { scaled + spread($0) } ?? scaled
    }
}
