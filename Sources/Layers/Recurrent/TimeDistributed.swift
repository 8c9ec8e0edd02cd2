// A layer for each position of a sequence.

import Autograd
import Tensors

/// Applies a layer to each position of a sequence, as if it were a sample of its own.
///
/// Input `[batch, positions, sample...]`, output `[batch, positions, output sample...]` with the same mask. Positions are
/// computed in order, those of all samples together, so that gradients of longer padding only append zeros to a product's
/// terms. The layer takes no notice of the mask: normalisation over the batch counts padding. The equivalent of
/// `keras.layers.TimeDistributed`.
public final class TimeDistributed: Layer {
    package let layer: any Layer

    public init(_ layer: any Layer) { self.layer = layer }

    public var positions: PositionUse { .sequence }
    public var children: [(String, any Layer)] { [(Sequential.snakeCase(layer.typeName), layer)] }
    public var indexLimit: Int? { layer.indexLimit }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank >= 1, input[0] > 0 else {
            throw ShapeError("TimeDistributed: expected input [positions, sample...], got \(input)")
        }
        let output = try layer.build(input.dropFirst())
        guard output.rank + 2 <= Shape.maximumRank else {
            throw ShapeError(
                "TimeDistributed: expected at most \(Shape.maximumRank - 2) axes a position, got output \(output)")
        }
        return output.prepending(input[0])
    }

    public func call(_ input: Variable) -> Variable {
        let (batch, positions) = (input.shape[0], input.shape[1])
        let output = layer(
            input.swappedFirstAxes.reshaped([batch * positions] + input.shape.dimensions.dropFirst(2)))
        return output.reshaped([positions, batch] + output.shape.dimensions.dropFirst()).swappedFirstAxes
    }
}

extension Variable {
    /// `[a, b, ...] -> [b, a, ...]`
    fileprivate var swappedFirstAxes: Variable { transposed([1, 0] + Array(2..<shape.rank)) }
}
