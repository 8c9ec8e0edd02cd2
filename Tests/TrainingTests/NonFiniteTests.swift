// What a run does about values that are not finite: found in every gradient, in the step that makes them, before any of it
// is applied.

import Autograd
import Checkpoints
import Datasets
import Foundation
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct NonFiniteTests {
    /// Where an overflow comes from.
    enum Overflow: String, CaseIterable {
        /// One sample's input and error are so large that their product is not finite; loss and bias gradient are.
        case kernel
        /// Every shard's gradient is finite, their sum is not.
        case sum
        /// Already the loss is infinite.
        case loss
    }

    /// 8 batches of 8 samples in order, the 6th of which overflows. Of the two inputs the second is 0 in all others, so that
    /// its weight stays 0, and outputs small.
    private func data(_ overflow: Overflow?) throws -> ArrayDataset {
        var inputs = (0..<128).map { $0 % 2 == 0 ? Float($0 % 7) / 7 : 0 }
        var targets = (0..<64).map { Float($0 % 5) / 5 }
        let spoilt = 40..<48
        switch overflow {
        case .kernel: (inputs[2 * 43 + 1], targets[43]) = (1e28, 1e18)
        case .sum: for sample in spoilt { (inputs[2 * sample + 1], targets[sample]) = (2.7e21, 1.5e17) }
        case .loss: targets[43] = 3e38
        case nil: break
        }
        return try ArrayDataset(inputs: Tensor([64, 2], inputs), targets: Tensor([64, 1], targets))
    }

    private func model(_ optimizer: Optimizer = .sgd(learningRate: 0.0)) -> Model {
        Sequential([Dense(1, kernelInitializer: .zeros)]).compile(optimizer: optimizer, loss: .meanSquaredError)
    }

    private func options(_ shards: Int, _ threads: Int, maxSteps: Int? = nil) -> FitOptions {
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shuffle, options.verbosity) = (2, 8, false, .silent)
        (options.shards, options.threads, options.maxSteps) = (shards, threads, maxSteps)
        return options
    }

    @Test(arguments: Overflow.allCases, [(4, 1), (4, 3), (1, 1)])
    func isFoundBeforeItIsApplied(overflow: Overflow, layout: (shards: Int, threads: Int)) throws {
        if overflow == .sum && layout.shards == 1 { return }
        let expected = model(.adam(learningRate: 0.01))
        try expected.fit(data(overflow), options: options(layout.shards, layout.threads, maxSteps: 5))
        let spoilt = model(.adam(learningRate: 0.01))
        let error = #expect(throws: TrainingError.self) {
            try spoilt.fit(data(overflow), options: options(layout.shards, layout.threads))
        }
        let text = error?.description ?? ""
        let shard = layout.shards == 4 ? 1 : 0
        let what =
            switch overflow {
            case .kernel: "step 6 (epoch 1): shard \(shard): the gradient of dense.kernel is infinite. "
            case .sum: "step 6 (epoch 1): the gradient of dense.kernel is infinite. "
            case .loss: "step 6 (epoch 1): shard \(shard): the loss is infinite"
            }
        #expect(text.hasPrefix(what), "\(text)")
        #expect(spoilt.fingerprint == expected.fingerprint)
        // The next fit goes on from there, moments and all.
        for model in [expected, spoilt] { try model.fit(data(nil), options: options(4, 2)) }
        #expect(spoilt.fingerprint == expected.fingerprint)
    }

    @Test func aSkippedStepIsCounted() throws {
        var options = options(4, 2)
        options.onNonFinite = .skip
        for overflow in Overflow.allCases {
            var steps: [Int] = []
            let history = try model(.adam(learningRate: 0.01)).fit(
                data(overflow), callbacks: [LambdaCallback(onStepEnd: { steps.append($0.step) })], options: options)
            #expect(history["skipped_steps"] == [1, 1], "\(overflow)")
            #expect(steps == Array(1...16))
            #expect(history["loss"].allSatisfy { $0.isFinite && $0 < 1 })
        }
    }

    /// With a run folder: the last checkpoint has the weights of the step before.
    @Test(arguments: Overflow.allCases) func terminateOnNaNReturns(overflow: Overflow) throws {
        try withFolder { folder in
            let expected = model(.sgd(learningRate: 0.1))
            try expected.fit(data(overflow), options: options(4, 1, maxSteps: 5))
            let model = model(.sgd(learningRate: 0.1))
            let history = try model.fit(
                data(overflow), callbacks: [TerminateOnNaN()], options: options(4, 2),
                settings: RunSettings(folder: folder, configuration: "", modelName: "test"))
            #expect(history.epochs.isEmpty && !history.isInterrupted)
            #expect(history.stopReason?.hasPrefix("step 6 (epoch 1): ") == true, "\(history.stopReason ?? "none")")
            #expect(history.stopReason?.contains(overflow == .loss ? "the loss" : "dense.kernel") == true)
            let checkpoint = try Checkpoint.open(folder)
            #expect(checkpoint.state.step == 5 && checkpoint.state.batchInEpoch == 5)
            #expect(try checkpoint.weightsFingerprint() == expected.fingerprint)
            #expect(model.fingerprint == expected.fingerprint)
            // One row, of the steps that were made.
            #expect(
                try contents(folder + "/metrics.csv").split(separator: "\n").map { $0.prefix(4) } == ["epoc", "1,5,"])
        }
    }

    /// Finite gradients that move a weight out of range, in the last step.
    @Test(arguments: [false, true]) func weightsThatOverflowAreNamed(keepsFiles: Bool) throws {
        try withFolder { folder in
            let settings = keepsFiles ? RunSettings(folder: folder, configuration: "", modelName: "test") : nil
            let rates = LambdaCallback(onStepEnd: { if $0.step == 15 { $0.learningRate = 3e38 } })
            func fit(_ callbacks: [any Callback]) throws -> History {
                var far = (0..<64).map { Float($0 % 5) }
                far[63] = 1e3
                let data = try ArrayDataset(
                    inputs: Tensor([64, 2], (0..<128).map { Float($0 % 7) }), targets: Tensor([64, 1], far))
                return try model(.sgd(learningRate: 1e-3)).fit(
                    data, callbacks: callbacks, options: options(4, 1), settings: settings)
            }
            let history = try fit([rates, TerminateOnNaN()])
            #expect(history.stopReason?.hasPrefix("after step 16 (epoch 2) the parameter dense.kernel is") == true)
            #expect(history.epochs.count == 1)
            if keepsFiles {
                #expect(
                    Checkpoint.all(in: folder).map { ($0.path as NSString).lastPathComponent } == ["epoch=1-step=8"])
                return
            }
            let error = #expect(throws: TrainingError.self) { try fit([rates]) }
            #expect(
                error?.description.contains("the parameter dense.kernel is") == true, "\(error?.description ?? "none")")
        }
    }
}
