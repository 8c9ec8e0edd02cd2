// Pooling over all positions of a sequence, the usual step from a text to one vector.

import Autograd
import Tensors

/// The mean of each channel over the positions that a sample has.
///
/// Input `[batch, positions, channels]`, output `[batch, channels]`, or with `keepingDimensions`
/// `[batch, 1, channels]`; 0 for a sample without positions. The equivalent of
/// `keras.layers.GlobalAveragePooling1D`.
public final class GlobalAveragePooling1D: Layer {
    private let keepingDimensions: Bool

    public init(keepingDimensions: Bool = false) { self.keepingDimensions = keepingDimensions }

    public var positions: PositionUse { .reduced }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let channels = try channels(ofSequence: input, layer: "GlobalAveragePooling1D")
        return keepingDimensions ? channels.prepending(1) : channels
    }

    public func call(_ input: Variable) -> Variable {
        guard let mask = input.mask else { return input.mean(axes: [1], keepingDimensions: keepingDimensions) }
        let counts = input.tape.constant(mask).sum(axes: [1], keepingDimensions: true)
        let means = input.keptWhereUnmasked.sum(axes: [1]) * (1 / counts.clamped(1, .infinity))
        return keepingDimensions ? means.reshaped([means.shape[0], 1, means.shape[1]]) : means
    }
}

/// The largest element of each channel over the positions that a sample has; equal ones share the gradient.
///
/// Input `[batch, positions, channels]`, output `[batch, channels]`, or with `keepingDimensions`
/// `[batch, 1, channels]`; 0 for a sample without positions. The equivalent of
/// `keras.layers.GlobalMaxPooling1D`.
public final class GlobalMaxPooling1D: Layer {
    private let keepingDimensions: Bool

    public init(keepingDimensions: Bool = false) { self.keepingDimensions = keepingDimensions }

    public var positions: PositionUse { .reduced }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let channels = try channels(ofSequence: input, layer: "GlobalMaxPooling1D")
        return keepingDimensions ? channels.prepending(1) : channels
    }

    public func call(_ input: Variable) -> Variable {
        if input.shape[0] == 0 { return input.sum(axes: [1], keepingDimensions: keepingDimensions) }
        guard let mask = input.mask else { return input.max(axes: [1], keepingDimensions: keepingDimensions) }
        let hasPositions = mask.max(axes: [1], keepingDimensions: true)
        let largest = input.loweredWhereMasked.max(axes: [1]).kept(where: hasPositions)
        return keepingDimensions ? largest.reshaped([largest.shape[0], 1, largest.shape[1]]) : largest
    }
}

/// `[channels]` of a pooled sequence.
private func channels(ofSequence input: Shape, layer: String) throws(ShapeError) -> Shape {
    guard input.rank == 2, input.count > 0 else {
        throw ShapeError("\(layer): expected input [positions, channels], got \(input)")
    }
    return [input[1]]
}

extension Variable {
    /// This with minus infinity at masked positions, which no maximum chooses; no gradient goes there.
    var loweredWhereMasked: Variable {
        guard let mask else { return self }
        let lengths = mask.shape.dimensions + Array(repeating: 1, count: shape.rank - 2)
        return keptWhereUnmasked + tape.constant(mask.reshaped(lengths)).log  // 0 and minus infinity
    }
}
