// Transposed convolutions, which enlarge images and sequences.

import Autograd
import Tensors

/// activation(the gradient of a convolution in its input + bias), over NHWC images; also called deconvolution.
///
/// Input `[batch, height, width, in]`, kernel `[height, width, filters / groups, in]` of `kernelSize`, bias `[filters]`,
/// output `[batch, height', width', filters]`. With `same` padding the output is `strides` times as long as the input, with
/// `valid` `(in - 1) strides + max(window, strides)`. The equivalent of `keras.layers.Conv2DTranspose`, and with explicit
/// padding of `torch.nn.ConvTranspose2d`.
public final class Conv2DTranspose: Layer {
    private let convolution: TransposedConvolution
    private let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?

    /// - Parameters:
    ///   - strides: how many times longer the output is, about.
    ///   - padding: `.valid`, `.same`, or how much of the border is cut off: `.explicit(1)`.
    ///   - outputPadding: how much longer the output is than `(in - 1) strides + window` less the padding, below the
    ///     strides or the dilation; nil for the lengths told above.
    ///   - groups: into which input channels and filters are divided; each group of filters sees its own channels.
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ filters: Int, kernelSize: Pair, strides: Pair = 1, padding: Padding = .valid, outputPadding: Pair? = nil,
        dilation: Pair = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        convolution = TransposedConvolution(
            layer: "Conv2DTranspose(\(filters))", filters: filters, kernelSize: kernelSize,
            outputPadding: outputPadding,
            options: ConvolutionOptions(strides: strides, padding: padding, dilation: dilation, groups: groups))
        self.activation = activation
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let output = try convolution.outputShape(input)
        try kernel.declare(convolution.kernelShape(channels: input[2]))
        try bias?.declare([convolution.filters])
        return output
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let output = convolution(input, tape.parameter(kernel))
        return activation(bias.map { output + tape.parameter($0) } ?? output)
    }
}

/// activation(the gradient of a convolution in its input + bias), along a sequence.
///
/// Input `[batch, positions, in]`, kernel `[kernelSize, filters / groups, in]`, bias `[filters]`, output
/// `[batch, positions', filters]`, whose lengths are as those of `Conv2DTranspose`. The equivalent of
/// `keras.layers.Conv1DTranspose`, and with explicit padding of `torch.nn.ConvTranspose1d`.
public final class Conv1DTranspose: Layer {
    private let convolution: TransposedConvolution
    private let activation: ActivationFunction
    private let kernel: Parameter
    private let bias: Parameter?

    /// For the settings see `Conv2DTranspose`.
    ///
    /// - Parameter padding: `.valid`, `.same`, or how many positions are cut off at the ends: `.explicit(before: 1, after: 1)`.
    public init(
        _ filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid, outputPadding: Int? = nil,
        dilation: Int = 1, groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        let columns: Padding.Axis? =
            switch padding {
            case .valid: .valid
            case .same: .same
            case .causal: nil
            case .explicit(let before, let after): .explicit(before: before, after: after)
            }
        var options = ConvolutionOptions(strides: Pair(1, strides), dilation: Pair(1, dilation), groups: groups)
        if let columns { options.padding = Padding(columns: columns) }
        convolution = TransposedConvolution(
            layer: "Conv1DTranspose(\(filters))", filters: filters, kernelSize: Pair(1, kernelSize),
            outputPadding: outputPadding.map { Pair(0, $0) }, options: options, isCausal: columns == nil)
        self.activation = activation
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 2 else {
            throw ShapeError("\(convolution.layer): expected input [positions, channels], got \(input)")
        }
        let output = try convolution.outputShape(input.prepending(1))
        try kernel.declare(convolution.kernelShape(channels: input[1]).dropFirst())
        try bias?.declare([convolution.filters])
        return output.dropFirst()
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let taps = tape.parameter(kernel)
        let image = convolution(
            input.reshaped([input.shape[0], 1, input.shape[1], input.shape[2]]),
            taps.reshaped([1] + taps.shape.dimensions))
        let output = image.reshaped([input.shape[0], image.shape[2], image.shape[3]])
        return activation(bias.map { output + tape.parameter($0) } ?? output)
    }
}

/// What transposed convolutions have in common: lengths, and the product with the kernel.
private struct TransposedConvolution: Sendable {
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
