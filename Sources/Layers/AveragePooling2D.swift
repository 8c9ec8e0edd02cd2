// Average pooling over windows.

import Autograd
import Tensors

/// The mean of each window of an NHWC image; positions in the padding do not count.
///
/// Input `[batch, height, width, channels]`, output `[batch, height', width', channels]`. The equivalent of
/// `keras.layers.AveragePooling2D`.
public final class AveragePooling2D: Layer {
    package let options: PoolingOptions

    /// - Parameter strides: the window itself when nil.
    public init(_ poolSize: Int = 2, strides: Int? = nil, padding: Padding = .valid) {
        options = PoolingOptions(window: poolSize, strides: strides, padding: padding)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try options.outputShape(input, layer: "AveragePooling2D(\(options.windowHeight))")
    }

    public func call(_ input: Variable) -> Variable { input.averagePooled(options) }
}
