// Recurrent cells of operations on the tape, step by step, for what the kernels behind `Variable.recurrence` don't have:
// activations whose slope does not follow from their value, and states to begin with. Several times slower.

import Autograd
import Tensors

/// A recurrent cell with any activations.
struct ComposedRecurrence {
    let options: RecurrentOptions
    /// `[units, width]`
    let recurrentKernel: Variable
    /// Of a `gru` that resets after the product.
    let stateBias: Variable?
    /// Factors of the states that are multiplied with the recurrent kernel, `[batch, units]`.
    let dropout: Tensor?

    private var units: Int { options.units }

    /// Goes through all steps; see `Variable.recurrence`.
    ///
    /// - Parameters:
    ///   - inputs: `[steps, batch, width]`, multiplied with the kernel, so that longer padding only appends rows.
    ///   - initial: the states to begin with, `[batch, units]` each.
    ///   - mask: `[batch, steps]`.
    func callAsFunction(_ inputs: Variable, initial: [Variable], mask: Tensor?, output: RecurrentOutput) -> Variable {
        let tape = inputs.tape
        let (steps, batch) = (inputs.shape[0], inputs.shape[1])
        var states = initial
        var outputs: [Variable] = []
        for index in 0..<steps {
            let step = options.goBackwards ? steps - 1 - index : index
            let x = inputs.sliced(axis: 0, step..<(step + 1)).reshaped([batch, inputs.shape[2]])
            let next = advanced(x, states)
            if let mask {
                let isThere = tape.constant(mask.sliced(axis: 1, step..<(step + 1)))
                states = zip(next, states).map { .where(isThere, $0, $1) }
            } else {
                states = next
            }
            if output != .finalState { outputs.append(states[0].reshaped([batch, 1, units])) }
        }
        if output == .finalState { return states[0] }
        let isTurned = options.goBackwards && output == .sequenceInInputOrder
        return .concatenated(isTurned ? outputs.reversed() : outputs, axis: 1)
    }

    /// The states after one step: that of the layer, and of an LSTM the cell's.
    private func advanced(_ x: Variable, _ states: [Variable]) -> [Variable] {
        let (f, s, state) = (options.activation, options.recurrentActivation, states[0])
        let operand = dropout.map { state * state.tape.constant($0) } ?? state
        func gate(_ z: Variable, _ index: Int) -> Variable { z.sliced(axis: 1, index * units..<(index + 1) * units) }
        switch options.cell {
        case .simple: return [f(x + operand.matmul(recurrentKernel))]
        case .lstm:
            let z = x + operand.matmul(recurrentKernel)
            let cell = s(gate(z, 0)) * f(gate(z, 2)) + s(gate(z, 1)) * states[1]
            return [s(gate(z, 3)) * f(cell), cell]
        case .gru:
            let product = operand.matmul(recurrentKernel)
            let inner = stateBias.map { product + $0 } ?? product
            let (update, reset) = (s(gate(x, 0) + gate(inner, 0)), s(gate(x, 1) + gate(inner, 1)))
            let candidate = f(gate(x, 2) + reset * gate(inner, 2))
            return [update * (state - candidate) + candidate]
        case .gruResetBefore:
            let inner = operand.matmul(recurrentKernel.sliced(axis: 1, 0..<(2 * units)))
            let (update, reset) = (s(gate(x, 0) + gate(inner, 0)), s(gate(x, 1) + gate(inner, 1)))
            let candidate = f(gate(x, 2) + (reset * operand).matmul(gate(recurrentKernel, 2)))
            return [update * (state - candidate) + candidate]
        }
    }
}
