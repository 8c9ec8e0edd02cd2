// How transposed convolutions of images and sequences compute, and how long their outputs are. Conv2DTranspose and
// Conv1DTranspose give it their settings and parameters.

import Autograd
import Tensors

/// What transposed convolutions have in common: lengths, and the product with the kernel.
struct TransposedConvolution: Sendable {
    let layer: String
    let filters: Int
    let kernelSize: Pair
    let outputPadding: Pair?
    let options: ConvolutionOptions
    var isCausal = false

    /// Of a sample `[height, width, channels]`.
    func outputShape(_ input: Shape) throws(ShapeError) -> Shape {
        let (strides, dilation, groups) = (options.strides, options.dilation, options.groups)
        guard !isCausal else {
            throw ShapeError("\(layer): padding causal has no transpose; expected valid, same or explicit")
        }
        guard filters > 0, kernelSize.isAtLeast(1), strides.isAtLeast(1), dilation.isAtLeast(1), groups > 0 else {
            throw ShapeError("\(layer): filters, kernelSize, strides, dilation and groups must be positive")
        }
        guard options.padding.rows.isPossible, options.padding.columns.isPossible else {
            throw ShapeError("\(layer): expected padding of 0 or more, got \(options.padding)")
        }
        if let outputPadding {
            guard outputPadding.isAtLeast(0), outputPadding.height < max(strides.height, dilation.height),
                outputPadding.width < max(strides.width, dilation.width)
            else {
                throw ShapeError(
                    "\(layer): expected outputPadding of 0 or more, below the strides \(strides) or the dilation "
                        + "\(dilation), got \(outputPadding)")
            }
        }
        guard input.rank == 3, input[2] > 0, input[0] > 0, input[1] > 0 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        guard input[2] % groups == 0, filters % groups == 0 else {
            throw ShapeError(
                "\(layer): \(input[2]) input channels and \(filters) filters do not divide into \(groups) groups")
        }
        let (rows, columns) = axes(input[0], input[1])
        guard rows.length > 0, columns.length > 0 else {
            throw ShapeError("\(layer): padding \(options.padding) leaves nothing of input \(input)")
        }
        return [rows.length + rows.beyond, columns.length + columns.beyond, filters]
    }

    func kernelShape(channels: Int) -> Shape {
        [kernelSize.height, kernelSize.width, filters / options.groups, channels]
    }

    /// For each axis how long the output is, and the padding of the convolution that makes the input of it.
    private func axes(_ height: Int, _ width: Int) -> (rows: TransposedAxis, columns: TransposedAxis) {
        let window = options.window(kernelSize)
        return (
            TransposedAxis(
                height, window.height, options.strides.height, options.padding.rows, outputPadding?.height),
            TransposedAxis(
                width, window.width, options.strides.width, options.padding.columns, outputPadding?.width)
        )
    }

    /// Without bias.
    func callAsFunction(_ input: Variable, _ kernel: Variable) -> Variable {
        let (rows, columns) = axes(input.shape[1], input.shape[2])
        var options = options
        options.padding = .explicit(
            top: rows.before, bottom: rows.after, left: columns.before, right: columns.after)
        return input.convolutionTransposed(kernel, size: Pair(rows.length, columns.length), options: options)
            .zeroPadded(axis: 1, 0, rows.beyond).zeroPadded(axis: 2, 0, columns.beyond)
    }
}

/// One axis of a transposed convolution.
private struct TransposedAxis {
    let length: Int
    let before: Int
    let after: Int
    /// Results behind them that no window reaches, where output padding is larger than the stride.
    let beyond: Int

    init(_ input: Int, _ window: Int, _ stride: Int, _ padding: Padding.Axis, _ outputPadding: Int?) {
        let inner = (input - 1) * stride
        let whole: Int
        switch (padding, outputPadding) {
        case (.valid, let extra): (whole, before) = (inner + (extra.map { window + $0 } ?? max(window, stride)), 0)
        case (.same, nil): (whole, before) = (input * stride, max(0, window - stride) / 2)
        case (.same, let extra?):
            whole = inner + window % 2 + extra
            let border = window + window % 2 - 2 + extra
            before = window - 1 - min(border / 2 + border % 2, window - 1)
        case (.explicit(let first, let last), let extra):
            (whole, before) = (inner + window - first - last + (extra ?? 0), first)
        }
        after = max(0, inner + window - whole - before)
        beyond = max(0, whole + before - inner - window - (stride - 1))
        length = whole - beyond
    }
}
