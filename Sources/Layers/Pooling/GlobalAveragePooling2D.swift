// Average pooling over whole images, the usual step from feature maps to classes.

import Autograd
import Tensors

/// The mean of each channel over an NHWC image.
///
/// Input `[batch, height, width, channels]`, output `[batch, channels]`, or with `keepingDimensions`
/// `[batch, 1, 1, channels]`. The equivalent of
/// `keras.layers.GlobalAveragePooling2D`.
public final class GlobalAveragePooling2D: Layer {
    private let keepingDimensions: Bool

    public init(keepingDimensions: Bool = false) { self.keepingDimensions = keepingDimensions }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 3, input.count > 0 else {
            throw ShapeError("GlobalAveragePooling2D: expected input [height, width, channels], got \(input)")
        }
        return keepingDimensions ? [1, 1, input[2]] : [input[2]]
    }

    public func call(_ input: Variable) -> Variable {
        require(
            input.shape.rank == 4,
            "GlobalAveragePooling2D: expected input [batch, height, width, channels], got \(input.shape)")
        return input.mean(axes: [1, 2], keepingDimensions: keepingDimensions)
    }
}
