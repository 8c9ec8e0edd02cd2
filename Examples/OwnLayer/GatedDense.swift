// A layer of one's own with an operation that Lockstep does not have: its value, and how gradients go back.

import Lockstep

/// (input * kernel) relu(input * gate)^2: `[batch, in] -> [batch, units]`.
final class GatedDense: Layer {
    let units: Int
    let kernel: Parameter
    let gate = Parameter("gate", initializer: .glorotUniform)

    init(_ units: Int, kernelRegularizer: Regularizer? = nil) {
        self.units = units
        kernel = Parameter("kernel", initializer: .glorotUniform, regularizer: kernelRegularizer)
    }

    var parameters: [Parameter] { [kernel, gate] }

    func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank == 1 else { throw ShapeError("GatedDense(\(units)): expected input [features], got \(input)") }
        for parameter in parameters { try parameter.declare([input[0], units]) }
        return [units]
    }

    func call(_ input: Variable) -> Variable {
        let tape = input.tape
        return gated(input.matmul(tape.parameter(kernel)), by: input.matmul(tape.parameter(gate)))
    }
}

/// value relu(gate)^2, element by element.
func gated(_ value: Variable, by gate: Variable) -> Variable {
    let tape = value.tape
    // What is computed from a constant is not recorded: the way back is our own.
    let positive = tape.constant(gate.value).relu.value
    let square = positive * positive
    return tape.operation("gated", [value, gate], value: value.value * square) { gradient in
        [gradient * square, gradient * value.value * (positive + positive)]
    }
}
