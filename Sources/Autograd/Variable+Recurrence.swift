// Recurrent layers: all steps of a sequence are one operation.

import Tensors

/// What a recurrent operation returns.
package enum RecurrentOutput: Sendable {
    /// The state after the last step, `[batch, units]`.
    case finalState
    /// The states after each step, `[batch, steps, units]`, in the order in which the steps were gone through.
    case sequence
    /// The same in the order of the inputs.
    case sequenceInInputOrder
}

extension Variable {
    /// This sequence `[batch, steps, features]` through a recurrent cell from a state of zeros on; see `RecurrentPass` for the
    /// shapes of the others. Where `mask [batch, steps]` is 0 a sample's state stays as it is.
    package func recurrence(
        _ recurrence: Recurrence, kernel: Variable, recurrentKernel: Variable, bias: Variable?, mask: Tensor? = nil,
        dropout: Tensor? = nil, output: RecurrentOutput
    ) -> Variable {
        let (units, width) = (recurrence.units, recurrence.width)
        require(
            shape.rank == 3 && kernel.shape == [shape[2], width] && recurrentKernel.shape == [units, width],
            "recurrence: input \(shape), kernel \(kernel.shape) and recurrent kernel \(recurrentKernel.shape) do not fit "
                + "\(units) units")
        require(
            bias == nil || bias!.shape == (recurrence.cell == .gru ? [2, width] : [width]),
            "recurrence: bias \(bias?.shape ?? []) does not fit \(units) units")
        let pass = RecurrentPass(
            recurrence, value, kernel: kernel.value, recurrentKernel: recurrentKernel.value, bias: bias?.value,
            mask: mask,
            dropout: dropout, in: tape.workspace)
        let isReversed = output == .finalState ? nil : recurrence.goesBackwards && output == .sequence
        let result = isReversed.map { pass.sequence(reversed: $0) } ?? pass.finalState
        // The pass has a copy of the inputs.
        let (place, tape) = (place, tape)
        return tape.record(result, [self, kernel, recurrentKernel] + (bias.map { [$0] } ?? [])) { g in
            pass.goBack(g, reversed: isReversed, recurrentKernel: recurrentKernel.value)
            if pass.sharesGates, kernel.needsGradient, recurrentKernel.needsGradient,
                kernel.node != recurrentKernel.node
            {
                tape.contribute(to: kernel.place) { target, adds in
                    tape.contribute(to: recurrentKernel.place) {
                        pass.kernelGradients(into: target, adds: adds, recurrent: $0, addsRecurrent: $1)
                    }
                }
            } else {
                tape.contribute(to: kernel.place) { pass.kernelGradient(into: $0, adds: $1) }
                tape.contribute(to: recurrentKernel.place) { pass.recurrentKernelGradient(into: $0, adds: $1) }
            }
            if let bias { tape.contribute(to: bias) { pass.biasGradient(into: $0) } }
            tape.contribute(to: place) { pass.inputGradient(kernel: kernel.value, into: $0) }
        }
    }
}
