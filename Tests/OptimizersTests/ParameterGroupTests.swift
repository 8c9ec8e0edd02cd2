// Groups by pattern, and the gradients of regularizers: the same as optimizers of their own on parts of the buffer.

import Autograd
import Foundation
import Tensors
import Testing

import Optimizers

@Suite struct ParameterGroupTests {
    static let matches: [(pattern: String, path: String, isMatch: Bool)] = [
        ("dense_1.*", "dense_1.kernel", true), ("dense_1.*", "dense_10.kernel", false), ("*.bias", "a.b.bias", true),
        ("*.bias", "bias", false), ("*", "", true), ("", "", true), ("", "a", false), ("a*b*c", "aXbYbZc", true),
        ("a*b*c", "aXbYbZ", false), ("?.bias", "a.bias", true), ("?.bias", "ab.bias", false), ("**", "ab", true),
        ("dense", "dense.kernel", false), ("*kernel*", "conv2d.kernel", true), ("*ab", "aab", true),
    ]

    @Test(arguments: matches) func patternsMatchWholePaths(pattern: String, path: String, isMatch: Bool) {
        #expect(ParameterGroup(pattern).matches(path) == isMatch)
    }

    /// Three parameters with gaps between them, and a statistic.
    private func makeBuffer(_ regularizer: Regularizer? = nil) throws -> ParameterBuffer {
        let parameters = [
            Parameter("kernel", initializer: .uniform(-1, 1), regularizer: regularizer),
            Parameter("bias", initializer: .uniform(-1, 1)), Parameter("gamma", initializer: .uniform(-1, 1)),
            Parameter("mean", initializer: .ones, role: .statistic(momentum: 0.5)),
        ]
        for (parameter, count) in zip(parameters, [37, 5, 21, 5]) { try parameter.declare([count]) }
        return ParameterBuffer(parameters, seed: 3)
    }

    private func makeGradients(_ buffer: ParameterBuffer, _ step: Int) -> FlatBuffer {
        let gradients = FlatBuffer(count: buffer.count)
        for parameter in buffer.parameters {
            let values = Tensor.normal(
                [parameter.range.count], mean: 0, deviation: 1,
                key: RandomKey(seed: 1, purpose: .shuffle, index: step, subindex: parameter.range.lowerBound))
            _ = gradients[parameter.range].update(fromContentsOf: values.scalars)
        }
        return gradients
    }

    /// Values and state after three steps on the ranges that `cuts` make.
    private func run(
        _ optimizer: Optimizer, _ buffer: ParameterBuffer, cuts: [Int]? = nil, scale: Float = 1, rate: Float = 0.05
    ) -> (values: [Float], state: [[Float]]) {
        let state = optimizer.makeState(for: buffer)
        let cuts = cuts ?? [0, buffer.trainable.upperBound]
        for step in 1...3 {
            let gradients = makeGradients(buffer, step)
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                optimizer.update(
                    start..<end, values: buffer.values, gradients: gradients, state: state, learningRate: rate,
                    step: step, gradientScale: scale)
            }
        }
        return (Array(buffer.values[buffer.trainable]), state.buffers.map { Array($0[buffer.trainable]) })
    }

    static let optimizers: [Optimizer] = [
        .sgd(momentum: 0.9, weightDecay: 0.01), .adam(weightDecay: 0.01), .adamW(), .rmsprop(momentum: 0.5),
    ]

    @Test(arguments: optimizers) func eachGroupIsUpdatedAsIfItWereAlone(optimizer: Optimizer) throws {
        var grouped = optimizer
        grouped.groups = [
            ParameterGroup("b*", rateFactor: 0.5, weightDecay: 0), ParameterGroup("bias", rateFactor: 100),
            ParameterGroup("gamma", isFrozen: true),
        ]
        let buffer = try makeBuffer()
        let before = Array(buffer.values[buffer.trainable])
        let found = run(grouped, buffer)
        let plain = run(optimizer, try makeBuffer())
        var other = optimizer
        other.weightDecay = 0
        let half = run(other, try makeBuffer(), rate: 0.025)
        let (kernel, bias, gamma) = (buffer.parameters[0].range, buffer.parameters[1].range, buffer.parameters[2].range)
        #expect(found.values[kernel] == plain.values[kernel])
        #expect(found.values[bias] == half.values[bias] && found.values[bias] != plain.values[bias])
        #expect(found.values[gamma] == before[gamma])
        #expect(found.state.allSatisfy { $0[gamma].allSatisfy { $0 == 0 } })
        #expect(buffer.parameters.map(\.isFrozen) == [false, false, true, false])
        // The next optimizer unfreezes what it does not freeze.
        _ = optimizer.makeState(for: buffer)
        #expect(!buffer.parameters[2].isFrozen)
    }

    @Test(arguments: optimizers) func cuttingARangeChangesNoBit(optimizer: Optimizer) throws {
        var grouped = optimizer
        grouped.groups = [ParameterGroup("bias", rateFactor: 0.5), ParameterGroup("gamma", isFrozen: true)]
        grouped.clipValue = 0.8
        let whole = run(grouped, try makeBuffer(.l1l2(0.1, 0.2)), scale: 0.7)
        let end = try makeBuffer().trainable.upperBound
        for cut in 0...end {
            let parts = run(grouped, try makeBuffer(.l1l2(0.1, 0.2)), cuts: [0, cut, end], scale: 0.7)
            #expect(parts.values == whole.values && parts.state == whole.state, "cut at \(cut)")
        }
    }

    @Test func aSquaredPenaltyIsWeightDecayOfTwiceItsFactor() throws {
        let buffer = try makeBuffer(.l2(0.25))
        let found = run(.sgd(momentum: 0.9), buffer).values
        let decayed = run(.sgd(momentum: 0.9, weightDecay: 0.5), try makeBuffer()).values
        let plain = run(.sgd(momentum: 0.9), try makeBuffer()).values
        let kernel = buffer.parameters[0].range
        #expect(found[kernel] == decayed[kernel])
        #expect(found[kernel.upperBound...] == plain[kernel.upperBound...])
    }

    @Test func onlyStatisticsThatAreNotFrozenFollow() throws {
        let buffer = try makeBuffer()
        let statistic = buffer.parameters[3]
        let observations = FlatBuffer(count: buffer.count)
        observations[0..<buffer.count].update(repeating: 9)
        statistic.isFrozen = true
        buffer.updateStatistics(buffer.all, observations: observations)
        #expect(statistic.value.scalars.allSatisfy { $0 == 1 })
        statistic.isFrozen = false
        buffer.updateStatistics(buffer.all, observations: observations)
        #expect(statistic.value.scalars.allSatisfy { $0 == 5 })
    }

    @Test func groupsThatFitNothingAreNamed() throws {
        var optimizer = Optimizer.adam()
        let buffer = try makeBuffer()
        optimizer.groups = [ParameterGroup("*"), ParameterGroup("kernels")]
        #expect(
            optimizer.defect(for: buffer)
                == "the parameter group 'kernels' matches no parameter; the model has kernel, bias, gamma, mean")
        // One that an earlier group has taken everything from is none.
        optimizer.groups = [ParameterGroup("*"), ParameterGroup("kernel")]
        #expect(optimizer.defect(for: buffer) == nil && optimizer.defect == nil)
        optimizer.groups = [ParameterGroup("a", rateFactor: -1)]
        #expect(optimizer.defect == "rateFactor of the parameter group 'a' must be 0 or more, got -1.0")
        optimizer.groups = [ParameterGroup("a", weightDecay: .nan)]
        #expect(optimizer.defect == "weightDecay of the parameter group 'a' must be 0 or more, got nan")
    }

    @Test func groupsSurviveEncodingAndNoneAreAsBefore() throws {
        var optimizer = Optimizer.sgd(learningRate: 0.5)
        // As written before there were groups.
        let old =
            #"{"rule":{"sgd":{"momentum":0,"nesterov":false}},"learningRate":{"constant":{"_0":0.5}},"#
            + #""weightDecay":0}"#
        #expect(try JSONDecoder().decode(Optimizer.self, from: Data(old.utf8)) == optimizer)
        #expect(!String(decoding: try JSONEncoder().encode(optimizer), as: UTF8.self).contains("roups"))
        optimizer.groups = [ParameterGroup("a", rateFactor: 2, weightDecay: 0.5), ParameterGroup("b", isFrozen: true)]
        #expect(try JSONDecoder().decode(Optimizer.self, from: try JSONEncoder().encode(optimizer)) == optimizer)
        optimizer.groups = []
        #expect(optimizer == .sgd(learningRate: 0.5))
    }
}
