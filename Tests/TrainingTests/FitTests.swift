// `fit` in one process, with Keras's callbacks: what is called when, and what it changes.

import Autograd
import Checkpoints
import Datasets
import Foundation
import KernelReference
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct FitTests {
    private let data = SyntheticDigits.load(trainCount: 400, testCount: 100)

    private func model(_ optimizer: Optimizer = .adam()) -> Model {
        Sequential([Flatten(), Dense(16, activation: .relu), Dense(10, activation: .softmax)])
            .compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    }

    private func fit(
        _ model: Model, epochs: Int, batchSize: BatchSize = 50, shards: Int = 4, threads: Int = 1, seed: UInt64 = 0,
        _ callbacks: [any Callback] = []
    ) throws -> History {
        try model.fit(
            data.train, epochs: epochs, batchSize: batchSize, validationData: data.test, callbacks: callbacks,
            seed: seed, shards: shards, threads: threads, verbose: .silent)
    }

    @Test func learnsAndReportsKerasMetrics() throws {
        let model = model(.adam(learningRate: 0.01))
        let history = try fit(model, epochs: 8)
        #expect(history.epochs.count == 8)
        #expect(Set(history.epochs[0].keys) == ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"])
        #expect(history["loss"].last! < history["loss"][0] * 0.6)
        let evaluation = try model.evaluate(data.test)
        #expect(evaluation.loss == history["val_loss"].last)
        #expect(evaluation.accuracy == history["val_accuracy"].last)
    }

    @Test func threadsAndRepetitionChangeNoBits() throws {
        let (one, two, other) = (model(), model(), model())
        _ = try fit(one, epochs: 2, threads: 1)
        _ = try fit(two, epochs: 2, threads: 3)
        _ = try fit(other, epochs: 2, seed: 1)
        #expect(one.fingerprint != nil)
        #expect(one.fingerprint == two.fingerprint)
        #expect(one.fingerprint != other.fingerprint)
    }

    /// A host program may flush denormals on its threads, ours inherit that; a rate this small makes updates of nothing
    /// else.
    @Test(arguments: [1, 3]) func roundsAsIEEEWhateverTheProgramAroundIt(threads: Int) throws {
        let (plain, flushed) = (model(.sgd(learningRate: 1e-36)), model(.sgd(learningRate: 1e-36)))
        for model in [plain, flushed] {
            try model.build(input: [28, 28, 1])
            for (_, parameter) in model.network.allParameters() {
                parameter.value.assign(.zeros(parameter.value.shape))
            }
        }
        _ = try fit(plain, epochs: 1)
        kernel_reference_flush_denormals(1)
        defer { kernel_reference_flush_denormals(0) }
        _ = try fit(flushed, epochs: 1, threads: threads)
        #expect(kernel_reference_flushes_denormals() != 0, "the caller's way is back")
        #expect(plain.fingerprint == flushed.fingerprint)
    }

    /// Without learning, only the training images' random changes can make a difference.
    @Test func augmentationIsForTrainingOnly() throws {
        func losses(_ augmentation: Augmentation) throws -> History {
            var options = FitOptions()
            (options.epochs, options.shards, options.threads, options.verbosity) = (2, 4, 2, .silent)
            options.transforms = [augmentation]
            return try model(.sgd(learningRate: 0.0)).fit(
                data.train, validationData: data.test, options: options)
        }
        let plain = try losses(Augmentation())
        let changed = try losses(Augmentation(translation: 0.1))
        #expect(plain["val_loss"] == changed["val_loss"])
        #expect(plain["loss"][0] != changed["loss"][0])
        #expect(abs(plain["loss"][0] - plain["loss"][1]) < 1e-5)
        #expect(abs(changed["loss"][0] - changed["loss"][1]) > 1e-4, "each epoch draws anew")
        #expect(throws: TrainingError.self) { try losses(Augmentation(zoom: 2)) }
    }

    @Test func twoFitsGoOn() throws {
        // Without shuffling, two fits of one epoch each are one fit of two: weights and optimizer state go on.
        func run(_ epochs: [Int]) throws -> Fingerprint? {
            let model = model()
            for count in epochs {
                _ = try model.fit(data.train, epochs: count, batchSize: 50, shuffle: false, shards: 4, verbose: .silent)
            }
            return model.fingerprint
        }
        #expect(try run([1, 1]) == run([2]))
    }

    @Test func oneHotTargetsTrainAlike() throws {
        let sparse = model()
        let oneHot = Sequential([Flatten(), Dense(16, activation: .relu), Dense(10, activation: .softmax)])
            .compile(loss: .categoricalCrossentropy, metrics: [.accuracy])
        let targets = try Tensor([400, 10], toCategorical(data.train.labels, classCount: 10))
        let a = try sparse.fit(data.train, epochs: 2, batchSize: 50, shards: 4, verbose: .silent)
        let b = try oneHot.fit(
            try ArrayDataset(data.train, targets: targets), epochs: 2, batchSize: 50, shards: 4, verbose: .silent)
        #expect(abs(a["loss"][1] - b["loss"][1]) < 1e-4)
        #expect(a["accuracy"][1] == b["accuracy"][1])
    }

    @Test func aBatchHasAtLeastOneSampleAndAtMostAll() throws {
        #expect(throws: TrainingError.self) { try fit(model(), epochs: 1, batchSize: .samples(0)) }
        var steps = 0
        _ = try fit(model(), epochs: 2, batchSize: .samples(401), [LambdaCallback(onStepEnd: { steps = $0.step })])
        #expect(steps == 2)
    }

    @Test func earlyStoppingStopsAndRestoresTheBest() throws {
        let model = model(.sgd(learningRate: 0.0))
        let stopping = EarlyStopping(monitor: "val_loss", patience: 2, restoreBestWeights: true)
        let history = try fit(model, epochs: 10, [stopping])
        #expect(history.epochs.count == 3)  // the first is the best, then two without improvement
        #expect(stopping.state["waited"] == 2)
        // Used again, it begins anew.
        #expect(try fit(model, epochs: 10, [stopping]).epochs.count == 3)
    }

    /// Validation judges the averages: the chosen epoch's are what the model has in the end, also for who takes averages.
    @Test(arguments: [1, 3]) func earlyStoppingRestoresTheAveragesThatWereJudged(threads: Int) throws {
        var optimizer = Optimizer.sgd(learningRate: 0.1)
        optimizer.emaMomentum = 0.9
        let model = model(optimizer)
        // The worst epoch counts as the best, so that it is not the last.
        let stopping = EarlyStopping(monitor: "val_loss", patience: 9, mode: .max, restoreBestWeights: true)
        let losses = try fit(model, epochs: 4, threads: threads, [stopping])["val_loss"]
        let chosen = try #require(losses.max())
        #expect(losses.count == 4 && losses.last! < chosen)
        #expect(try model.evaluate(data.test).loss == chosen)
        model.useAverages()
        #expect(try model.evaluate(data.test).loss == chosen)
    }

    /// A loop over `fit(epochs: 1)` sees another order each time, and a run that goes on in another process the same one.
    @Test func everyFitHasOrdersOfItsOwn() throws {
        try withFolder { folder in
            let standing = model(.sgd(learningRate: 0.0))
            var losses: [[Double]] = []
            for _ in 0..<2 {
                losses.append([])
                let noting = LambdaCallback(onStepEnd: { losses[losses.count - 1].append($0.metrics["loss"]!) })
                _ = try fit(standing, epochs: 1, [noting])
            }
            #expect(losses[0].count == 8 && losses[1].count == 8 && losses[0] != losses[1])

            func goOn(_ model: Model, _ resume: Resume, to run: String) throws {
                var options = FitOptions()
                (options.epochs, options.batchSize, options.shards, options.verbosity) = (2, 50, 4, .silent)
                var settings = RunSettings(folder: folder + "/" + run, configuration: "", modelName: "twice")
                settings.resume = resume
                try model.fit(data.train, options: options, settings: settings)
            }
            let twice = model()
            _ = try fit(twice, epochs: 1)
            try goOn(twice, .never, to: "whole")
            let first = try Checkpoint.open(try #require(Checkpoint.all(in: folder + "/whole").last).path)
            #expect(first.state.step == 16 && first.state.epoch == 1)
            let resumed = model()
            try goOn(resumed, .from(first.path), to: "resumed")
            #expect(resumed.fingerprint == twice.fingerprint)
        }
    }

    /// As in Keras also when the epochs run out; the run's files hold what training would go on with.
    @Test(arguments: [2, 20]) func bestWeightsAreTheModelsAtTheEnd(patience: Int) throws {
        try withFolder { folder in
            var epochs: [Fingerprint] = []
            let watching = LambdaCallback(onEpochEnd: { epochs.append($0.fingerprint) })
            // Learns in the first two epochs, then is thrown far off.
            let rates = LearningRateScheduler { epoch, _ in epoch < 2 ? 0.1 : 5 }
            let model = model(.sgd(learningRate: 0.1))
            var options = FitOptions()
            (options.epochs, options.batchSize, options.verbosity) = (5, 50, .silent)
            try model.fit(
                data.train, validationData: data.test,
                callbacks: [rates, EarlyStopping(patience: patience, restoreBestWeights: true), watching],
                options: options, settings: RunSettings(folder: folder, configuration: "", modelName: "best"))
            #expect(epochs.count == (patience == 2 ? 4 : 5))
            #expect(model.fingerprint == epochs[1])
            #expect(try Checkpoint.open(folder).state.fingerprint == epochs.last)
        }
    }

    @Test func plateauReducesTheRate() throws {
        let plateau = ReduceLROnPlateau(monitor: "val_loss", factor: 0.5, patience: 2, minDelta: 100)
        let history = try fit(model(.sgd(learningRate: 0.01)), epochs: 6, [plateau])
        // The first epoch is the best for good; every two further ones halve the rate for what follows.
        let expected = [0.01, 0.01, 0.01, 0.005, 0.005, 0.0025]
        for (rate, wanted) in zip(history["learning_rate"], expected) { #expect(abs(rate - wanted) < 1e-9) }
        #expect(history.epochs.count == 6)
    }

    @Test func notANumberEndsTheRun() throws {
        var steps = 0
        let counter = LambdaCallback(onStepEnd: { _ in steps += 1 })
        let history = try fit(model(.sgd(learningRate: 1e12)), epochs: 50, [TerminateOnNaN(), counter])
        #expect(history.epochs.count < 3)
        #expect(steps < 30)
    }

    @Test func lambdaIsCalledInOrder() throws {
        var calls: [String] = []
        let lambda = LambdaCallback(
            onEpochBegin: { calls.append("begin \($0.epoch)") }, onStepEnd: { calls.append("step \($0.step)") },
            onEpochEnd: { calls.append("end \($0.epoch)") })
        _ = try fit(model(), epochs: 2, batchSize: 200, [lambda])
        #expect(calls == ["begin 0", "step 1", "step 2", "end 0", "begin 1", "step 3", "step 4", "end 1"])
    }
}
