// Max pooling.

import Autograd
import Tensors

/// The largest element of each window of an NHWC image.
///
/// Input `[batch, height, width, channels]`, output `[batch, height', width', channels]`. The equivalent of
/// `keras.layers.MaxPooling2D`.
public final class MaxPooling2D: Layer {
    package let options: PoolingOptions

    /// - Parameters:
    ///   - strides: the window itself when nil.
    ///   - ceilMode: whether a last window counts that hangs over the end, as in PyTorch.
    public init(_ poolSize: Pair = 2, strides: Pair? = nil, padding: Padding = .valid, ceilMode: Bool = false) {
        options = PoolingOptions(window: poolSize, strides: strides, padding: padding, ceilMode: ceilMode)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try options.outputShape(input, layer: "MaxPooling2D")
    }

    public func call(_ input: Variable) -> Variable { input.maxPooled(options) }
}

extension PoolingOptions {
    /// The shape of a pooled sample.
    func outputShape(_ input: Shape, layer: String) throws(ShapeError) -> Shape {
        let layer = "\(layer)(\(window.height == window.width ? "\(window.height)" : "\(window)"))"
        guard window.isAtLeast(1), strides.isAtLeast(1) else {
            throw ShapeError("\(layer): poolSize and strides must be positive, got strides \(strides)")
        }
        guard padding.rows.isPossible, padding.columns.isPossible, padding.rows.isBelow(window.height),
            padding.columns.isBelow(window.width)
        else { throw ShapeError("\(layer): expected padding of 0 or more, smaller than the window, got \(padding)") }
        guard input.rank == 3 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        let output = resolve(input[0], input[1]).output
        guard output.isAtLeast(1) else { throw ShapeError("\(layer): the window is larger than input \(input)") }
        return [output.height, output.width, input[2]]
    }
}
