// Max pooling over whole images.

import Autograd
import Tensors

/// The largest element of each channel over an NHWC image; equal ones share the gradient.
///
/// Input `[batch, height, width, channels]`, output `[batch, channels]`. The equivalent of
/// `keras.layers.GlobalMaxPooling2D`.
public final class GlobalMaxPooling2D: Layer {
    public init() {}

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 3, input.count > 0 else {
            throw ShapeError("GlobalMaxPooling2D: expected input [height, width, channels], got \(input)")
        }
        return [input[2]]
    }

    public func call(_ input: Variable) -> Variable {
        input.shape[0] == 0 ? input.sum(axes: [1, 2]) : input.max(axes: [1, 2])
    }
}
