// Average pooling over windows.

import Autograd
import Tensors

/// The mean of each window of an NHWC image; positions in the padding do not count unless told so.
///
/// Input `[batch, height, width, channels]`, output `[batch, height', width', channels]`. The equivalent of
/// `keras.layers.AveragePooling2D`.
public final class AveragePooling2D: Layer {
    package let options: PoolingOptions

    /// - Parameters:
    ///   - strides: the window itself when nil.
    ///   - ceilMode: whether a last window counts that hangs over the end, as in PyTorch.
    ///   - countsPadding: whether places in explicit padding count as zeros: PyTorch's `count_include_pad`.
    public init(
        _ poolSize: Pair = 2, strides: Pair? = nil, padding: Padding = .valid, ceilMode: Bool = false,
        countsPadding: Bool = false
    ) {
        options = PoolingOptions(
            window: poolSize, strides: strides, padding: padding, ceilMode: ceilMode, countsPadding: countsPadding)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try options.outputShape(input, layer: "AveragePooling2D")
    }

    public func call(_ input: Variable) -> Variable { input.averagePooled(options) }
}
