// What recurrent layers have in common, for users and for `Bidirectional`.

import Autograd
import Tensors

/// A layer that goes through a sequence step by step: `SimpleRNN`, `LSTM` and `GRU`. These can also be called on a list: the
/// sequence and the states to begin with instead of zeros, `[batch, units]` each, one, of an LSTM the state and the cell's.
///
/// Input `[batch, steps, features]`, output `[batch, units]`, or with `returnSequences` `[batch, steps, units]` in the order
/// in which the steps were gone through. Where the input has a mask, a masked step leaves a sample's state as it is, so that
/// a padded sequence ends in the state of its last real step, one without any in the state of zeros; its output is the state
/// before it again. More padding at the end changes no bit, of outputs, or of gradients.
public protocol RecurrentLayer: Layer {
    /// Whether it returns the state after each step, or the last one.
    var returnSequences: Bool { get }

    /// Whether it goes from the last step to the first.
    var goBackwards: Bool { get }

    /// A layer of the same settings with parameters of its own, not yet built.
    func fresh(goBackwards: Bool) -> any RecurrentLayer

    /// What `call` gives, but a sequence in its input's order, and 0 where it is masked.
    func callInInputOrder(_ input: Variable) -> Variable
}

extension RecurrentLayer {
    /// Backwards, a sequence begins with its padding, so that what follows needs to know how much there is.
    public var positions: PositionUse { returnSequences ? (goBackwards ? .fixed : .sequence) : .reduced }
}

/// The settings of a recurrent layer, with Keras's defaults; what they mean is said where the layers take them.
package struct RecurrentOptions: Sendable {
    let name: String
    let cell: Recurrence.Cell
    let units: Int
    package var returnSequences = false
    package var goBackwards = false
    package var activation = ActivationFunction.tanh
    package var recurrentActivation = ActivationFunction.sigmoid
    package var useBias = true
    package var dropout: Float = 0
    package var recurrentDropout: Float = 0
    package var zeroOutputForMask = false
    package var kernelInitializer = Initializer.glorotUniform
    package var recurrentInitializer = Initializer.orthogonal
    package var biasInitializer = Initializer.zeros
    package var kernelRegularizer: Regularizer?
    package var recurrentRegularizer: Regularizer?
    package var biasRegularizer: Regularizer?

    private init(_ name: String, _ cell: Recurrence.Cell, _ units: Int) {
        (self.name, self.cell, self.units) = (name, cell, units)
    }

    package static func simpleRNN(_ units: Int) -> RecurrentOptions {
        var options = RecurrentOptions("SimpleRNN", .simple, units)
        options.recurrentActivation = .linear
        return options
    }

    package static func lstm(_ units: Int) -> RecurrentOptions { RecurrentOptions("LSTM", .lstm, units) }

    package static func gru(_ units: Int, resetAfter: Bool) -> RecurrentOptions {
        RecurrentOptions("GRU", resetAfter ? .gru : .gruResetBefore, units)
    }

    func going(backwards: Bool) -> RecurrentOptions {
        var result = self
        result.goBackwards = backwards
        return result
    }

    /// With those that all three layers' initialisers take.
    func with(
        returnSequences: Bool, goBackwards: Bool, activation: ActivationFunction, useBias: Bool, dropout: Float,
        recurrentDropout: Float, zeroOutputForMask: Bool, initializers: (Initializer, Initializer, Initializer),
        regularizers: (Regularizer?, Regularizer?, Regularizer?)
    ) -> RecurrentOptions {
        var result = self
        (result.returnSequences, result.goBackwards, result.activation) = (returnSequences, goBackwards, activation)
        (result.useBias, result.zeroOutputForMask) = (useBias, zeroOutputForMask)
        (result.dropout, result.recurrentDropout) = (dropout, recurrentDropout)
        (result.kernelInitializer, result.recurrentInitializer, result.biasInitializer) = initializers
        (result.kernelRegularizer, result.recurrentRegularizer, result.biasRegularizer) = regularizers
        return result
    }
}

/// The parameters of a recurrent layer, and what it computes with them.
struct RecurrentCore: Sendable {
    let options: RecurrentOptions
    let kernel: Parameter
    let recurrentKernel: Parameter
    let bias: Parameter?

    init(_ options: RecurrentOptions) {
        self.options = options
        kernel = Parameter(
            "kernel", initializer: options.kernelInitializer, regularizer: options.kernelRegularizer)
        recurrentKernel = Parameter(
            "recurrent_kernel", initializer: options.recurrentInitializer, regularizer: options.recurrentRegularizer)
        bias =
            options.useBias
            ? Parameter("bias", initializer: options.biasInitializer, regularizer: options.biasRegularizer) : nil
    }

    var parameters: [Parameter] { [kernel, recurrentKernel] + (bias.map { [$0] } ?? []) }

    /// What the kernels compute; nil for an activation that they don't have.
    private var recurrence: Recurrence? {
        guard let activation = Recurrence.Function(rawValue: options.activation.rawValue),
            let recurrentActivation = Recurrence.Function(rawValue: options.recurrentActivation.rawValue)
        else { return nil }
        return Recurrence(
            options.cell, units: options.units, activation: activation, recurrentActivation: recurrentActivation,
            goesBackwards: options.goBackwards)
    }

    private var width: Int { options.cell.gateCount * options.units }

    /// - Parameter inputs: the sequence, and the states to begin with, all of them or none.
    func build(_ inputs: [Shape]) throws(ShapeError) -> Shape {
        let (name, units) = ("\(options.name)(\(options.units))", options.units)
        guard units > 0 else { throw ShapeError("\(options.name): units must be positive, got \(units)") }
        for (setting, rate) in [("dropout", options.dropout), ("recurrentDropout", options.recurrentDropout)] {
            guard rate >= 0, rate < 1 else {
                throw ShapeError("\(name): `\(setting)` must be in 0 ..< 1, got \(rate)")
            }
        }
        let (input, states) = (inputs[0], inputs.dropFirst())
        guard input.rank == 2, input[0] > 0, input[1] > 0 else {
            throw ShapeError("\(name): expected input [steps, features], got \(input)")
        }
        let wanted = options.cell == .lstm ? 2 : 1
        guard states.isEmpty || states.count == wanted && states.allSatisfy({ $0 == [units] }) else {
            throw ShapeError(
                "\(name): expected a sequence, or a sequence and \(wanted) of shape [\(units)] to begin with, got "
                    + listed(inputs))
        }
        try kernel.declare([input[1], width])
        try recurrentKernel.declare([units, width])
        try bias?.declare(options.cell == .gru ? [2, width] : [width])
        return options.returnSequences ? [input[0], units] : [units]
    }

    func call(_ inputs: [Variable], inInputOrder: Bool = false) -> Variable {
        if kernel.shape == nil {
            do { _ = try build(inputs.map { $0.shape.dropFirst() }) } catch { fatalError(error.description) }
        }
        let (input, tape) = (inputs[0], inputs[0].tape)
        let (batch, features) = (input.shape[0], input.shape[2])
        var dropped = input
        var stateFactors: Tensor?
        if tape.mode == .training {
            // One mask a sequence: all steps, and all gates, share it.
            func factors(_ width: Int, _ rate: Float) -> Tensor {
                Tensor(repeating: 1, [batch, width], in: tape.workspace).dropout(rate: rate, key: tape.nextRandomKey())
            }
            if options.dropout > 0 {
                dropped = input * tape.constant(factors(features, options.dropout).reshaped([batch, 1, features]))
            }
            if options.recurrentDropout > 0 { stateFactors = factors(options.units, options.recurrentDropout) }
        }
        let order: RecurrentOutput =
            !options.returnSequences ? .finalState : inInputOrder ? .sequenceInInputOrder : .sequence
        let output =
            if let recurrence, inputs.count == 1 {
                dropped.recurrence(
                    recurrence, kernel: tape.parameter(kernel), recurrentKernel: tape.parameter(recurrentKernel),
                    bias: bias.map(tape.parameter), mask: input.mask, dropout: stateFactors, output: order)
            } else {
                composed(dropped, initial: Array(inputs.dropFirst()), mask: input.mask, dropout: stateFactors, order)
            }
        return masked(output.marked(.function(options.activation.rawValue)), input.mask, inInputOrder: inInputOrder)
    }

    private func composed(
        _ input: Variable, initial: [Variable], mask: Tensor?, dropout: Tensor?, _ output: RecurrentOutput
    ) -> Variable {
        let tape = input.tape
        let zeros = tape.constant(.zeros([input.shape[0], options.units], in: tape.workspace))
        let biases = bias.map(tape.parameter)
        func row(_ index: Int) -> Variable? { biases?.sliced(axis: 0, index..<(index + 1)).reshaped([width]) }
        let isApart = options.cell == .gru
        let inputs = input.masked(nil).transposed([1, 0, 2]).dense(
            tape.parameter(kernel), bias: isApart ? row(0) : biases, relu: false)
        let recurrence = ComposedRecurrence(
            options: options, recurrentKernel: tape.parameter(recurrentKernel), stateBias: isApart ? row(1) : nil,
            dropout: dropout)
        return recurrence(
            inputs, initial: initial.isEmpty ? [zeros, zeros] : initial, mask: mask, output: output)
    }

    /// A sequence with its mask.
    private func masked(_ output: Variable, _ mask: Tensor?, inInputOrder: Bool) -> Variable {
        guard options.returnSequences, let mask else { return output }
        let order = options.goBackwards && !inInputOrder ? mask.withReversedPositions : mask
        let isZeroed = inInputOrder || options.zeroOutputForMask
        let rows = order.reshaped(order.shape.dimensions + [1])
        return (isZeroed ? output * output.tape.constant(rows) : output).masked(order)
    }
}
