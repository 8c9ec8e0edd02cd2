// Flattening.

import Autograd
import Tensors

/// Joins all axes of a sample: `[batch, a, b, ...] -> [batch, a * b * ...]`. The equivalent of `keras.layers.Flatten`.
public final class Flatten: Layer {
    public init() {}

    public func build(_ input: Shape) throws(ShapeError) -> Shape { [input.count] }

    public func call(_ input: Variable) -> Variable { input.flattened }
}
