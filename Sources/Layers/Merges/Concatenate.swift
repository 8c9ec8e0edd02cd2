// Joining inputs along an axis.

import Autograd
import Tensors

/// The inputs one after the other along `axis`; they agree in all other axes. The equivalent of
/// `keras.layers.Concatenate`.
///
/// Axes count as in Keras: 0 is the batch, 1 the first axis of a sample, -1 the last.
public final class Concatenate: MergeLayer {
    package let axis: Int

    public init(axis: Int = -1) { self.axis = axis }

    /// One sequence after the other has padding within it.
    public var positions: PositionUse { axis == 1 || axis < -1 ? .fixed : .sequence }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape {
        guard inputs.count >= 2 else {
            throw ShapeError("Concatenate: expected two inputs or more, got \(inputs.count): \(listed(inputs))")
        }
        let rank = inputs[0].rank
        let place = axis < 0 ? axis + rank : axis - 1
        guard (0..<rank).contains(place) else {
            throw ShapeError(
                "Concatenate(axis: \(axis)): expected an axis of the samples, 1 ... \(rank) or -\(rank) ... -1, of inputs "
                    + listed(inputs))
        }
        var lengths = inputs[0].dimensions
        for input in inputs.dropFirst() {
            guard input.rank == rank, (0..<rank).allSatisfy({ $0 == place || input[$0] == lengths[$0] }) else {
                throw ShapeError(
                    "Concatenate(axis: \(axis)): expected inputs that agree in all other axes, got \(listed(inputs))")
            }
            lengths[place] += input[place]
        }
        return Shape(lengths)
    }

    public func call(_ inputs: [Variable]) -> Variable {
        let joined = Variable.concatenated(inputs, axis: axis)
        guard inputs.contains(where: { $0.mask != nil }) else { return joined }
        guard joined.shape.index(of: axis) == 1 else { return joined.masked(byAllOf: inputs) }
        // Joined positions: those of an input without a mask are all there.
        let masks = inputs.map { $0.mask ?? Tensor(repeating: 1, [$0.shape[0], $0.shape[1]]) }
        return joined.masked(Tensor.concatenated(masks, axis: 1))
    }
}
