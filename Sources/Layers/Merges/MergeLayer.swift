// Layers with several inputs, beside `Layer`: what `Graph` joins branches with.

import Autograd
import Tensors

/// A layer that makes one value of several, such as a sum of branches. Defining these two is enough; called as a `Layer`
/// it gets a list of one input.
///
///     final class Scaled: MergeLayer {
///         func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { inputs[0] }
///         func call(_ inputs: [Variable]) -> Variable { inputs[0] * inputs[1].sigmoid }
///     }
public protocol MergeLayer: Layer {
    /// Fixes the parameters' shapes for samples of shapes `inputs` and returns the shape of one output sample.
    ///
    /// - Throws: `ShapeError` naming the layer, what it got and what it expects.
    func build(_ inputs: [Shape]) throws(ShapeError) -> Shape

    /// Computes a batch: each input `[batch, sample...]`. Others call `layer([a, b])`.
    func call(_ inputs: [Variable]) -> Variable
}

extension MergeLayer {
    public func build(_ input: Shape) throws(ShapeError) -> Shape { try build([input]) }
    public func call(_ input: Variable) -> Variable { call([input]) }

    /// Computes a batch with `call`, whose time goes to this layer's account if the run is profiled. A sequence that the
    /// layer gives no mask has those positions that all inputs with masks have, as in Keras.
    public func callAsFunction(_ inputs: [Variable]) -> Variable {
        require(!inputs.isEmpty, "\(typeName): expected at least one input")
        let output = inputs[0].tape.withScope(of: self) { call(inputs) }.made(by: self)
        return positions == .sequence && output.mask == nil ? output.masked(byAllOf: inputs) : output
    }
}

extension Variable {
    /// The same values, of which each sample has the positions that all of `inputs` with masks have: of those with most axes,
    /// since what others call positions is an axis further back.
    func masked(byAllOf inputs: [Variable]) -> Variable {
        let rank = inputs.map(\.shape.rank).max()
        let masks = inputs.filter { $0.shape.rank == rank }.compactMap(\.mask)
        guard let first = masks.first else { return self }
        let all = masks.dropFirst().reduce(first) { $0 * $1 }
        return shape.dimensions.starts(with: all.shape.dimensions) ? masked(all) : self
    }
}
