// Max pooling.

import Autograd
import Tensors

/// The largest element of each window of an NHWC image.
///
/// Input `[batch, height, width, channels]`, output `[batch, height', width', channels]`. The equivalent of
/// `keras.layers.MaxPooling2D`.
public final class MaxPooling2D: Layer {
    package let options: PoolingOptions

    /// - Parameter strides: the window itself when nil.
    public init(_ poolSize: Int = 2, strides: Int? = nil, padding: Padding = .valid) {
        options = PoolingOptions(window: poolSize, strides: strides, padding: padding)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try options.outputShape(input, layer: "MaxPooling2D(\(options.windowHeight))")
    }

    public func call(_ input: Variable) -> Variable { input.maxPooled(options) }
}

extension PoolingOptions {
    /// The shape of a pooled sample.
    func outputShape(_ input: Shape, layer: String) throws(ShapeError) -> Shape {
        guard windowHeight > 0, strideHeight > 0 else {
            throw ShapeError("\(layer): poolSize and strides must be positive, got strides \(strideHeight)")
        }
        guard input.rank == 3 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        let rows = padding.resolve(input: input[0], window: windowHeight, stride: strideHeight).output
        let columns = padding.resolve(input: input[1], window: windowWidth, stride: strideWidth).output
        guard rows > 0, columns > 0 else {
            throw ShapeError("\(layer): the window is larger than input \(input)")
        }
        return [rows, columns, input[2]]
    }
}
