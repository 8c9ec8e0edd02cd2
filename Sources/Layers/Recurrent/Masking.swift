// Masks from the data.

import Autograd
import Tensors

/// Masks the positions all of whose features equal a value, so that layers after it pass them over.
///
/// Input and output `[batch, positions, features]`, masked positions 0. A position that is masked already stays so. The
/// equivalent of `keras.layers.Masking`.
public final class Masking: Layer {
    package let maskValue: Float

    public init(maskValue: Float = 0) { self.maskValue = maskValue }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 2, input.count > 0 else {
            throw ShapeError("Masking: expected input [positions, features], got \(input)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable {
        let value = Tensor(repeating: maskValue, in: input.tape.workspace)
        // 1 where a feature differs; NaN does from all.
        let differs = Tensor(repeating: 1, in: input.tape.workspace) - input.value.combined(.equal, value)
        let found = differs.max(axes: [-1])
        let mask = input.mask.map { $0 * found } ?? found
        return (input * input.tape.constant(mask.reshaped(mask.shape.dimensions + [1]))).masked(mask)
    }
}
