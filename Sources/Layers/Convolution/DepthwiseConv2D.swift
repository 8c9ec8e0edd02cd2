// Convolutions of each channel on its own, and their sum by a pointwise convolution.

import Autograd
import Tensors

/// activation(each channel * its own kernels + bias): a convolution with as many groups as channels.
///
/// Input `[batch, height, width, in]`, kernel `[height, width, in, depthMultiplier]` of `kernelSize`, bias
/// `[in * depthMultiplier]`, output `[batch, height', width', in * depthMultiplier]`, the results of one channel side by
/// side. The equivalent of `keras.layers.DepthwiseConv2D`.
public final class DepthwiseConv2D: Layer {
    private let kernelSize: Pair
    private let depthMultiplier: Int
    private let options: ConvolutionOptions
    private let activation: ActivationFunction
    private let kernel: Parameter
    private let bias: Parameter?

    /// - Parameters:
    ///   - depthMultiplier: results of each channel.
    ///   - padding: `.valid` (no padding), `.same`, or how many zeros: `.explicit(1)`.
    public init(
        kernelSize: Pair, strides: Pair = 1, padding: Padding = .valid, depthMultiplier: Int = 1, dilation: Pair = 1,
        activation: ActivationFunction = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        depthwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil
    ) {
        self.kernelSize = kernelSize
        self.depthMultiplier = depthMultiplier
        self.activation = activation
        options = ConvolutionOptions(strides: strides, padding: padding, dilation: dilation)
        kernel = Parameter("kernel", initializer: depthwiseInitializer, regularizer: depthwiseRegularizer)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let output = try options.depthwiseShape(input, kernelSize, depthMultiplier, layer: "DepthwiseConv2D")
        try kernel.declare([kernelSize.height, kernelSize.width, input[2], depthMultiplier])
        try bias?.declare([output[2]])
        return output
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let output = input.depthwiseConvolution(
            tape.parameter(kernel), bias: bias.map(tape.parameter), options: options, relu: activation == .relu)
        return activation.afterFusedReLU(output)
    }
}

/// activation(pointwise(each channel * its own kernels) + bias) (Chollet 2017).
///
/// Input `[batch, height, width, in]`, depthwise_kernel `[height, width, in, depthMultiplier]` of `kernelSize`,
/// pointwise_kernel `[1, 1, in * depthMultiplier, filters]`, bias `[filters]`, output `[batch, height', width', filters]`.
/// The equivalent of `keras.layers.SeparableConv2D`.
public final class SeparableConv2D: Layer {
    private let filters: Int
    private let kernelSize: Pair
    private let depthMultiplier: Int
    private let options: ConvolutionOptions
    private let activation: ActivationFunction
    private let depthwiseKernel: Parameter
    private let pointwiseKernel: Parameter
    private let bias: Parameter?

    /// - Parameters:
    ///   - depthMultiplier: results of each channel before they are summed up.
    ///   - padding: `.valid` (no padding), `.same`, or how many zeros: `.explicit(1)`.
    public init(
        _ filters: Int, kernelSize: Pair, strides: Pair = 1, padding: Padding = .valid, depthMultiplier: Int = 1,
        dilation: Pair = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, pointwiseInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, depthwiseRegularizer: Regularizer? = nil,
        pointwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.depthMultiplier = depthMultiplier
        self.activation = activation
        options = ConvolutionOptions(strides: strides, padding: padding, dilation: dilation)
        depthwiseKernel = Parameter(
            "depthwise_kernel", initializer: depthwiseInitializer, regularizer: depthwiseRegularizer)
        pointwiseKernel = Parameter(
            "pointwise_kernel", initializer: pointwiseInitializer, regularizer: pointwiseRegularizer)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var parameters: [Parameter] { [depthwiseKernel, pointwiseKernel] + (bias.map { [$0] } ?? []) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard filters > 0 else { throw ShapeError("SeparableConv2D: filters must be positive, got \(filters)") }
        let middle = try options.depthwiseShape(
            input, kernelSize, depthMultiplier, layer: "SeparableConv2D(\(filters))")
        try depthwiseKernel.declare([kernelSize.height, kernelSize.width, input[2], depthMultiplier])
        try pointwiseKernel.declare([1, 1, middle[2], filters])
        try bias?.declare([filters])
        return [middle[0], middle[1], filters]
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, depthwiseKernel)
        let tape = input.tape
        let middle = input.depthwiseConvolution(
            tape.parameter(depthwiseKernel), bias: nil, options: options, relu: false)
        let output = middle.convolution(
            tape.parameter(pointwiseKernel), bias: bias.map(tape.parameter), options: ConvolutionOptions(),
            relu: activation == .relu)
        return activation.afterFusedReLU(output)
    }
}

extension ConvolutionOptions {
    fileprivate func depthwiseShape(
        _ input: Shape, _ kernel: Pair, _ multiplier: Int, layer: String
    ) throws(ShapeError) -> Shape {
        guard multiplier > 0 else { throw ShapeError("\(layer): depthMultiplier must be positive, got \(multiplier)") }
        guard input.rank == 3, input[2] > 0 else {
            throw ShapeError("\(layer): expected input [height, width, channels], got \(input)")
        }
        var grouped = self
        grouped.groups = input[2]
        return try grouped.outputShape(input, kernel: kernel, filters: input[2] * multiplier, layer: layer)
    }
}

extension Variable {
    /// Kernel `[height, width, in, multiplier]`.
    fileprivate func depthwiseConvolution(
        _ kernel: Variable, bias: Variable?, options: ConvolutionOptions, relu: Bool
    ) -> Variable {
        let sizes = kernel.shape
        var grouped = options
        grouped.groups = sizes[2]
        return convolution(
            kernel.reshaped([sizes[0], sizes[1], 1, sizes[2] * sizes[3]]), bias: bias, options: grouped, relu: relu)
    }
}
