// Convolutions of each channel of a sequence on its own, and their sum by a pointwise convolution.

import Autograd
import Tensors

/// activation(each channel * its own kernels + bias), along a sequence.
///
/// Input `[batch, positions, in]`, kernel `[kernelSize, in, depthMultiplier]`, bias `[in * depthMultiplier]`, output
/// `[batch, positions', in * depthMultiplier]`, the results of one channel side by side; masks as in `Conv1D`. The equivalent
/// of `keras.layers.DepthwiseConv1D`.
public final class DepthwiseConv1D: Layer {
    private let convolution: DepthwiseSequenceConvolution
    private let activation: ActivationFunction
    private let kernel: Parameter
    private let bias: Parameter?

    /// - Parameters:
    ///   - padding: `.valid` (no padding), `.same`, `.causal`, or how many zeros: `.explicit(before: 1, after: 1)`.
    ///   - depthMultiplier: results of each channel.
    public init(
        kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid, depthMultiplier: Int = 1,
        dilation: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        depthwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil
    ) {
        convolution = DepthwiseSequenceConvolution(
            layer: "DepthwiseConv1D", kernelSize, strides, padding, depthMultiplier, dilation)
        self.activation = activation
        kernel = Parameter("kernel", initializer: depthwiseInitializer, regularizer: depthwiseRegularizer)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let output = try convolution.build(input, kernel)
        try bias?.declare([output[1]])
        return output
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let output = convolution(input, kernel, bias: bias)
        return activation(output).masked(output.mask)
    }
}

/// activation(pointwise(each channel * its own kernels) + bias), along a sequence (Chollet 2017).
///
/// Input `[batch, positions, in]`, depthwise_kernel `[kernelSize, in, depthMultiplier]`, pointwise_kernel
/// `[1, in * depthMultiplier, filters]`, bias `[filters]`, output `[batch, positions', filters]`; masks as in `Conv1D`. The
/// equivalent of `keras.layers.SeparableConv1D`.
public final class SeparableConv1D: Layer {
    private let filters: Int
    private let convolution: DepthwiseSequenceConvolution
    private let activation: ActivationFunction
    private let depthwiseKernel: Parameter
    private let pointwiseKernel: Parameter
    private let bias: Parameter?

    /// - Parameters:
    ///   - padding: `.valid` (no padding), `.same`, `.causal`, or how many zeros: `.explicit(before: 1, after: 1)`.
    ///   - depthMultiplier: results of each channel before they are summed up.
    public init(
        _ filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid, depthMultiplier: Int = 1,
        dilation: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        depthwiseInitializer: Initializer = .glorotUniform, pointwiseInitializer: Initializer = .glorotUniform,
        biasInitializer: Initializer = .zeros, depthwiseRegularizer: Regularizer? = nil,
        pointwiseRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil
    ) {
        self.filters = filters
        convolution = DepthwiseSequenceConvolution(
            layer: "SeparableConv1D(\(filters))", kernelSize, strides, padding, depthMultiplier, dilation)
        self.activation = activation
        depthwiseKernel = Parameter(
            "depthwise_kernel", initializer: depthwiseInitializer, regularizer: depthwiseRegularizer)
        pointwiseKernel = Parameter(
            "pointwise_kernel", initializer: pointwiseInitializer, regularizer: pointwiseRegularizer)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { [depthwiseKernel, pointwiseKernel] + (bias.map { [$0] } ?? []) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard filters > 0 else { throw ShapeError("SeparableConv1D: filters must be positive, got \(filters)") }
        let middle = try convolution.build(input, depthwiseKernel)
        try pointwiseKernel.declare([1, middle[1], filters])
        try bias?.declare([filters])
        return [middle[0], filters]
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, depthwiseKernel)
        let tape = input.tape
        let middle = convolution(input, depthwiseKernel, bias: nil)
        let output = middle.keptWhereUnmasked.convolution1D(
            tape.parameter(pointwiseKernel), bias: bias.map(tape.parameter), options: ConvolutionOptions(), relu: false)
        return activation(output).masked(middle.mask)
    }
}

/// What the two have in common.
private struct DepthwiseSequenceConvolution: Sendable {
    let layer: String
    let kernelSize: Int
    let multiplier: Int
    let dilation: Int
    let windows: SequenceWindows

    init(
        layer: String, _ kernelSize: Int, _ strides: Int, _ padding: SequencePadding, _ multiplier: Int, _ dilation: Int
    ) {
        (self.layer, self.kernelSize, self.multiplier, self.dilation) = (layer, kernelSize, multiplier, dilation)
        windows = SequenceWindows(length: (kernelSize - 1) * dilation + 1, stride: strides, padding: padding)
    }

    func build(_ input: Shape, _ kernel: Parameter) throws(ShapeError) -> Shape {
        guard kernelSize > 0, multiplier > 0, dilation > 0 else {
            throw ShapeError(
                "\(layer): kernelSize, depthMultiplier and dilation must be positive, got "
                    + "\([kernelSize, multiplier, dilation])")
        }
        let outputs = try windows.outputs(input, layer: layer)
        try kernel.declare([kernelSize, input[1], multiplier])
        return [outputs, input[1] * multiplier]
    }

    /// With the mask of the results.
    func callAsFunction(_ input: Variable, _ kernel: Parameter, bias: Parameter?) -> Variable {
        let tape = input.tape
        let prepared = windows.prepared(input)
        let channels = input.shape[2]
        let options = ConvolutionOptions(
            strides: Pair(1, windows.stride),
            padding: Padding(columns: windows.padding(for: prepared.shape[1], isMasked: prepared.mask != nil)),
            dilation: Pair(1, dilation), groups: channels)
        let output = prepared.convolution1D(
            tape.parameter(kernel).reshaped([kernelSize, 1, channels * multiplier]), bias: bias.map(tape.parameter),
            options: options, relu: false)
        return output.masked(prepared.mask.map { windows.mask($0, outputs: output.shape[1]) })
    }
}
