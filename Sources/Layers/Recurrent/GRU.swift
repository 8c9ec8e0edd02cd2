// The gated recurrent unit.

import Autograd
import Tensors

/// state = update * state + (1 - update) * candidate, from a state of zeros on (Cho et al. 2014).
///
/// The gates update and reset are recurrentActivation(x * kernel + bias + state * recurrent kernel). The candidate is
/// activation(x * kernel + bias + reset * (state * recurrent kernel + recurrent bias)), as cuDNN and PyTorch have it, or
/// with `resetAfter: false` activation(x * kernel + bias + (reset * state) * recurrent kernel). Kernel `[features, 3 *
/// units]`, recurrent kernel `[units, 3 * units]`: update gate, reset gate, candidate; bias `[2, 3 * units]`, of inputs and
/// of states, or with `resetAfter: false` `[3 * units]`, all as in Keras. For inputs and outputs see `RecurrentLayer`. The
/// equivalent of `keras.layers.GRU`.
public final class GRU: RecurrentLayer, MergeLayer {
    let core: RecurrentCore

    /// - Parameters:
    ///   - returnSequences: whether to return the state after each step, or the last one.
    ///   - goBackwards: goes from the last step to the first; a sequence that it returns begins with what it did first, and
    ///     so does its mask.
    ///   - activation: of the candidate: any; linear, relu, sigmoid, hard-sigmoid and tanh have kernels of their own and are
    ///     quicker.
    ///   - recurrentActivation: of the gates, likewise.
    ///   - resetAfter: whether the reset gate comes after the product with the recurrent kernel, or before it.
    ///   - dropout: the share of features that are dropped in training, the same ones in all steps of a sequence.
    ///   - recurrentDropout: the share of the state's units that are dropped on their way into the recurrent kernel, likewise.
    ///   - zeroOutputForMask: whether a masked step's output is 0, instead of the state before it.
    public convenience init(
        _ units: Int, returnSequences: Bool = false, goBackwards: Bool = false, activation: ActivationFunction = .tanh,
        recurrentActivation: ActivationFunction = .sigmoid, useBias: Bool = true, resetAfter: Bool = true,
        dropout: Float = 0,
        recurrentDropout: Float = 0, zeroOutputForMask: Bool = false, kernelInitializer: Initializer = .glorotUniform,
        recurrentInitializer: Initializer = .orthogonal, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil
    ) {
        var options = RecurrentOptions.gru(units, resetAfter: resetAfter).with(
            returnSequences: returnSequences, goBackwards: goBackwards, activation: activation, useBias: useBias,
            dropout: dropout, recurrentDropout: recurrentDropout, zeroOutputForMask: zeroOutputForMask,
            initializers: (kernelInitializer, recurrentInitializer, biasInitializer),
            regularizers: (kernelRegularizer, recurrentRegularizer, biasRegularizer))
        options.recurrentActivation = recurrentActivation
        self.init(options)
    }

    package init(_ options: RecurrentOptions) { core = RecurrentCore(options) }

    public var returnSequences: Bool { core.options.returnSequences }
    public var goBackwards: Bool { core.options.goBackwards }
    public var parameters: [Parameter] { core.parameters }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try core.build(inputs) }
    public func call(_ inputs: [Variable]) -> Variable { core.call(inputs) }
    public func callInInputOrder(_ input: Variable) -> Variable { core.call([input], inInputOrder: true) }

    public func fresh(goBackwards: Bool) -> any RecurrentLayer { GRU(core.options.going(backwards: goBackwards)) }
}
