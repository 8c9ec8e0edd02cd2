// The long short-term memory.

import Autograd
import Tensors

/// cell = forget * cell + input * candidate, state = output * activation(cell), from zeros on (Hochreiter & Schmidhuber
/// 1997; with a forget gate, Gers et al. 2000).
///
/// The gates are recurrentActivation, the candidate is activation, of x * kernel + bias + state * recurrent kernel. Kernel
/// `[features, 4 * units]`, recurrent kernel `[units, 4 * units]`, bias `[4 * units]`: input gate, forget gate, candidate,
/// output gate, as in Keras. For inputs and outputs see `RecurrentLayer`. The equivalent of `keras.layers.LSTM`.
public final class LSTM: RecurrentLayer, MergeLayer {
    let core: RecurrentCore

    /// - Parameters:
    ///   - returnSequences: whether to return the state after each step, or the last one.
    ///   - goBackwards: goes from the last step to the first; a sequence that it returns begins with what it did first, and
    ///     so does its mask.
    ///   - activation: of candidate and output: any; linear, relu, sigmoid, hard-sigmoid and tanh have kernels of their own
    ///     and are quicker.
    ///   - recurrentActivation: of the gates, likewise.
    ///   - unitForgetBias: whether the forget gate's bias is 1 at first.
    ///   - dropout: the share of features that are dropped in training, the same ones in all steps of a sequence.
    ///   - recurrentDropout: the share of the state's units that are dropped on their way into the recurrent kernel, likewise.
    ///   - zeroOutputForMask: whether a masked step's output is 0, instead of the state before it.
    public convenience init(
        _ units: Int, returnSequences: Bool = false, goBackwards: Bool = false, activation: ActivationFunction = .tanh,
        recurrentActivation: ActivationFunction = .sigmoid, useBias: Bool = true, unitForgetBias: Bool = true,
        dropout: Float = 0,
        recurrentDropout: Float = 0, zeroOutputForMask: Bool = false, kernelInitializer: Initializer = .glorotUniform,
        recurrentInitializer: Initializer = .orthogonal, biasInitializer: Initializer = .zeros,
        kernelRegularizer: Regularizer? = nil, recurrentRegularizer: Regularizer? = nil,
        biasRegularizer: Regularizer? = nil
    ) {
        var options = RecurrentOptions.lstm(units).with(
            returnSequences: returnSequences, goBackwards: goBackwards, activation: activation, useBias: useBias,
            dropout: dropout, recurrentDropout: recurrentDropout, zeroOutputForMask: zeroOutputForMask,
            initializers: (kernelInitializer, recurrentInitializer, biasInitializer),
            regularizers: (kernelRegularizer, recurrentRegularizer, biasRegularizer))
        options.recurrentActivation = recurrentActivation
        if unitForgetBias { options.biasInitializer = .unitForgetBias(biasInitializer) }
        self.init(options)
    }

    package init(_ options: RecurrentOptions) { core = RecurrentCore(options) }

    public var returnSequences: Bool { core.options.returnSequences }
    public var goBackwards: Bool { core.options.goBackwards }
    public var parameters: [Parameter] { core.parameters }

    public func build(_ inputs: [Shape]) throws(ShapeError) -> Shape { try core.build(inputs) }
    public func call(_ inputs: [Variable]) -> Variable { core.call(inputs) }
    public func callInInputOrder(_ input: Variable) -> Variable { core.call([input], inInputOrder: true) }

    public func fresh(goBackwards: Bool) -> any RecurrentLayer { LSTM(core.options.going(backwards: goBackwards)) }
}
