// Groups, penalties, constraints and a layer for tables in whole runs: what they keep, and the same bits on threads.

import Autograd
import Datasets
import Layers
import Optimizers
import Tensors
import Testing

import Training

@Suite struct ParameterGroupFitTests {
    private func makeModel(_ groups: [ParameterGroup]) -> Model {
        var optimizer = Optimizer.adamW()
        optimizer.groups = groups
        optimizer.clipNorm = 0.5
        return Sequential([
            Conv2D(8, kernelSize: 3, strides: 2, activation: .relu, kernelRegularizer: .l2(1e-3)), BatchNormalization(),
            Flatten(), Dense(16, activation: .relu, kernelRegularizer: .l1(1e-3), kernelConstraint: .maxNorm(0.9)),
            Dense(10, activation: .softmax),
        ]).compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy)
    }

    private func fit(_ model: Model, threads: Int = 1) throws {
        let data = try SyntheticDigits.load().train.prefix(200)
        try model.fit(data, epochs: 1, batchSize: 64, seed: 5, shards: 4, threads: threads, verbose: .silent)
    }

    /// Values by path.
    private func values(_ model: Model) -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: model.network.allParameters().map { ($0.path, $0.parameter.value.scalars) })
    }

    private static let groups = [
        ParameterGroup("conv2d.*", isFrozen: true), ParameterGroup("batch_normalization.*", isFrozen: true),
        ParameterGroup("*.bias", rateFactor: 2, weightDecay: 0),
    ]

    @Test func frozenParametersStayAndLimitsHold() throws {
        let model = makeModel(Self.groups)
        try model.build(input: [28, 28, 1], seed: 5)
        let before = values(model)
        try fit(model)
        let after = values(model)
        for (path, value) in after {
            let isFrozen = path.hasPrefix("conv2d.") || path.hasPrefix("batch_normalization.")
            #expect((value == before[path]) == isFrozen, "\(path)")
        }
        func squaredNorms(_ kernel: [Float]) -> [Double] {
            (0..<16).map { unit in
                stride(from: unit, to: kernel.count, by: 16).reduce(0.0) { $0 + Double(kernel[$1] * kernel[$1]) }
            }
        }
        // First weights have norms of 1.4, of which four steps of 0.001 for weights of 0.03 leave 1.2.
        #expect(squaredNorms(try #require(before["dense.kernel"])).min()! > 1.5)
        // Each square and each weight is rounded once.
        #expect(squaredNorms(try #require(after["dense.kernel"])).max()! <= 0.81 * (1 + 1e-6))
        // Another run with another optimizer trains them.
        let other = model.network.compile(loss: .sparseCategoricalCrossentropy)
        try fit(other)
        #expect(values(other)["conv2d.kernel"] != before["conv2d.kernel"])
    }

    @Test func threadsChangeNoBit() throws {
        let models = try [1, 2, 3].map { threads in
            let model = makeModel([ParameterGroup("*.bias", rateFactor: 2, weightDecay: 0)])
            try fit(model, threads: threads)
            return try #require(model.fingerprint)
        }
        #expect(Set(models).count == 1)
    }

    @Test func aPatternThatMatchesNothingIsRefused() throws {
        let model = makeModel([ParameterGroup("dense_2.*")])
        #expect {
            try fit(model)
        } throws: { error in
            let text = "\(error)"
            return text.contains("parameter group 'dense_2.*' matches no parameter; the model has conv2d.kernel, ")
        }
    }
}
