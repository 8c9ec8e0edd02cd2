// Layers that repeat what is there: up-sampling, and copies of a vector.

import Autograd
import Tensors

/// Each position of a sequence `size` times: `[batch, positions, channels] -> [batch, size * positions, channels]`. The
/// equivalent of `keras.layers.UpSampling1D`.
public final class UpSampling1D: Layer {
    private let size: Int

    public init(_ size: Int = 2) { self.size = size }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard size > 0 else { throw ShapeError("UpSampling1D: size must be positive, got \(size)") }
        guard input.rank == 2 else {
            throw ShapeError("UpSampling1D: expected input [positions, channels], got \(input)")
        }
        return [input[0] * size, input[1]]
    }

    public func call(_ input: Variable) -> Variable {
        let mask = input.mask.map { input.tape.constant($0).repeated(axis: 1, size).value }
        return input.repeated(axis: 1, size).masked(mask)
    }
}

/// Enlarges images: `[batch, height, width, channels] -> [batch, size.height * height, size.width * width, channels]`.
/// The equivalent of `keras.layers.UpSampling2D`.
public final class UpSampling2D: Layer {
    /// What a new pixel is.
    public enum Interpolation: String, Sendable, CaseIterable {
        /// That of the old pixel that it lies in.
        case nearest
        /// Linear between the centres of old pixels in both directions, the border's value beyond the outermost.
        case bilinear
    }

    private let size: Pair
    private let interpolation: Interpolation

    public init(_ size: Pair = 2, interpolation: Interpolation = .nearest) {
        (self.size, self.interpolation) = (size, interpolation)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard size.isAtLeast(1) else { throw ShapeError("UpSampling2D: size must be positive, got \(size)") }
        guard input.rank == 3, input.count > 0 else {
            throw ShapeError("UpSampling2D: expected input [height, width, channels], got \(input)")
        }
        return [input[0] * size.height, input[1] * size.width, input[2]]
    }

    public func call(_ input: Variable) -> Variable {
        switch interpolation {
        case .nearest: input.repeated(axis: 1, size.height).repeated(axis: 2, size.width)
        case .bilinear: input.enlargedLinearly(axis: 1, size.height).enlargedLinearly(axis: 2, size.width)
        }
    }
}

/// A vector, several times in a row: `[batch, features] -> [batch, count, features]`. The equivalent of
/// `keras.layers.RepeatVector`.
public final class RepeatVector: Layer {
    private let count: Int

    public init(_ count: Int) { self.count = count }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard count > 0 else { throw ShapeError("RepeatVector: count must be positive, got \(count)") }
        guard input.rank == 1 else { throw ShapeError("RepeatVector: expected input [features], got \(input)") }
        return [count, input[0]]
    }

    public func call(_ input: Variable) -> Variable {
        input.reshaped([input.shape[0], 1, input.shape[1]]).repeated(axis: 1, count)
    }
}

/// Exchanges the axes of a sample: `Permute([2, 1])` gives `[batch, a, b] -> [batch, b, a]`. The equivalent of
/// `keras.layers.Permute`.
public final class Permute: Layer {
    private let order: [Int]

    /// - Parameter order: each axis of a sample once, counted from 1.
    public init(_ order: [Int]) { self.order = order }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard order.sorted() == Array(1..<(input.rank + 1)) else {
            throw ShapeError(
                "Permute: expected an order of the axes 1 to \(input.rank) of input \(input), got \(order)")
        }
        return Shape(order.map { input[$0 - 1] })
    }

    public func call(_ input: Variable) -> Variable { input.transposed([0] + order) }
}
