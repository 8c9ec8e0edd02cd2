// Max pooling over whole images.

import Autograd
import Tensors

/// The largest element of each channel over an NHWC image; equal ones share the gradient.
///
/// Input `[batch, height, width, channels]`, output `[batch, channels]`, or with `keepingDimensions`
/// `[batch, 1, 1, channels]`. The equivalent of
/// `keras.layers.GlobalMaxPooling2D`.
public final class GlobalMaxPooling2D: Layer {
    private let keepingDimensions: Bool

    public init(keepingDimensions: Bool = false) { self.keepingDimensions = keepingDimensions }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 3, input.count > 0 else {
            throw ShapeError("GlobalMaxPooling2D: expected input [height, width, channels], got \(input)")
        }
        return keepingDimensions ? [1, 1, input[2]] : [input[2]]
    }

    public func call(_ input: Variable) -> Variable {
        input.shape[0] == 0
            ? input.sum(axes: [1, 2], keepingDimensions: keepingDimensions)
            : input.max(axes: [1, 2], keepingDimensions: keepingDimensions)
    }
}
