// Dot products of two inputs.

import Autograd
import Tensors

/// The sum of products of two inputs along one axis of each, sample by sample: `[n]` and `[n]` give `[1]`, `[i, n]` and
/// `[j, n]` give `[i, j]`. With `normalize` both are brought to length 1 along these axes first, so that it is the cosine of
/// their angle. The equivalent of `keras.layers.Dot`, of one or two axes besides the batch.
public final class Dot: MergeLayer {
    package let axes: (Int, Int)
    private let normalize: Bool

    /// - Parameter axes: as in Keras 0 is the batch, 1 the first axis of a sample, -1 the last.
    public init(axes: (Int, Int), normalize: Bool = false) { (self.axes, self.normalize) = (axes, normalize) }
    public convenience init(axis: Int = -1, normalize: Bool = false) {
        self.init(axes: (axis, axis), normalize: normalize)
    }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape {
        guard inputs.count == 2, inputs.allSatisfy({ $0.rank == 1 || $0.rank == 2 }) else {
            throw ShapeError("Dot: expected two inputs of one or two axes, got \(listed(inputs))")
        }
        let places = (place(axes.0, inputs[0]), place(axes.1, inputs[1]))
        guard (0..<inputs[0].rank).contains(places.0), (0..<inputs[1].rank).contains(places.1),
            inputs[0][places.0] == inputs[1][places.1]
        else {
            throw ShapeError("Dot(axes: \(axes)): expected axes of equal lengths, got inputs \(listed(inputs))")
        }
        var rest = inputs[0].dimensions, other = inputs[1].dimensions
        rest.remove(at: places.0)
        other.remove(at: places.1)
        return Shape(rest + other == [] ? [1] : rest + other)
    }

    public func call(_ inputs: [Variable]) -> Variable {
        var (a, b) = (inputs[0], inputs[1])
        let (samples, place) = (a.shape[0], (place(axes.0, a.shape.dropFirst()), place(axes.1, b.shape.dropFirst())))
        if normalize { (a, b) = (a.unitNormalized(axes: [place.0 + 1]), b.unitNormalized(axes: [place.1 + 1])) }
        // As [batch, rest, n] and [batch, n, rest].
        let rows =
            a.shape.rank == 2 ? a.reshaped([samples, 1, a.shape[1]]) : place.0 == 1 ? a : a.transposed([0, 2, 1])
        let columns =
            b.shape.rank == 2 ? b.reshaped([samples, b.shape[1], 1]) : place.1 == 0 ? b : b.transposed([0, 2, 1])
        let product = rows.matmul(columns)
        var lengths = [samples]
        if a.shape.rank == 3 { lengths.append(product.shape[1]) }
        if b.shape.rank == 3 { lengths.append(product.shape[2]) }
        return product.reshaped(lengths.count == 1 ? [samples, 1] : lengths)
    }

    private func place(_ axis: Int, _ sample: Shape) -> Int { axis < 0 ? axis + sample.rank : axis - 1 }
}
