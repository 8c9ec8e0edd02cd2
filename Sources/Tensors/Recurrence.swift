// Recurrent cells over whole sequences, on the kernels of CKernels/kernels/recurrence.h. `Variable.recurrence` records
// them; everything here goes by step, then by sample, so that longer padding only appends rows.

import CKernels

/// A recurrent cell with its activations, and the direction in which it goes through a sequence.
package struct Recurrence: Sendable, Hashable {
    /// The gates are in Keras's order. A `gru` resets after the product with the state, as `reset_after=True` means.
    package enum Cell: Sendable {
        /// state = f(x + h)
        case simple
        /// Input gate, forget gate, candidate, output gate (Hochreiter & Schmidhuber 1997; Gers et al. 2000).
        case lstm
        /// Update gate, reset gate, candidate (Cho et al. 2014).
        case gru, gruResetBefore

        package var gateCount: Int { self == .simple ? 1 : self == .lstm ? 4 : 3 }

        fileprivate var kernel: lk_cell {
            switch self {
            case .simple: LK_SIMPLE_RNN
            case .lstm: LK_LSTM
            case .gru: LK_GRU
            case .gruResetBefore: LK_GRU_RESET_BEFORE
            }
        }
    }

    /// The functions whose slope follows from their value.
    package enum Function: String, Sendable, CaseIterable {
        case linear, relu, sigmoid, tanh
        case hardSigmoid = "hard-sigmoid"

        fileprivate var kernel: lk_gate_function {
            switch self {
            case .linear: LK_GATE_LINEAR
            case .relu: LK_GATE_RELU
            case .sigmoid: LK_GATE_SIGMOID
            case .tanh: LK_GATE_TANH
            case .hardSigmoid: LK_GATE_HARD_SIGMOID
            }
        }
    }

    package let cell: Cell
    package let units: Int
    package let activation: Function
    package let recurrentActivation: Function
    /// From the last step to the first.
    package let goesBackwards: Bool

    package init(
        _ cell: Cell, units: Int, activation: Function = .tanh, recurrentActivation: Function = .sigmoid,
        goesBackwards: Bool = false
    ) {
        self.cell = cell
        self.units = units
        self.activation = activation
        self.recurrentActivation = recurrentActivation
        self.goesBackwards = goesBackwards
    }

    /// All gates' units.
    package var width: Int { cell.gateCount * units }
}

/// One pass of a recurrence over a batch: what it computed and what its way back needs. Made by `Recurrence.forward`, used
/// by one thread.
package struct RecurrentPass {
    private let recurrence: Recurrence
    private let steps: Int
    private let batch: Int
    private let inputs: Tensor
    private let workspace: Workspace
    private let gates: Tensor
    private let states: Tensor
    private let cells: Tensor?
    private let inner: Tensor?
    private let operands: Tensor?
    private let mask: Tensor?
    private let dropout: Tensor?

    /// Computes all steps.
    ///
    /// - Parameters:
    ///   - inputs: `[batch, steps, features]`.
    ///   - kernel: `[features, width]`, `recurrentKernel [units, width]`.
    ///   - bias: `[width]`, of a `gru` `[2, width]`: the inputs' and the states'.
    ///   - mask: `[batch, steps]`, 0 where a sample's state stays as it is.
    ///   - dropout: `[batch, units]`, factors of the states that are multiplied with the recurrent kernel.
    package init(
        _ recurrence: Recurrence, _ inputs: Tensor, kernel: Tensor, recurrentKernel: Tensor, bias: Tensor?,
        mask: Tensor?,
        dropout: Tensor?, in workspace: Workspace
    ) {
        self.recurrence = recurrence
        self.workspace = workspace
        let (batch, steps) = (inputs.shape[0], inputs.shape[1])
        (self.batch, self.steps) = (batch, steps)
        let (units, width) = (recurrence.units, recurrence.width)
        self.inputs = inputs.withSwappedFirstAxes(in: workspace)
        self.mask = mask?.withSwappedFirstAxes(in: workspace)
        self.dropout = dropout
        gates = Tensor(uninitialized: [steps, batch, width], in: workspace)
        states = Tensor(uninitialized: [steps + 1, batch, units], in: workspace)
        let isLSTM = recurrence.cell == .lstm
        cells = isLSTM ? Tensor(uninitialized: states.shape, in: workspace) : nil
        let innerWidth = recurrence.cell == .simple ? 0 : recurrence.cell == .gru ? width : units
        inner = innerWidth > 0 ? Tensor(uninitialized: [steps, batch, innerWidth], in: workspace) : nil
        operands = dropout.map { _ in Tensor(uninitialized: [steps, batch, units], in: workspace) }

        for slots in [states, cells].compactMap({ $0 }) {
            (slots.pointer + firstSlot * batch * units).update(repeating: 0, count: batch * units)
        }
        MatrixProduct(m: steps * batch, n: width, k: inputs.shape[2]).run(
            self.inputs.pointer, kernel.pointer, bias: bias?.pointer, into: gates.pointer, in: workspace)
        run { shape, memory, scratch in
            lk_recurrence_forward(
                shape, memory, recurrentKernel.pointer,
                recurrence.cell == .gru ? bias.map { UnsafePointer($0.pointer + width) } : nil,
                scratch)
        }
    }

    private var firstSlot: Int { recurrence.goesBackwards ? steps : 0 }

    private func run(
        _ kernel: (UnsafePointer<lk_recurrence>, UnsafePointer<lk_recurrence_memory>, UnsafeMutablePointer<Float>?) ->
            Void
    ) {
        let shape = lk_recurrence(
            cell: recurrence.cell.kernel, steps: Int64(steps), batch: Int64(batch), units: Int64(recurrence.units),
            backwards: recurrence.goesBackwards, activation: recurrence.activation.kernel,
            recurrent_activation: recurrence.recurrentActivation.kernel)
        let memory = lk_recurrence_memory(
            gates: gates.pointer, states: states.pointer, cells: cells?.pointer, inner: inner?.pointer,
            operands: operands?.pointer, mask: mask?.pointer, dropout: dropout?.pointer)
        workspace.timeline?.count(operations: 2 * steps * batch * recurrence.units * recurrence.width)
        withUnsafePointer(to: shape) { shape in
            withUnsafePointer(to: memory) { memory in
                workspace.withScratch(Int(lk_recurrence_scratch(shape))) { kernel(shape, memory, $0) }
            }
        }
    }

    /// The state after the last step that was gone through, `[batch, units]`.
    package var finalState: Tensor {
        let slot = recurrence.goesBackwards ? 0 : steps
        let result = Tensor(uninitialized: [batch, recurrence.units], in: workspace)
        result.pointer.update(from: states.pointer + slot * result.count, count: result.count)
        return result
    }

    /// The states after each step, `[batch, steps, units]`; with `reversed` from the last step to the first.
    package func sequence(reversed: Bool) -> Tensor {
        let result = Tensor(uninitialized: [batch, steps, recurrence.units], in: workspace)
        let first = states.pointer + (recurrence.goesBackwards ? 0 : batch * recurrence.units)
        result.pointer.swapFirstAxes(of: first, steps, batch, recurrence.units, reversed: reversed)
        return result
    }

    /// Goes back through all steps, once.
    ///
    /// - Parameters:
    ///   - gradient: in `sequence(reversed:)` with the same `reversed`, or, where that is nil, in `finalState`.
    package func goBack(_ gradient: Tensor, reversed: Bool?, recurrentKernel: Tensor) {
        let units = recurrence.units
        let gradients = Tensor(uninitialized: [steps, batch, units], in: workspace)
        if let reversed {
            gradients.pointer.gather(
                gradient.pointer, [steps, batch, units], [units, steps * units, 1], reversed: reversed)
        } else {
            gradients.pointer.update(repeating: 0, count: gradients.count)
            let last = recurrence.goesBackwards ? 0 : steps - 1
            (gradients.pointer + last * batch * units).update(from: gradient.pointer, count: batch * units)
        }
        run { shape, memory, scratch in
            lk_recurrence_backward(shape, memory, recurrentKernel.pointer, gradients.pointer, scratch)
        }
    }

    // What follows is valid after `goBack`.

    /// Whether both kernels' gradients are products with the same gradients of gates.
    package var sharesGates: Bool {
        (recurrence.cell == .simple || recurrence.cell == .lstm) && gates.count > 0 && inputs.count > 0
    }

    /// What `kernelGradient` and `recurrentKernelGradient` write, or add, where `sharesGates`, in less time.
    package func kernelGradients(
        into target: UnsafeMutablePointer<Float>, adds: Bool, recurrent: UnsafeMutablePointer<Float>,
        addsRecurrent: Bool
    ) {
        func product(_ rows: Int) -> MatrixProduct {
            MatrixProduct(m: rows, n: recurrence.width, k: steps * batch, transposeA: true)
        }
        let (features, units, width) = (inputs.shape[2], recurrence.units, recurrence.width)
        let sum = adds ? Tensor(uninitialized: [features, width], in: workspace) : nil
        let recurrentSum = addsRecurrent ? Tensor(uninitialized: [units, width], in: workspace) : nil
        product(features).runPair(
            product(units), inputs.pointer, recurrentOperand, shared: gates.pointer, into: sum?.pointer ?? target,
            recurrentSum?.pointer ?? recurrent, in: workspace)
        if let sum { lk_accumulate(target, sum.pointer, Int64(sum.count)) }
        if let recurrentSum { lk_accumulate(recurrent, recurrentSum.pointer, Int64(recurrentSum.count)) }
    }

    /// What the recurrent kernel is multiplied with in each step.
    private var recurrentOperand: UnsafeMutablePointer<Float> {
        operands?.pointer ?? states.pointer + (recurrence.goesBackwards ? batch * recurrence.units : 0)
    }

    /// Writes, or adds, the kernel's gradient `[features, width]`: one product over all steps and samples.
    package func kernelGradient(into target: UnsafeMutablePointer<Float>, adds: Bool) {
        MatrixProduct(
            m: inputs.shape[2], n: recurrence.width, k: steps * batch, transposeA: true, accumulate: adds
        ).run(inputs.pointer, gates.pointer, into: target, in: workspace)
    }

    /// Writes, or adds, the recurrent kernel's gradient `[units, width]`.
    package func recurrentKernelGradient(into target: UnsafeMutablePointer<Float>, adds: Bool) {
        let (units, width, rows) = (recurrence.units, recurrence.width, steps * batch)
        let operand = recurrentOperand
        func product(_ a: UnsafePointer<Float>, _ b: Tensor, into c: UnsafeMutablePointer<Float>, adds: Bool) {
            MatrixProduct(m: units, n: b.shape[-1], k: rows, transposeA: true, accumulate: adds).run(
                a, b.pointer, into: c, in: workspace)
        }
        switch recurrence.cell {
        case .simple, .lstm: product(operand, gates, into: target, adds: adds)
        case .gru: product(operand, inner!, into: target, adds: adds)
        case .gruResetBefore:
            let parts = [0..<(2 * units), (2 * units)..<width].enumerated().map { index, columns in
                let part = Tensor(uninitialized: [units, columns.count], in: workspace)
                product(
                    index == 0 ? operand : inner!.pointer, gates.sliced(axis: 2, columns), into: part.pointer,
                    adds: false)
                return part
            }
            let whole = Tensor.concatenated(parts, axis: 1)
            if adds {
                lk_accumulate(target, whole.pointer, Int64(whole.count))
            } else {
                target.update(from: whole.pointer, count: whole.count)
            }
        }
    }

    /// Writes the bias's gradient, of the bias's shape.
    package func biasGradient(into target: UnsafeMutablePointer<Float>) {
        gates.sumRows(into: target)
        if recurrence.cell == .gru { inner!.sumRows(into: target + recurrence.width) }
    }

    /// Writes the gradient in the inputs, `[batch, steps, features]`.
    package func inputGradient(kernel: Tensor, into target: UnsafeMutablePointer<Float>) {
        let features = inputs.shape[2]
        let result = Tensor(uninitialized: inputs.shape, in: workspace)
        MatrixProduct(m: steps * batch, n: features, k: recurrence.width, transposeB: true).run(
            gates.pointer, kernel.pointer, into: result.pointer, in: workspace)
        target.swapFirstAxes(of: result.pointer, steps, batch, features, reversed: false)
    }
}

extension Tensor {
    /// `[a, b, ...] -> [b, a, ...]`
    package func withSwappedFirstAxes(in workspace: Workspace) -> Tensor {
        let inner = shape.dropFirst(2)
        let result = Tensor(uninitialized: inner.prepending(shape[0]).prepending(shape[1]), in: workspace)
        result.pointer.swapFirstAxes(of: pointer, shape[0], shape[1], inner.count, reversed: false)
        return result
    }

    /// `[batch, positions, ...]` with the last position first.
    package var withReversedPositions: Tensor {
        let (batch, steps, width) = (shape[0], shape[1], shape.dropFirst(2).count)
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        if count == 0 { return result }
        lk_gather_strided(
            result.pointer, pointer + (steps - 1) * width, 3, [batch, steps, width].map(Int64.init),
            [steps * width, -width, 1].map(Int64.init))
        return result
    }
}

extension UnsafeMutablePointer<Float> {
    /// Writes `x [outer, inner, width]` as `[inner, outer, width]`; with `reversed` from the last of `outer` to the first.
    fileprivate func swapFirstAxes(of x: UnsafePointer<Float>, _ outer: Int, _ inner: Int, _ width: Int, reversed: Bool)
    {
        if outer * inner * width == 0 { return }
        let row = inner * width
        lk_gather_strided(
            self, reversed ? x + (outer - 1) * row : x, 3, [inner, outer, width].map(Int64.init),
            [width, reversed ? -row : row, 1].map(Int64.init))
    }

    /// Writes `[steps, batch, units]` from `x` with these strides; with `reversed` from the last step to the first.
    fileprivate func gather(_ x: UnsafePointer<Float>, _ lengths: [Int], _ strides: [Int], reversed: Bool) {
        if lengths.contains(0) { return }
        let start = reversed ? x + (lengths[0] - 1) * strides[0] : x
        lk_gather_strided(
            self, start, 3, lengths.map(Int64.init),
            [Int64(reversed ? -strides[0] : strides[0])] + strides.dropFirst().map(Int64.init))
    }
}
