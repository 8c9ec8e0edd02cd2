// The transposed convolution, which enlarges images.

import Autograd
import Tensors

/// activation(the gradient of a convolution in its input + bias), over NHWC images; also called deconvolution.
///
/// Input `[batch, height, width, in]`, kernel `[height, width, filters, in]` of `kernelSize`, bias `[filters]`, output
/// `[batch, height', width', filters]`. With `same` padding the output is `strides` times as long as the input, with
/// `valid` `(in - 1) strides + max(window, strides)`. The equivalent of `keras.layers.Conv2DTranspose`, and with explicit
/// padding of `torch.nn.ConvTranspose2d`.
public final class Conv2DTranspose: Layer {
    private let filters: Int
    private let kernelSize: Pair
    private let outputPadding: Pair?
    private let options: ConvolutionOptions
    private let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?

    /// - Parameters:
    ///   - strides: how many times longer the output is, about.
    ///   - padding: `.valid`, `.same`, or how much of the border is cut off: `.explicit(1)`.
    ///   - outputPadding: how much longer the output is than `(in - 1) strides + window` less the padding, below the
    ///     strides; nil for the lengths told above.
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ filters: Int, kernelSize: Pair, strides: Pair = 1, padding: Padding = .valid, outputPadding: Pair? = nil,
        dilation: Pair = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.outputPadding = outputPadding
        self.activation = activation
        options = ConvolutionOptions(strides: strides, padding: padding, dilation: dilation)
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let layer = "Conv2DTranspose(\(filters))"
        guard filters > 0, kernelSize.isAtLeast(1), options.strides.isAtLeast(1), options.dilation.isAtLeast(1) else {
            throw ShapeError("\(layer): filters, kernelSize, strides and dilation must be positive")
        }
        guard options.padding.rows.isPossible, options.padding.columns.isPossible else {
            throw ShapeError("\(layer): expected padding of 0 or more, got \(options.padding)")
        }
        if let outputPadding {
            guard outputPadding.isAtLeast(0), outputPadding.height < options.strides.height,
                outputPadding.width < options.strides.width
            else {
                throw ShapeError(
                    "\(layer): expected outputPadding of 0 or more, below the strides \(options.strides), got "
                        + "\(outputPadding)")
            }
        }
        guard input.rank == 3, input[2] > 0, input[0] > 0, input[1] > 0 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        let (rows, columns) = axes(input[0], input[1])
        guard rows.length > 0, columns.length > 0 else {
            throw ShapeError("\(layer): padding \(options.padding) leaves nothing of input \(input)")
        }
        try kernel.declare([kernelSize.height, kernelSize.width, filters, input[2]])
        try bias?.declare([filters])
        return [rows.length, columns.length, filters]
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

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let (rows, columns) = axes(input.shape[1], input.shape[2])
        var options = options
        options.padding = .explicit(
            top: rows.before, bottom: rows.after, left: columns.before, right: columns.after)
        let output = input.convolutionTransposed(
            tape.parameter(kernel), size: Pair(rows.length, columns.length), options: options)
        return activation(bias.map { output + tape.parameter($0) } ?? output)
    }
}

/// One axis of a transposed convolution.
private struct TransposedAxis {
    let length: Int
    let before: Int
    let after: Int

    init(_ input: Int, _ window: Int, _ stride: Int, _ padding: Padding.Axis, _ outputPadding: Int?) {
        let inner = (input - 1) * stride
        switch (padding, outputPadding) {
        case (.valid, let extra): (length, before) = (inner + (extra.map { window + $0 } ?? max(window, stride)), 0)
        case (.same, nil): (length, before) = (input * stride, max(0, window - stride) / 2)
        case (.same, let extra?):
            length = inner + window % 2 + extra
            let border = window + window % 2 - 2 + extra
            before = window - 1 - min(border / 2 + border % 2, window - 1)
        case (.explicit(let first, let last), let extra):
            (length, before) = (inner + window - first - last + (extra ?? 0), first)
        }
        after = max(0, inner + window - length - before)
    }
}
