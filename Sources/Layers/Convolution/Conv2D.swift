// The 2-D convolution layer.

import Autograd
import Tensors

/// activation(input * kernel + bias), a 2-D convolution over NHWC images.
///
/// Input `[batch, height, width, in]`, kernel `[height, width, in / groups, filters]` of `kernelSize`, bias `[filters]`,
/// output `[batch, height', width', filters]`. The equivalent of `keras.layers.Conv2D`.
public final class Conv2D: Layer {
    package let filters: Int
    package let kernelSize: Pair
    package let options: ConvolutionOptions
    package let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?

    /// - Parameters:
    ///   - strides: rows and columns from one window to the next.
    ///   - padding: `.valid` (no padding), `.same`, or how many zeros: `.explicit(1)`.
    ///   - dilation: distance between the kernel's taps.
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ filters: Int, kernelSize: Pair, strides: Pair = 1, padding: Padding = .valid, dilation: Pair = 1,
        groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.activation = activation
        options = ConvolutionOptions(strides: strides, padding: padding, dilation: dilation, groups: groups)
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard filters > 0 else { throw ShapeError("Conv2D: filters must be positive, got \(filters)") }
        let output = try options.outputShape(input, kernel: kernelSize, filters: filters, layer: "Conv2D(\(filters))")
        try kernel.declare([kernelSize.height, kernelSize.width, input[2] / options.groups, filters])
        try bias?.declare([filters])
        return output
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let output = input.convolution(
            tape.parameter(kernel), bias: bias.map(tape.parameter), options: options, relu: activation == .relu)
        return activation.afterFusedReLU(output)
    }

    /// Whether `pooling(self(input))` is better computed as one.
    func fuses(with pooling: MaxPooling2D) -> Bool {
        activation == .relu && pooling.options.window.height * pooling.options.window.width <= 127
    }

    /// What `pooling(self(input))` gives, without the convolution's output going through memory more than needed.
    func callAsFunction(_ input: Variable, pooledBy pooling: MaxPooling2D) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        return tape.withScope(of: self) {
            input.convolution(
                tape.parameter(kernel), bias: bias.map(tape.parameter), options: options, pooledBy: pooling.options)
        }.made(by: self)
    }
}

extension ConvolutionOptions {
    /// The shape of a sample's output.
    func outputShape(_ input: Shape, kernel: Pair, filters: Int, layer: String) throws(ShapeError) -> Shape {
        guard kernel.isAtLeast(1), strides.isAtLeast(1), dilation.isAtLeast(1), groups > 0 else {
            throw ShapeError(
                "\(layer): kernelSize, strides, dilation and groups must be positive, got \(kernel), \(strides), "
                    + "\(dilation) and \(groups)")
        }
        guard padding.rows.isPossible, padding.columns.isPossible else {
            throw ShapeError("\(layer): expected padding of 0 or more, got \(padding)")
        }
        guard input.rank == 3 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        guard input[2] % groups == 0, filters % groups == 0, input[2] > 0 else {
            throw ShapeError(
                "\(layer): \(input[2]) input channels and \(filters) filters do not divide into \(groups) groups")
        }
        let size = window(kernel)
        let rows = padding.rows.resolve(input: input[0], window: size.height, stride: strides.height)
        let columns = padding.columns.resolve(input: input[1], window: size.width, stride: strides.width)
        guard rows.output > 0, columns.output > 0 else {
            throw ShapeError("\(layer): a \(size) window is larger than input \(input)")
        }
        let padded = Shape([
            input[0] + rows.before + rows.after, input[1] + columns.before + columns.after, input[2],
        ])
        guard Shape.count(of: padded.dimensions) != nil else {
            throw ShapeError("\(layer): input \(input) is too large with its padding, \(padded)")
        }
        return [rows.output, columns.output, filters]
    }
}
