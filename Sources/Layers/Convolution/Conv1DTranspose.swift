// The transposed convolution of sequences.

import Autograd
import Tensors

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
