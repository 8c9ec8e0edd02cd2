// A run that goes on from any of its steps ends with the bits of the run that was never stopped, whatever its optimizer,
// schedule and callbacks.

import Autograd
import Checkpoints
import Datasets
import Foundation
import Layers
import Optimizers
import Testing
import Training

@Suite struct ResumeMatrixTests {
    private let data = SyntheticDigits.load(trainCount: 110, testCount: 40)

    static let optimizers: [(String, Optimizer)] = [
        ("sgd", .sgd(learningRate: 0.1)), ("momentum", .sgd(learningRate: 0.05, momentum: 0.9)),
        ("nesterov", .sgd(learningRate: 0.05, momentum: 0.9, nesterov: true)), ("adam", .adam(learningRate: 0.01)),
        ("adamw", .adamW(learningRate: 0.01)), ("rmsprop", .rmsprop(learningRate: 0.01)),
    ]
    static let schedules = ["constant", "cosine", "warm-up"]

    private func schedule(_ name: String, _ rate: Float) -> LearningRateSchedule {
        switch name {
        case "cosine": .cosine(rate: rate, decaySteps: 15, alpha: 0)
        case "warm-up": .warmUp(steps: 4, from: 0, then: .constant(rate))
        default: .constant(rate)
        }
    }

    /// New ones each time: their memory comes from the checkpoint. A scheduler takes the place of the optimizer's schedule.
    private func callbacks(_ optimizer: Optimizer) -> [any Callback] {
        let scheduler = LearningRateScheduler { epoch, rate in epoch == 0 ? rate : rate * 0.9 }
        let isConstant = if case .constant = optimizer.learningRate { true } else { false }
        return [
            EarlyStopping(monitor: "val_accuracy", minDelta: 0.2, patience: 2, restoreBestWeights: true),
            ReduceLROnPlateau(monitor: "loss", factor: 0.5, patience: 1, minDelta: 0.5),
        ] + (isConstant ? [scheduler] : [])
    }

    private func fit(
        _ optimizer: Optimizer, _ folder: String, _ resume: Resume, threads: Int, on other: ImageDataset? = nil,
        validatedBy otherTest: ImageDataset? = nil
    ) throws -> Model {
        let model = Sequential([Flatten(), Dense(8, activation: .relu), Dropout(0.2), Dense(10, activation: .softmax)])
            .compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.threads) = (5, 40, 4, threads)
        (options.verbosity, options.logEveryNSteps) = (.silent, 2)
        var settings = RunSettings(folder: folder, configuration: "", modelName: "matrix")
        settings.resume = resume
        settings.checkpoints.everyNSteps = 1
        settings.checkpoints.keepLast = 99
        try model.fit(
            other ?? data.train, validationData: otherTest ?? data.test,
            callbacks: callbacks(optimizer),
            options: options,
            settings: settings)
        return model
    }

    @Test(arguments: optimizers.map(\.0), schedules) func fromEveryStep(rule: String, plan: String) throws {
        var optimizer = ResumeMatrixTests.optimizers.first { $0.0 == rule }!.1
        optimizer.learningRate = schedule(plan, optimizer.learningRate.rate(at: 0))
        if plan == "constant" { optimizer.clipNorm = 0.5 }
        try withFolder { folder in
            let whole = try fit(optimizer, folder + "/whole", .never, threads: 1).fingerprint
            let rows = try deterministicRows(folder + "/whole")
            let all = Checkpoint.all(in: folder + "/whole")
            #expect(all.count >= 9, "\(all.map(\.path))")
            // Three a combination, all steps over the combinations.
            let offset = rule.count + plan.count
            for index in all.indices where (index + offset) % 4 == 0 || index < 2 {
                let run = folder + "/\(index)"
                let path = run + "/checkpoints/" + (all[index].path as NSString).lastPathComponent
                try FileManager.default.createDirectory(atPath: run + "/checkpoints", withIntermediateDirectories: true)
                try FileManager.default.copyItem(atPath: all[index].path, toPath: path)
                for file in ["metrics.csv", "metrics.jsonl"] {
                    try FileManager.default.copyItem(atPath: "\(folder)/whole/\(file)", toPath: "\(run)/\(file)")
                }
                let resumed = try fit(optimizer, run, .automatic, threads: 2)
                #expect(resumed.fingerprint == whole, "\(rule), \(plan), from \(path)")
                #expect(try deterministicRows(run) == rows, "\(rule), \(plan), from \(path)")
            }
        }
    }

    /// As many samples, but others.
    @Test func otherDataAreRefused() throws {
        try withFolder { folder in
            _ = try fit(.adam(), folder + "/run", .never, threads: 1)
            let other = SyntheticDigits.load(seed: 9, trainCount: 110, testCount: 40)
            let found = message { _ = try fit(.adam(), folder + "/run", .automatic, threads: 1, on: other.train) }
            #expect(found?.contains("data (hash): ") == true, "\(found ?? "went on")")
            let judged = message {
                _ = try fit(.adam(), folder + "/run", .automatic, threads: 1, validatedBy: other.test)
            }
            #expect(judged?.contains("validation data (hash): ") == true, "\(judged ?? "went on")")
            _ = try fit(.adam(), folder + "/run", .automatic, threads: 1)
        }
    }

    /// The columns that do not depend on time.
    private func deterministicRows(_ run: String) throws -> [[Substring]] {
        try contents(run + "/metrics.csv").split(separator: "\n").map { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            return fields[..<7] + fields.suffix(1)
        }
    }
}
