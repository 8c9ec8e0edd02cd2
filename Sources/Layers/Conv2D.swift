// The 2-D convolution layer.

import Autograd
import Tensors

/// activation(input * kernel + bias), a 2-D convolution over NHWC images.
///
/// Input `[batch, height, width, in]`, kernel `[kernelSize, kernelSize, in / groups, filters]`, bias `[filters]`,
/// output `[batch, height', width', filters]`. The equivalent of `keras.layers.Conv2D`.
public final class Conv2D: Layer {
    package let filters: Int
    package let kernelSize: Int
    package let options: ConvolutionOptions
    package let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?

    /// - Parameters:
    ///   - strides: rows and columns from one window to the next.
    ///   - padding: `.valid` (no padding) or `.same`.
    ///   - dilation: distance between the kernel's taps.
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ filters: Int, kernelSize: Int, strides: Int = 1, padding: Padding = .valid, dilation: Int = 1,
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
        let settings = [filters, kernelSize, options.strideHeight, options.dilationHeight, options.groups]
        guard settings.allSatisfy({ $0 > 0 }) else {
            throw ShapeError(
                "Conv2D: filters, kernelSize, strides, dilation and groups must be positive, got \(settings)")
        }
        guard input.rank == 3 else {
            throw ShapeError("Conv2D(\(filters)): expected input [height, width, channels], got \(input)")
        }
        guard input[2] % options.groups == 0, filters % options.groups == 0, input[2] > 0 else {
            throw ShapeError(
                "Conv2D(\(filters)): \(input[2]) input channels and \(filters) filters do not divide into "
                    + "\(options.groups) groups")
        }
        let size = (kernelSize - 1) * options.dilationHeight + 1
        let rows = options.padding.resolve(input: input[0], window: size, stride: options.strideHeight).output
        let columns = options.padding.resolve(input: input[1], window: size, stride: options.strideWidth).output
        guard rows > 0, columns > 0 else {
            throw ShapeError("Conv2D(\(filters)): a \(size) x \(size) window is larger than input \(input)")
        }
        try kernel.declare([kernelSize, kernelSize, input[2] / options.groups, filters])
        try bias?.declare([filters])
        return [rows, columns, filters]
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
        activation == .relu && pooling.options.windowHeight * pooling.options.windowWidth <= 127
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
