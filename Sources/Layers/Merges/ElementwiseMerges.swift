// Sums, products and the like of several inputs, element by element. Inputs of fewer axes get axes of length 1 behind the
// batch, as in Keras.

import Autograd
import Tensors

/// a + b + ...: inputs of one shape, or with lengths of 1 or axes missing in front, along which
/// they are repeated. The equivalent of `keras.layers.Add`.
public final class Add: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }
    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try elementwiseShape(inputs, "Add") }
    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { $0 + $1 } }
}

/// a - b, of exactly two inputs. The equivalent of `keras.layers.Subtract`.
public final class Subtract: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape {
        guard inputs.count == 2 else {
            throw ShapeError("Subtract: expected two inputs, got \(inputs.count): \(listed(inputs))")
        }
        return try elementwiseShape(inputs, "Subtract")
    }

    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { $0 - $1 } }
}

/// a * b * ...: inputs of one shape, or with lengths of 1 or axes missing in front, along which
/// they are repeated. The equivalent of `keras.layers.Multiply`.
public final class Multiply: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }
    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try elementwiseShape(inputs, "Multiply") }
    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { $0 * $1 } }
}

/// The mean of the inputs, element by element. The equivalent of `keras.layers.Average`.
public final class Average: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }
    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try elementwiseShape(inputs, "Average") }
    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { $0 + $1 } / Float(inputs.count) }
}

/// The largest of the inputs, element by element; of equal ones the first gets the gradient. The equivalent of
/// `keras.layers.Maximum`.
public final class Maximum: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }
    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try elementwiseShape(inputs, "Maximum") }
    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { Variable.max($0, $1) } }
}

/// The smallest of the inputs, element by element; of equal ones the first gets the gradient. The equivalent of
/// `keras.layers.Minimum`.
public final class Minimum: MergeLayer {
    public init() {}
    public var positions: PositionUse { .sequence }
    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try elementwiseShape(inputs, "Minimum") }
    public func call(_ inputs: [Variable]) -> Variable { folded(inputs) { Variable.min($0, $1) } }
}

/// From the first to the last, with the mask of all.
private func folded(_ inputs: [Variable], _ join: (Variable, Variable) -> Variable) -> Variable {
    let rank = inputs.map(\.shape.rank).max() ?? 0
    let aligned = inputs.map { input in
        let (samples, missing) = (input.shape.dimensions.prefix(1), rank - input.shape.rank)
        return missing == 0
            ? input : input.reshaped(samples + Array(repeating: 1, count: missing) + input.shape.dimensions.dropFirst())
    }
    return aligned.dropFirst().reduce(aligned[0], join).masked(byAllOf: inputs)
}

/// The shape that all inputs are repeated to.
private func elementwiseShape(_ inputs: [Shape], _ layer: String) throws(ShapeError) -> Shape {
    guard inputs.count >= 2 else {
        throw ShapeError("\(layer): expected two inputs or more, got \(inputs.count): \(listed(inputs))")
    }
    let rank = inputs.map(\.rank).max() ?? 0
    var lengths = Array(repeating: 1, count: rank)
    for input in inputs {
        for (axis, length) in zip((rank - input.rank)..<rank, input.dimensions) {
            guard length == lengths[axis] || length == 1 || lengths[axis] == 1 else {
                throw ShapeError(
                    "\(layer): expected inputs of one shape, or with lengths of 1 or axes missing in front that are "
                        + "repeated, got \(listed(inputs))")
            }
            if lengths[axis] == 1 { lengths[axis] = length }
        }
    }
    return Shape(lengths)
}

/// `[2, 3] and [4]`
func listed(_ shapes: [Shape]) -> String { shapes.map { "\($0)" }.joined(separator: " and ") }
