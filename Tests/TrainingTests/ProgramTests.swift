// What a program of one's own does with a run and with a loop: weights out of a run's folder, the schedule's rate.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing

import Training

@Suite struct ProgramTests {
    private let data = SyntheticDigits.load(trainCount: 60, testCount: 20).train

    private func model() -> Model {
        Sequential([Flatten(), Dense(10, activation: .softmax)]).compile(loss: .sparseCategoricalCrossentropy)
    }

    @Test func aRunsFolderHasWeights() throws {
        try withFolder { folder in
            let first = model()
            var options = FitOptions()
            (options.epochs, options.batchSize, options.shards, options.verbosity) = (1, 20, 2, .silent)
            try first.fit(data, options: options, settings: RunSettings(folder: folder + "/run"))
            let fingerprint = try #require(first.fingerprint)

            let second = model()
            try second.load(folder + "/run", input: data.input.shape)
            #expect(second.fingerprint == fingerprint)
            let third = model()
            let transfer = try third.loadMatching(folder + "/run/checkpoints/last", input: data.input.shape)
            #expect(third.fingerprint == fingerprint && transfer.isWhole)
            #expect("\(transfer)".contains("2 of 2 parameters used"))
            #expect(throws: (any Error).self) { try model().load(folder, input: data.input.shape) }
        }
    }

    /// A step without a rate takes the schedule's, by hand and with `TrainingStep`.
    @Test func theRateIsTheSchedules() throws {
        let optimizer = Optimizer.sgd(learningRate: .step(rate: 0.5, factor: 0.1, interval: 2))
        func fingerprint(_ rate: (Int) -> Float?) throws -> Fingerprint {
            let network = Sequential([Flatten(), Dense(10, activation: .softmax)])
            let step = try TrainingStep(
                network: network, input: data.input.shape, optimizer: optimizer, loss: .sparseCategoricalCrossentropy,
                batchSize: 20, shards: 1)
            for number in 0..<3 {
                let report = try step.run(
                    Array(number * 20..<(number + 1) * 20)[...], of: data, learningRate: rate(number))
                #expect(report.loss == report.lossSum / 20 && report.loss > 0)
            }
            try step.close()
            return step.parameters.fingerprint
        }
        let given = try fingerprint { [0.5, 0.5, 0.05][$0] }
        #expect(try fingerprint { _ in nil } == given)
        #expect(try fingerprint { _ in 0.5 } != given)
    }

    @Test func allParametersAreUpdated() throws {
        let optimizer = Optimizer.sgd(learningRate: .step(rate: 0.5, factor: 0.1, interval: 2))
        let parameters = try Dense(1).makeParameterBuffer(input: [2])
        let (before, gradients) = (parameters.parameters[0].value.scalars, parameters.makeGradients())
        gradients[0..<gradients.count].update(repeating: 1)
        optimizer.update(parameters, gradients: gradients, state: optimizer.makeState(for: parameters), step: 3)
        #expect(parameters.parameters[0].value.scalars == before.map { $0 - 0.05 })
    }
}
