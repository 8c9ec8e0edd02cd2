// Callbacks that change the learning rate, with and without a schedule of the optimizer, and across a stop.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Testing
import Training

@Suite struct LearningRateTests {
    private let data = SyntheticDigits.load(trainCount: 80, testCount: 10)

    /// Four steps an epoch.
    private func rates(
        _ schedule: LearningRateSchedule, _ callbacks: [any Callback], epochs: Int = 3, maxSteps: Int? = nil,
        run: (folder: String, resume: Resume)? = nil
    ) throws -> (steps: [Double], fingerprint: Fingerprint?) {
        let model = Sequential([Flatten(), Dense(10, activation: .softmax)])
            .compile(optimizer: .sgd(learningRate: schedule), loss: .sparseCategoricalCrossentropy)
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.verbosity) = (epochs, 20, 2, .silent)
        options.maxSteps = maxSteps
        var settings = run.map { RunSettings(folder: $0.folder, configuration: "", modelName: "test") }
        settings?.resume = run?.resume ?? .never
        var found: [Double] = []
        let noting = LambdaCallback(onStepEnd: { found.append($0.metrics["learning_rate"]!) })
        let history = try model.fit(
            data.train, callbacks: callbacks + [noting], options: options, settings: settings)
        if maxSteps == nil {
            #expect(history["learning_rate"].last == found.last)
        }
        return (found, model.fingerprint)
    }

    static let schedules: [LearningRateSchedule] = [
        .constant(0.25), .constant(0), .cosine(rate: 0.1, decaySteps: 8),
        .warmUp(steps: 6, from: 0, then: .constant(0.5)),
    ]

    /// What the scheduler returns is the rate of all steps of its epoch, whatever the optimizer's own schedule says.
    @Test(arguments: schedules) func schedulerSetsTheRate(schedule: LearningRateSchedule) throws {
        let wanted = [0.03, 0.02, 0.01]
        let scheduler = { LearningRateScheduler { epoch, _ in wanted[epoch] } }
        let whole = try rates(schedule, [scheduler()])
        #expect(whole.steps == wanted.flatMap { Array(repeating: $0, count: 4) })
        #expect(try rates(.constant(1), [scheduler()]).fingerprint == whole.fingerprint)
        // Also after a stop within an epoch, which is not begun again.
        try withFolder { folder in
            let first = try rates(schedule, [scheduler()], maxSteps: 6, run: (folder, .never))
            let rest = try rates(schedule, [scheduler()], run: (folder, .automatic))
            #expect(first.steps + rest.steps == whole.steps)
            #expect(rest.fingerprint == whole.fingerprint)
        }
    }

    /// It is given the present rate: the optimizer's first, then what it has set.
    @Test func schedulerIsGivenThePresentRate() throws {
        let halving = LearningRateScheduler { epoch, rate in epoch == 0 ? rate : rate / 2 }
        #expect(
            try rates(.constant(0.5), [halving]).steps
                == [0.5, 0.25, 0.125].flatMap { Array(repeating: $0, count: 4) })
        for rate in [-1, Double.nan, .infinity] {
            let found = message { _ = try rates(.constant(0.5), [LearningRateScheduler { _, _ in rate }]) }
            #expect(found?.contains("LearningRateScheduler: the rate of epoch 0 is") == true, "\(found ?? "went on")")
        }
    }

    /// A plateau scales what there is: the schedule from there on, or the rate that was set.
    @Test func plateauScalesWhatThereIs() throws {
        func plateau() -> ReduceLROnPlateau {
            ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 1, minDelta: 100)
        }
        let schedule = LearningRateSchedule.step(rate: 1, factor: 0.5, interval: 6)
        #expect(try rates(schedule, [plateau()]).steps == [1, 1, 1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
        let once = LearningRateScheduler { epoch, rate in epoch == 0 ? 0.5 : rate }
        let both = try rates(schedule, [once, plateau()])
        #expect(both.steps == [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25])
        // A callback of one's own, from the next step on.
        let own = LambdaCallback(onStepEnd: { if $0.step == 7 { $0.learningRate = 0.125 } })
        #expect(try rates(schedule, [own]).steps == [1, 1, 1, 1, 1, 1, 0.5] + Array(repeating: 0.125, count: 5))
    }
}
