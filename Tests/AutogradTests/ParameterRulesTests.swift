// Penalties, constraints and frozen parameters: values by hand.

import Autograd
import Tensors
import Testing

struct ParameterRulesTests {
    private func parameter(
        _ shape: Shape, _ regularizer: Regularizer? = nil, _ constraint: Constraint? = nil
    ) throws -> Parameter {
        let parameter = Parameter(
            "kernel", initializer: .uniform(-1, 1), regularizer: regularizer, constraint: constraint)
        try parameter.declare(shape)
        return parameter
    }

    @Test func penaltiesByHand() throws {
        let parameters = [
            try parameter([2, 2], .l2(0.5)), try parameter([3], .l1(0.25)), try parameter([2], .l1l2(1, 2)),
            try parameter([4]),
        ]
        let buffer = ParameterBuffer(parameters, seed: 0)
        let values: [[Float]] = [[1, -2, 3, 0], [4, -8, 0.5], [-1, 2], [9, 9, 9, 9]]
        for (parameter, values) in zip(parameters, values) {
            _ = buffer.values[parameter.range].update(fromContentsOf: values)
        }
        // 0.5 * 14, 0.25 * 12.5 and 3 + 2 * 5
        #expect(buffer.penalty == 7 + 3.125 + 13)
        parameters[0].isFrozen = true
        #expect(buffer.penalty == 16.125)
    }

    /// Every length around a vector's and a block's end, against a plain sum.
    @Test(arguments: [1, 7, 8, 9, 4095, 4096, 4097, 10_001]) func penaltiesOfLongParameters(count: Int) throws {
        let long = try parameter([count], .l1l2(0.5, 0.25))
        let buffer = ParameterBuffer([long], seed: 3)
        var expected = 0.0
        for value in long.value.scalars.map(Double.init) { expected += abs(value) / 2 + value * value / 4 }
        // Double sums of 10^4 terms of order 1.
        #expect(abs(buffer.penalty - expected) <= 1e-11 * expected)
    }

    @Test func unitsAreScaledDownToTheLimit() throws {
        // Columns of norms 5, 3 (the limit) and 1.
        let kernel = try parameter([2, 3], nil, .maxNorm(3))
        let free = try parameter([2, 3])
        let buffer = ParameterBuffer([kernel, free], seed: 0)
        for parameter in [kernel, free] {
            _ = buffer.values[parameter.range].update(fromContentsOf: [3, 0, 1, 4, -3, 0] as [Float])
        }
        buffer.applyConstraints()
        let factor = Float(3.0 / 5)
        #expect(kernel.value.scalars == [3 * factor, 0, 1, 4 * factor, -3, 0])
        #expect(free.value.scalars == [3, 0, 1, 4, -3, 0])
        kernel.isFrozen = true
        buffer.values[kernel.range].update(repeating: 100)
        buffer.applyConstraints()
        #expect(kernel.value.scalars == Array(repeating: 100, count: 6))
    }

    @Test func aConvolutionsUnitIsAFilter() throws {
        let kernel = try parameter([2, 2, 1, 2], nil, .maxNorm(1))
        let buffer = ParameterBuffer([kernel], seed: 0)
        _ = buffer.values[kernel.range].update(fromContentsOf: [1, 0, 1, 0, 1, 0.5, 1, 0] as [Float])
        buffer.applyConstraints()
        #expect(kernel.value.scalars == [0.5, 0, 0.5, 0, 0.5, 0.5, 0.5, 0])
    }

    @Test func senselessSettingsAreRefused() {
        #expect {
            try parameter([2], .l2(-1))
        } throws: {
            "\($0)" == "parameter kernel: a regularizer's factors must be 0 or more, got l1 0.0 and l2 -1.0"
        }
        #expect {
            try parameter([2], nil, .maxNorm(0))
        } throws: {
            "\($0)" == "parameter kernel: max-norm must be positive, got 0.0"
        }
    }

    @Test func frozenParametersAreConstants() throws {
        let (frozen, trained) = (try parameter([3, 2]), try parameter([2]))
        let statistic = Parameter("statistic", initializer: .zeros, role: .statistic(momentum: 0.9))
        try statistic.declare([2])
        let buffer = ParameterBuffer([frozen, trained, statistic], seed: 1)
        #expect(buffer.trainableScalarCount == 8)
        (frozen.isFrozen, statistic.isFrozen) = (true, true)
        #expect(buffer.trainableScalarCount == 2)
        let gradients = FlatBuffer(count: buffer.count)
        gradients[0..<gradients.count].update(repeating: 9)
        let tape = Tape(buffer: buffer, gradients: gradients)
        #expect(!tape.parameter(frozen).needsGradient && tape.parameter(trained).needsGradient)
        tape.observe(statistic, Tensor([5, 5]))
        let hidden = tape.constant(Tensor(repeating: 1, [1, 3])).dense(tape.parameter(frozen), bias: nil, relu: false)
        var final: [ObjectIdentifier] = []
        tape.backward(from: hidden * tape.parameter(trained)) { final.append(ObjectIdentifier($0)) }
        #expect(Set(final) == Set([frozen, trained, statistic].map { ObjectIdentifier($0) }) && final.count == 3)
        #expect(gradients[frozen.range].allSatisfy { $0 == 0 } && gradients[statistic.range].allSatisfy { $0 == 0 })
        #expect(Array(gradients[trained.range]) == hidden.value.scalars)
    }
}
