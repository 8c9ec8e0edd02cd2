// What programs do about errors they decide by the reason, not by the message.

import Foundation
import Testing

import Autograd
import Checkpoints
import Datasets
import Layers
import Optimizers
import Streams
import Tensors
import Training

@Suite struct ErrorReasonTests {
    private func model(_ optimizer: Optimizer = .adam()) -> Model {
        Sequential([Flatten(), Dense(10)]).compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy)
    }

    private let data = SyntheticDigits.load(trainCount: 40, testCount: 1).train

    private func reason(_ options: FitOptions, _ model: Model) -> TrainingError.Reason? {
        let error = #expect(throws: TrainingError.self) { try model.fit(data, options: options) }
        return error?.reason
    }

    @Test func settingsAreNamed() {
        var options = FitOptions()
        options.verbosity = .silent
        options.epochs = 0
        #expect(reason(options, model()) == .setting("epochs"))
        (options.epochs, options.batchSize) = (1, 0)
        #expect(reason(options, model()) == .setting("batchSize"))
    }

    @Test func whatDoesNotFitIsToldApartFromDivergence() {
        var options = FitOptions()
        (options.epochs, options.verbosity) = (3, .silent)
        let narrow = Sequential([Flatten(), Dense(3)]).compile(loss: .meanSquaredError)
        #expect(reason(options, narrow) == .unfit)
        let reason = reason(options, model(.sgd(learningRate: 1e38)))
        guard case .diverged(let step) = reason else {
            Issue.record("\(String(describing: reason)) is no divergence")
            return
        }
        #expect(step >= 1)
    }

    @Test func filesThatAreAbsentAreToldApartFromDamagedOnes() {
        let absent = #expect(throws: CheckpointError.self) { try Checkpoint.open("/nonexistent/run") }
        #expect(absent?.reason == .missing)
        let unread = #expect(throws: DatasetError.self) { try MNIST.load(directory: "/nonexistent") }
        #expect(unread?.reason != .damaged)
    }
}
