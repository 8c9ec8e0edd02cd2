// Every differentiable operation, against values computed without the engine and against differences of itself.

import Autograd
import Testing

import Tensors

struct OperationTests {
    @Test func everyOperationHasAReference() {
        #expect(Set(Operations.all.keys) == Set(ReferenceCase.all.map(\.name)))
        #expect(ReferenceCase.all.count == Operations.all.count)
    }

    /// Both sides are right to a few float roundings (the file to seven digits); sums here have at most 40 terms of
    /// order 1, so 64 units in the last place of the largest value covers them.
    @Test(arguments: ReferenceCase.all)
    func agreesWithTheReference(_ reference: ReferenceCase) throws {
        let run = try Run(reference)
        #expect(run.output.workspace === run.workspace, "the output was allocated elsewhere")
        #expect(run.output.shape.dimensions == reference.output.shape)
        expectClose(run.output.scalars, reference.output.scalars, "output")
        for (index, expected) in reference.gradients.enumerated() {
            #expect(run.gradients[index].workspace === run.workspace, "gradient \(index) allocated elsewhere")
            #expect(run.gradients[index].shape.dimensions == reference.inputs[index].shape)
            expectClose(run.gradients[index].scalars, expected, "gradient \(index)")
        }
    }

    /// Along eight random directions, (f(x + hd) - f(x - hd)) / 2h = gradient . d. With h = 2^-11 (the file's inputs
    /// keep that far from kinks) the rounding of an output contributes 2^-24 / 2^-11 = 2^-13 of its size and the
    /// third derivative 2^-24 of its own: so a few 2^-13 of the outputs' norm, and not tighter.
    @Test(arguments: ReferenceCase.all)
    func agreesWithItsDifferences(_ reference: ReferenceCase) throws {
        let run = try Run(reference)
        let step: Float = 0x1p-11
        let size = norm(zip(run.output.scalars, reference.weights.scalars).map { Double($0) * Double($1) })
        for direction in 0..<8 {
            var expected = 0.0
            var moved: [[Tensor]] = [[], []]
            for (index, input) in reference.inputs.enumerated() {
                let signs = Tensor.uniform(
                    Shape(input.shape), -1, 1,
                    key: RandomKey(seed: 3, purpose: .augmentation, index: direction, subindex: index)
                ).scalars.map { $0 < 0 ? Float(-1) : 1 }
                for (g, sign) in zip(run.gradients[index].scalars, signs) { expected += Double(g) * Double(sign) }
                for (side, way) in [(0, step), (1, -step)] {
                    moved[side].append(
                        Tensor(zip(input.scalars, signs).map { $0 + way * $1 }).reshaped(input.shape))
                }
            }
            let difference = try Run.objective(reference, moved[0]) - Run.objective(reference, moved[1])
            let found = difference / (2 * Double(step))
            let tolerance = 4 * 0x1p-13 * max(1, size) + 1e-5 * abs(expected)
            #expect(abs(found - expected) <= tolerance, "direction \(direction): \(found), expected \(expected)")
        }
    }

    private func expectClose(_ found: [Float], _ expected: [Float], _ what: Comment) {
        let tolerance = 64 * Float.ulpOfOne / 2 * max(1, expected.map(abs).max() ?? 0)
        #expect(found.count == expected.count, what)
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= tolerance, "\(what): off by \(worst), tolerance \(tolerance)")
    }

    private func norm(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

/// One forward and backward pass of a case.
private struct Run {
    let workspace = Workspace()
    let output: Tensor
    let gradients: [Tensor]

    init(_ reference: ReferenceCase) throws {
        let tape = Tape(context: Operations.context, workspace: workspace)
        let inputs = reference.inputs.map { tape.watched($0.tensor) }
        // Labels and targets come from whoever read the batch.
        let elsewhere = Workspace()
        let constants = reference.constants.map { Tensor($0.tensor, computingIn: elsewhere) }
        let result = try Run.operation(reference)(inputs, constants)
        output = result.value
        tape.backward(from: result * tape.constant(reference.weights.tensor))
        gradients = inputs.map { tape.gradient(of: $0) }
    }

    /// sum(weights * output), added in double precision.
    static func objective(_ reference: ReferenceCase, _ inputs: [Tensor]) throws -> Double {
        // A pass for training, since dropout drops there alone; nothing is recorded from constants.
        let tape = Tape(context: Operations.context)
        let result = try operation(reference)(inputs.map(tape.constant), reference.constants.map(\.tensor))
        return zip(result.value.scalars, reference.weights.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    private static func operation(_ reference: ReferenceCase) throws -> Operation {
        try #require(Operations.all[reference.name], "no operation is called \(reference.name)")
    }
}
