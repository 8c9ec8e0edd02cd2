// Activation functions with a setting or parameters of their own, as layers.

import Autograd
import Tensors

/// x where x > 0, else `negativeSlope` x. The equivalent of `keras.layers.LeakyReLU`.
public final class LeakyReLU: Layer {
    package let negativeSlope: Float

    public init(negativeSlope: Float = 0.3) { self.negativeSlope = negativeSlope }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { input }
    public var positions: PositionUse { .sequence }
    public func call(_ input: Variable) -> Variable { input.leakyReLU(negativeSlope: negativeSlope) }
}

/// x where x > 0, else alpha (exp(x) - 1). The equivalent of `keras.layers.ELU`.
public final class ELU: Layer {
    package let alpha: Float

    public init(alpha: Float = 1) { self.alpha = alpha }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { input }
    public var positions: PositionUse { .sequence }
    public func call(_ input: Variable) -> Variable { input.elu(alpha: alpha) }
}

/// x where x > 0, else alpha (exp(x / alpha) - 1) (Barron 2017). The equivalent of `torch.nn.CELU`.
public final class CELU: Layer {
    package let alpha: Float

    public init(alpha: Float = 1) { self.alpha = alpha }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard alpha != 0 else { throw ShapeError("CELU: alpha must not be 0") }
        return input
    }
    public var positions: PositionUse { .sequence }
    public func call(_ input: Variable) -> Variable { input.celu(alpha: alpha) }
}

/// x where x > theta, else 0. The equivalent of Keras 2's `ThresholdedReLU`.
public final class ThresholdedReLU: Layer {
    package let theta: Float

    public init(theta: Float = 1) { self.theta = theta }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { input }
    public var positions: PositionUse { .sequence }
    public func call(_ input: Variable) -> Variable { input.thresholdedReLU(theta: theta) }
}

/// exp(x) / sum(exp(x)) over one axis. The equivalent of `keras.layers.Softmax`.
public final class Softmax: Layer {
    package let axis: Int

    /// - Parameter axis: as in Keras: 0 is the batch, and negative numbers count from the end.
    public init(axis: Int = -1) { self.axis = axis }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        _ = try input.axes([axis], layer: "Softmax")
        return input
    }

    public var positions: PositionUse { axis == -1 ? .sequence : .fixed }
    public func call(_ input: Variable) -> Variable { input.softmax(axis: axis) }
}

/// x where x > 0, else alpha x with a learned alpha for each element of a sample (He et al. 2015).
///
/// Input and output `[batch, a, b, ...]`, alpha `[a, b, ...]`, of length 1 along shared axes. The equivalent of
/// `keras.layers.PReLU`.
public final class PReLU: Layer {
    package let sharedAxes: [Int]
    package let alpha: Parameter

    /// - Parameter sharedAxes: along which one alpha serves all, counted as in Keras from 1, the first axis of a sample:
    ///   `[1, 2]` for one alpha a channel of an image.
    public init(
        alphaInitializer: Initializer = .zeros, alphaRegularizer: Regularizer? = nil, sharedAxes: [Int] = []
    ) {
        self.sharedAxes = sharedAxes
        alpha = Parameter("alpha", initializer: alphaInitializer, regularizer: alphaRegularizer)
    }

    public var parameters: [Parameter] { [alpha] }
    public var positions: PositionUse { sharedAxes.contains(1) ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        var lengths = input.dimensions
        for axis in try input.axes(sharedAxes, layer: "PReLU") { lengths[axis - 1] = 1 }
        try alpha.declare(Shape(lengths))
        return input
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, alpha)
        let negative = input.clamped(-.infinity, 0) * input.tape.parameter(alpha)
        return (input.relu + negative).marked(.function("prelu"))
    }
}

/// One half of the last axis times a function of the other: a gate (Dauphin et al. 2017; Shazeer 2020).
///
/// Input `[batch, ..., 2 n]`, output `[batch, ..., n]`: x[0 ..< n] gate(x[n ..< 2 n]). With the sigmoid as gate the
/// equivalent of `keras.activations.glu` and `torch.nn.GLU`; with silu SwiGLU, with gelu GEGLU.
public final class GLU: Layer {
    package let gate: ActivationFunction

    public init(_ gate: ActivationFunction = .sigmoid) { self.gate = gate }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank >= 1, input[-1] > 0, input[-1] % 2 == 0 else {
            throw ShapeError("GLU(\(gate.rawValue)): expected input [..., an even number of features], got \(input)")
        }
        return Shape(input.dimensions.dropLast() + [input[-1] / 2])
    }

    public func call(_ input: Variable) -> Variable {
        let half = input.shape[-1] / 2
        let value = input.sliced(axis: -1, 0..<half)
        return (value * gate(input.sliced(axis: -1, half..<(2 * half)))).marked(.unknown)
    }
}

extension Shape {
    /// Axes of a batch of this sample, counted as in Keras: 0 is the batch, which none may be, and negative numbers count
    /// from the end. In order.
    func axes(_ given: [Int], layer: String) throws(ShapeError) -> [Int] {
        let axes = given.map { $0 < 0 ? $0 + rank + 1 : $0 }.sorted()
        guard axes.allSatisfy({ (1...max(1, rank)).contains($0) }), Set(axes).count == axes.count,
            rank > 0 || axes.isEmpty
        else {
            throw ShapeError("\(layer): expected axes of input \(self), 1 to \(rank), or from -1 back, got \(given)")
        }
        return axes
    }
}
