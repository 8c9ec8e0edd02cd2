// Normalisations without statistics of the batch, beside layer normalisation.

import Autograd
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta, mean and variance of each sample over its positions and the
/// channels of a group (Wu & He 2018).
///
/// Input and output `[batch, ..., channels]`, gamma and beta `[channels]`. The equivalent of
/// `keras.layers.GroupNormalization`.
public final class GroupNormalization: Layer {
    private let groups: Int
    private let axis: Int
    private let epsilon: Float
    private let gamma: Parameter?
    private let beta: Parameter?

    /// - Parameters:
    ///   - groups: a divisor of the channels; -1 for one channel each, as in instance normalisation.
    ///   - axis: the channels', counted as in Keras: 1 is the first axis of a sample, -1 the last.
    ///   - epsilon: positive; keeps the division finite.
    public init(
        groups: Int = 32, axis: Int = -1, epsilon: Float = 1e-3, center: Bool = true, scale: Bool = true
    ) {
        (self.groups, self.axis, self.epsilon) = (groups, axis, epsilon)
        gamma = scale ? Parameter("gamma", initializer: .ones) : nil
        beta = center ? Parameter("beta", initializer: .zeros) : nil
    }

    public var parameters: [Parameter] { [gamma, beta].compactMap { $0 } }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard epsilon > 0 else { throw ShapeError("GroupNormalization: epsilon must be positive, got \(epsilon)") }
        guard input.rank >= 1, input.count > 0 else {
            throw ShapeError("GroupNormalization: expected input [..., channels], got \(input)")
        }
        let channels = input[try input.axes([axis], layer: "GroupNormalization")[0] - 1]
        guard groups == -1 || (groups > 0 && channels % groups == 0) else {
            throw ShapeError("GroupNormalization: \(channels) channels do not divide into \(groups) groups")
        }
        for parameter in parameters { try parameter.declare([channels]) }
        return input
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, parameters.first)
        return input.alongLast(axis) { x in
            let (batch, channels) = (x.shape[0], x.shape[-1])
            let groups = groups == -1 ? channels : groups
            let places = x.shape.dimensions[1..<(x.shape.rank - 1)].reduce(1, *)
            let grouped = x.reshaped([batch, places, groups, channels / groups])
            let centered = grouped - grouped.mean(axes: [1, 3], keepingDimensions: true)
            let variance = centered.square.mean(axes: [1, 3], keepingDimensions: true)
            return (centered / (variance + epsilon).sqrt).reshaped(x.shape.dimensions)
                .scaled(gamma, shifted: beta, axes: [x.shape.rank - 1])
        }
    }
}

/// x / sqrt(mean of x^2 + epsilon) * scale, the mean over some axes of each sample (Zhang & Sennrich 2019).
///
/// Input and output `[batch, ..., features]`, scale of the shape of those axes. The equivalent of
/// `keras.layers.RMSNormalization`.
public final class RMSNormalization: Layer {
    private let axes: [Int]
    private let epsilon: Float
    private let scale = Parameter("scale", initializer: .ones)

    /// - Parameters:
    ///   - axes: counted as in Keras: 1 is the first axis of a sample, and negative numbers count from the end.
    ///   - epsilon: positive; keeps the division finite.
    public init(axes: [Int] = [-1], epsilon: Float = 1e-6) { (self.axes, self.epsilon) = (axes, epsilon) }

    public var parameters: [Parameter] { [scale] }
    public var positions: PositionUse { axes == [-1] ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard epsilon > 0 else { throw ShapeError("RMSNormalization: epsilon must be positive, got \(epsilon)") }
        guard input.rank >= 1, input[-1] > 0, !axes.isEmpty else {
            throw ShapeError("RMSNormalization: expected input [..., features], got \(input)")
        }
        try scale.declare(Shape(input.axes(axes, layer: "RMSNormalization").map { input[$0 - 1] }))
        return input
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, scale)
        let axes = axes.map { input.shape.index(of: $0) }.sorted()
        let power = input.square.mean(axes: axes, keepingDimensions: true)
        return (input / (power + epsilon).sqrt).scaled(scale, shifted: nil, axes: axes)
    }
}

/// x / |x|, the Euclidean norm over some axes of each sample; where it is below 1e-12, x / 1e-12.
///
/// Input and output of any shape. The equivalent of `keras.layers.UnitNormalization`.
public final class UnitNormalization: Layer {
    private let axes: [Int]

    /// - Parameter axes: counted as in Keras: 1 is the first axis of a sample, and negative numbers count from the end.
    public init(axes: [Int] = [-1]) { self.axes = axes }

    public var positions: PositionUse { axes == [-1] ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard try !input.axes(axes, layer: "UnitNormalization").isEmpty else {
            throw ShapeError("UnitNormalization: expected at least one axis of input \(input)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable { input.unitNormalized(axes: axes) }
}

extension Variable {
    /// This over its Euclidean norm along some axes, or over 1e-12 where that is less.
    func unitNormalized(axes: [Int]) -> Variable {
        self / square.sum(axes: axes, keepingDimensions: true).clamped(1e-24, .infinity).sqrt
    }
}

/// (x - mean) / sqrt(variance), the numbers given beforehand: one, or one for each element of some axes, the last by
/// default. With `invert` the way back: x * sqrt(variance) + mean.
///
/// Input and output `[batch, ..., features]`. The equivalent of `keras.layers.Normalization(mean=..., variance=...)`;
/// a deviation below 1e-7 counts as that.
public final class Normalization: Layer {
    private let mean: [Float]
    private let variance: [Float]
    private let axes: [Int]
    private let invert: Bool

    /// - Parameter axes: counted as in Keras: 1 is the first axis of a sample, and negative numbers count from the end. Of
    ///   several axes numbers stand in row-major order.
    public init(mean: [Float], variance: [Float], axes: [Int] = [-1], invert: Bool = false) {
        (self.mean, self.variance, self.axes, self.invert) = (mean, variance, axes, invert)
    }

    public var positions: PositionUse { axes == [-1] || mean.count == 1 && variance.count == 1 ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        for (name, numbers) in [("mean", mean), ("variance", variance)] where numbers.count != 1 {
            let lengths = try input.axes(axes, layer: "Normalization").map { input[$0 - 1] }
            guard numbers.count == lengths.reduce(1, *) else {
                throw ShapeError(
                    "Normalization: expected one \(name), or one for each of \(lengths) along axes \(axes) of input "
                        + "\(input), got \(numbers.count)")
            }
        }
        guard mean.allSatisfy(\.isFinite), variance.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw ShapeError(
                "Normalization: expected finite means and variances of 0 or more, got \(mean), \(variance)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable {
        let mean = input.constant(mean, along: axes)
        let deviation = input.constant(variance.map { max($0.squareRoot(), 1e-7) }, along: axes)
        return invert ? input * deviation + mean : (input - mean) / deviation
    }
}

/// x * scale + offset, each one number, or one for each element of the last axis. The equivalent of
/// `keras.layers.Rescaling`.
public final class Rescaling: Layer {
    private let scale: [Float]
    private let offset: [Float]

    public convenience init(_ scale: Float, offset: Float = 0) { self.init([scale], offset: [offset]) }
    public init(_ scale: [Float], offset: [Float] = [0]) { (self.scale, self.offset) = (scale, offset) }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        for (name, numbers) in [("scale", scale), ("offset", offset)] {
            guard numbers.count == 1 || input.rank > 0 && numbers.count == input[-1] else {
                throw ShapeError(
                    "Rescaling: expected one \(name), or one for each of the last axis of input \(input), got "
                        + "\(numbers.count)")
            }
        }
        return input
    }

    public func call(_ input: Variable) -> Variable {
        let scaled = scale.count == 1 ? input * scale[0] : input * input.constant(scale, along: [-1])
        return offset.count == 1 ? scaled + offset[0] : scaled + input.constant(offset, along: [-1])
    }
}

extension Variable {
    /// Numbers that go with this variable element by element: one, or one for each element of some axes.
    fileprivate func constant(_ numbers: [Float], along axes: [Int]) -> Variable {
        guard numbers.count > 1, axes != [-1] else { return tape.constant(Tensor(numbers)) }
        var lengths = Array(repeating: 1, count: shape.rank)
        for axis in axes.map(shape.index(of:)) { lengths[axis] = shape[axis] }
        return tape.constant(Tensor(numbers).reshaped(lengths))
    }
}
