// After a `fit` that threw: everything uses the weights of the last step that was completed, and the next `fit` goes on.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing
import Training

@Suite struct FailedFitTests {
    private let data = SyntheticDigits.load(trainCount: 120, testCount: 40)

    private struct Interrupted: Error {}

    private func model() -> Model {
        Sequential([Flatten(), Dense(8, activation: .relu), Dense(10, activation: .softmax)])
            .compile(optimizer: .adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    }

    private func options(_ maxSteps: Int? = nil) -> FitOptions {
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.threads) = (2, 30, 2, 2)
        (options.verbosity, options.maxSteps) = (.silent, maxSteps)
        return options
    }

    /// The ways in which a run ends early, and the steps that it has done by then.
    enum Failure: CaseIterable {
        case atStep, atEpochEnd, atTheLastSave, beforeTheFirstStep, whileItIsMade

        var steps: Int {
            switch self {
            case .atStep: 3
            case .atEpochEnd: 4
            case .atTheLastSave: 8
            case .beforeTheFirstStep, .whileItIsMade: 0
            }
        }

        /// Whether all ranks have all of the optimizer's state then. Else it begins anew, also on one rank.
        var keepsMoments: Bool { self != .atStep && self != .atEpochEnd }
    }

    private func loaded(_ path: String) throws -> Model {
        let model = model()
        try model.load(path, input: data.train.sampleShape)
        return model
    }

    private func fail(_ failure: Failure, _ model: Model, _ folder: String) throws {
        var callbacks: [any Callback] = []
        var settings: RunSettings?
        var options = options()
        switch failure {
        case .atStep: callbacks = [LambdaCallback(onStepEnd: { if $0.step % 8 == 3 { throw Interrupted() } })]
        case .atEpochEnd: callbacks = [LambdaCallback(onEpochEnd: { _ in throw Interrupted() })]
        case .atTheLastSave:
            settings = RunSettings(folder: folder + "/run", configuration: "", modelName: "test")
            settings?.warn = { _ in }
            settings?.checkpoints.everyNEpochs = 0  // nothing else is written while the folder goes
            callbacks = [
                LambdaCallback(onStepEnd: { context in
                    guard context.step % 8 == 7 else { return }
                    try FileManager.default.removeItem(atPath: folder + "/run")
                    try "a file".write(toFile: folder + "/run", atomically: true, encoding: .utf8)
                })
            ]
        case .beforeTheFirstStep: callbacks = [EarlyStopping(monitor: "nothing")]
        case .whileItIsMade:
            settings = RunSettings(folder: folder + "/run", configuration: "", modelName: "test")
            settings?.checkpoints.monitor = "nothing"
            options.shards = nil
        }
        try model.fit(
            data.train, validationData: data.test, callbacks: callbacks, options: options,
            settings: settings)
    }

    @Test(arguments: Failure.allCases, [false, true]) func everythingUsesTheSameWeights(
        failure: Failure, isTrained: Bool
    ) throws {
        try withFolder { folder in
            let (model, expected) = (model(), model())
            for model in [model, expected] where isTrained { try model.fit(data.train, options: options()) }
            let error = #expect(throws: (any Error).self) { try fail(failure, model, folder) }
            if failure == .whileItIsMade, !isTrained {
                #expect(model.fingerprint == nil)
                return
            }
            let steps = (isTrained ? 8 : 0) + failure.steps
            if failure.steps > 0 { try expected.fit(data.train, options: options(steps)) }
            if steps == 0 { try expected.build(input: data.train.sampleShape) }
            #expect(model.fingerprint == expected.fingerprint, "after \(error!)")

            let path = folder + "/weights.safetensors"
            try model.save(path)
            let loaded = try loaded(path)
            #expect(loaded.fingerprint == model.fingerprint)
            #expect(try loaded.evaluate(data.test) == model.evaluate(data.test))
            let inputs = try data.test[0..<5].inputs
            #expect(try loaded.predict(inputs).scalars == model.predict(inputs).scalars)

            let other = failure.keepsMoments ? expected : loaded
            for model in [model, other] { try model.fit(data.train, options: options()) }
            #expect(model.fingerprint == other.fingerprint)
            // What is loaded now is what everything uses.
            try model.load(path, input: data.train.sampleShape)
            #expect(try self.loaded(path).evaluate(data.test) == model.evaluate(data.test))
        }
    }

    /// What one callback throws keeps its type.
    @Test func theErrorIsTheCallbacks() throws {
        #expect(throws: Interrupted.self) { try fail(.atStep, model(), "") }
        #expect(throws: Interrupted.self) { try fail(.atEpochEnd, model(), "") }
    }
}
