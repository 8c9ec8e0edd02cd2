// The fully connected layer.

import Autograd
import Tensors

/// activation(input * kernel + bias).
///
/// Input `[batch, ..., in]`, kernel `[in, units]`, bias `[units]`, output `[batch, ..., units]`. The equivalent of
/// `keras.layers.Dense`.
public final class Dense: Layer {
    package let units: Int
    package let activation: ActivationFunction
    package let kernel: Parameter
    package let bias: Parameter?

    /// - Parameters:
    ///   - kernelRegularizer: a penalty on the kernel, added to the loss that is shown and to the kernel's gradient.
    ///   - kernelConstraint: what holds of the kernel after every update.
    public init(
        _ units: Int, activation: ActivationFunction = .linear, useBias: Bool = true,
        kernelInitializer: Initializer = .glorotUniform, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, biasRegularizer: Regularizer? = nil, kernelConstraint: Constraint? = nil
    ) {
        self.units = units
        self.activation = activation
        kernel = Parameter(
            "kernel", initializer: kernelInitializer, regularizer: kernelRegularizer, constraint: kernelConstraint)
        bias = useBias ? Parameter("bias", initializer: biasInitializer, regularizer: biasRegularizer) : nil
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { bias.map { [kernel, $0] } ?? [kernel] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard units > 0 else { throw ShapeError("Dense: units must be positive, got \(units)") }
        guard input.rank >= 1, input[-1] > 0 else {
            throw ShapeError("Dense(\(units)): expected input [..., features], got \(input)")
        }
        try kernel.declare([input[-1], units])
        try bias?.declare([units])
        return Shape(input.dimensions.dropLast() + [units])
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, kernel)
        let tape = input.tape
        let output = input.dense(
            tape.parameter(kernel), bias: bias.map(tape.parameter), relu: activation == .relu,
            gelu: activation == .gelu)
        return activation == .gelu ? output : activation.afterFusedReLU(output)
    }
}
