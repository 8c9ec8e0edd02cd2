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

/// x where x > theta, else `value`. The equivalent of Keras 2's `ThresholdedReLU` and of `torch.nn.Threshold`.
public final class ThresholdedReLU: Layer {
    package let theta: Float
    private let value: Float

    public init(theta: Float = 1, value: Float = 0) { (self.theta, self.value) = (theta, value) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { input }
    public var positions: PositionUse { .sequence }
    public func call(_ input: Variable) -> Variable { input.thresholdedReLU(theta: theta, value: value) }
}

/// x above the threshold, at most `maxValue`; below the threshold `negativeSlope` (x - threshold). The equivalent of
/// `keras.layers.ReLU`.
public final class ReLU: Layer {
    private let maxValue: Float?
    private let negativeSlope: Float
    private let threshold: Float

    /// - Parameter maxValue: nil for no limit.
    public init(maxValue: Float? = nil, negativeSlope: Float = 0, threshold: Float = 0) {
        (self.maxValue, self.negativeSlope, self.threshold) = (maxValue, negativeSlope, threshold)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard maxValue ?? 0 >= 0, negativeSlope >= 0, threshold >= 0 else {
            throw ShapeError("ReLU: expected maxValue, negativeSlope and threshold of 0 or more")
        }
        return input
    }

    public var positions: PositionUse { .sequence }

    public func call(_ input: Variable) -> Variable {
        let above = threshold == 0 ? input.relu : input.thresholdedReLU(theta: threshold)
        let limited = maxValue.map { above.clamped(0, $0) } ?? above
        return negativeSlope == 0
            ? limited : (limited - (threshold - input).relu * negativeSlope).marked(.function("relu"))
    }
}

/// exp(x) / sum(exp(x)) over one axis, or over several together. The equivalent of `keras.layers.Softmax`.
public final class Softmax: Layer {
    private let axes: [Int]

    /// - Parameter axis: as in Keras: 0 is the batch, and negative numbers count from the end.
    public convenience init(axis: Int = -1) { self.init(axes: [axis]) }
    public init(axes: [Int]) { self.axes = axes }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { try softmaxShape(input, axes, layer: "Softmax") }
    public var positions: PositionUse { axes == [-1] ? .sequence : .fixed }
    public func call(_ input: Variable) -> Variable { input.softmax(axes: axes) }
}

/// x - log(sum(exp(x))) over one axis, or over several together. The equivalent of `torch.nn.LogSoftmax`.
public final class LogSoftmax: Layer {
    private let axes: [Int]

    /// - Parameter axis: as in Keras: 0 is the batch, and negative numbers count from the end.
    public convenience init(axis: Int = -1) { self.init(axes: [axis]) }
    public init(axes: [Int]) { self.axes = axes }

    public func build(_ input: Shape) throws(ShapeError) -> Shape { try softmaxShape(input, axes, layer: "LogSoftmax") }
    public var positions: PositionUse { axes == [-1] ? .sequence : .fixed }
    public func call(_ input: Variable) -> Variable { input.logSoftmax(axes: axes) }
}

private func softmaxShape(_ input: Shape, _ axes: [Int], layer: String) throws(ShapeError) -> Shape {
    guard try !input.axes(axes, layer: layer).contains(where: { input[$0 - 1] == 0 }), !axes.isEmpty else {
        throw ShapeError("\(layer): expected axes with elements, got axes \(axes) of input \(input)")
    }
    return input
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

/// One half of an axis times a function of the other: a gate (Dauphin et al. 2017; Shazeer 2020).
///
/// Input `[batch, ..., 2 n]`, output `[batch, ..., n]`: x[0 ..< n] gate(x[n ..< 2 n]). With the sigmoid as gate the
/// equivalent of `keras.activations.glu` and `torch.nn.GLU`; with silu SwiGLU, with gelu GEGLU.
public final class GLU: Layer {
    package let gate: ActivationFunction
    private let axis: Int

    /// - Parameter axis: as in Keras: 1 is the first axis of a sample, and negative numbers count from the end.
    public init(_ gate: ActivationFunction = .sigmoid, axis: Int = -1) { (self.gate, self.axis) = (gate, axis) }

    public var positions: PositionUse { axis == -1 ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let name = "GLU(\(gate.rawValue))"
        let place = try input.axes([axis], layer: name)[0] - 1
        guard input[place] > 0, input[place] % 2 == 0 else {
            throw ShapeError("\(name): expected an even number of elements along axis \(axis) of input \(input)")
        }
        var output = input
        output[place] /= 2
        return output
    }

    public func call(_ input: Variable) -> Variable {
        let half = input.shape[axis] / 2
        let value = input.sliced(axis: axis, 0..<half)
        return (value * gate(input.sliced(axis: axis, half..<(2 * half)))).marked(.unknown)
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
