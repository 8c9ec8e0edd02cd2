// The convolution layer for sequences.

import Autograd
import Tensors

/// activation(input * kernel + bias), a convolution along a sequence.
///
/// Input `[batch, positions, in]`, kernel `[kernelSize, in / groups, filters]`, bias `[filters]`, output
/// `[batch, positions', filters]`. Masked positions count as the zeros of padding, and a sample's results are those that
/// it has alone; the others are masked. The equivalent of `keras.layers.Conv1D`.
public final class Conv1D: Layer {
    package let filters: Int
    package let kernelSize: Int
    package let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?
    private let windows: SequenceWindows
    private let options: ConvolutionOptions

    /// - Parameters:
    ///   - strides: positions from one window to the next.
    ///   - padding: `.valid` (no padding), `.same`, `.causal`, or how many zeros: `.explicit(1)`.
    ///   - dilation: distance between the kernel's taps.
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ filters: Int, kernelSize: Int, strides: Int = 1, padding: SequencePadding = .valid, dilation: Int = 1,
        groups: Int = 1, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        self.filters = filters
        self.kernelSize = kernelSize
        self.activation = activation
        windows = SequenceWindows(length: (kernelSize - 1) * dilation + 1, stride: strides, padding: padding)
        options = ConvolutionOptions(strides: Pair(1, strides), dilation: Pair(1, dilation), groups: groups)
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        let (dilation, groups) = (options.dilation.width, options.groups)
        guard filters > 0, kernelSize > 0, dilation > 0, groups > 0 else {
            throw ShapeError(
                "Conv1D: filters, kernelSize, dilation and groups must be positive, got "
                    + "\([filters, kernelSize, dilation, groups])")
        }
        let outputs = try windows.outputs(input, layer: "Conv1D(\(filters))")
        guard input[1] % groups == 0, filters % groups == 0 else {
            throw ShapeError(
                "Conv1D(\(filters)): \(input[1]) input channels and \(filters) filters do not divide into \(groups) "
                    + "groups")
        }
        try kernel.declare([kernelSize, input[1] / groups, filters])
        try bias?.declare([filters])
        return [outputs, filters]
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let prepared = windows.prepared(input)
        var options = options
        options.padding = Padding(
            columns: windows.padding(for: prepared.shape[1], isMasked: prepared.mask != nil))
        let output = prepared.convolution1D(
            tape.parameter(kernel), bias: bias.map(tape.parameter), options: options, relu: activation == .relu)
        let result = activation.afterFusedReLU(output)
        return result.masked(prepared.mask.map { windows.mask($0, outputs: result.shape[1]) })
    }
}
