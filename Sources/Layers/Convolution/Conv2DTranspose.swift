// The transposed convolution, which enlarges images.

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
