// Layers that add noise in training and are the identity in inference. What is drawn follows from the run's seed, the
// step, the shard and the layer's place in the pass.

import Autograd
import Tensors

/// Dropout of whole channels of a sequence: input and output `[batch, positions, channels]`. The equivalent of
/// `keras.layers.SpatialDropout1D`.
public final class SpatialDropout1D: Layer {
    private let rate: Float

    /// - Parameter rate: in `0 ..< 1`; `build` refuses others.
    public init(_ rate: Float) { self.rate = rate }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try checked(rate, layer: "SpatialDropout1D")
        guard input.rank == 2 else {
            throw ShapeError("SpatialDropout1D: expected input [positions, channels], got \(input)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable { input.spatialDropout(rate: rate) }
}

/// Dropout of whole channels of an image: input and output `[batch, height, width, channels]`. The equivalent of
/// `keras.layers.SpatialDropout2D`.
public final class SpatialDropout2D: Layer {
    private let rate: Float

    /// - Parameter rate: in `0 ..< 1`; `build` refuses others.
    public init(_ rate: Float) { self.rate = rate }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try checked(rate, layer: "SpatialDropout2D")
        guard input.rank == 3 else {
            throw ShapeError("SpatialDropout2D: expected input [height, width, channels], got \(input)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable { input.spatialDropout(rate: rate) }
}

/// Adds normal numbers of mean 0. The equivalent of `keras.layers.GaussianNoise`.
public final class GaussianNoise: Layer {
    private let deviation: Float

    /// - Parameter deviation: 0 or more; `build` refuses others.
    public init(_ deviation: Float) { self.deviation = deviation }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard deviation >= 0, deviation.isFinite else {
            throw ShapeError("GaussianNoise: expected a deviation of 0 or more, got \(deviation)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable { input.gaussianNoise(deviation: deviation) }
}

/// Multiplies by normal numbers of mean 1 and deviation sqrt(rate / (1 - rate)). The equivalent of
/// `keras.layers.GaussianDropout`.
public final class GaussianDropout: Layer {
    private let rate: Float

    /// - Parameter rate: in `0 ..< 1`; `build` refuses others.
    public init(_ rate: Float) { self.rate = rate }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try checked(rate, layer: "GaussianDropout")
        return input
    }

    public func call(_ input: Variable) -> Variable { input.gaussianDropout(rate: rate) }
}

private func checked(_ rate: Float, layer: String) throws(ShapeError) {
    guard rate >= 0, rate < 1 else { throw ShapeError("\(layer): rate must be in 0 ..< 1, got \(rate)") }
}
