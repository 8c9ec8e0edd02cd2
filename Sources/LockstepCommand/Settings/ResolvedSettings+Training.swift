// From settings to the values that training takes.

import Foundation
import Lockstep

extension ResolvedSettings {
    func fitOptions(_ world: World) throws -> FitOptions {
        var options = FitOptions()
        options.batchSize = self.training.batchSize
        options.verbosity = self.output.verbose
        options.epochs = self.training.epochs
        options.shards = self.training.shards
        options.threads = self.execution.threads
        options.seed = self.training.seed
        options.transforms = augmentations
        options.limitTrainBatches = self.training.limitTrainBatches
        options.maxSteps = self.training.maxSteps
        options.logEveryNSteps = self.output.logEveryNSteps
        options.onNonFinite = self.training.onNonFinite
        options.lossReduction = self.training.lossReduction
        options.validateEveryNSteps = self.training.validateEveryNSteps
        options.verifyEvery = self.execution.verifyEvery
        options.stallTimeout = self.execution.stallTimeout
        options.terminalColumns = Terminal.columns(world)
        options.timing.profile = self.output.profile
        options.timing.trace = self.output.trace
        options.timing.tracedSteps = self.output.traceSteps
        if self.output.trace == nil, self.output.traceSteps != nil {
            throw error(\.output.traceSteps, "needs --trace FILE")
        }
        return options
    }

    func makeOptimizer(sampleCount: Int, _ options: FitOptions) throws -> Optimizer {
        let name = self.optimizer.optimizer
        let (momentum, decay) = (self.optimizer.momentum ?? 0, self.optimizer.weightDecay)
        let (beta1, beta2) = (self.optimizer.beta1 ?? 0.9, self.optimizer.beta2 ?? 0.999)
        let epsilon = self.optimizer.epsilon ?? 1e-7
        var result: Optimizer =
            switch name {
            case .sgd: .sgd(momentum: momentum, nesterov: self.optimizer.nesterov, weightDecay: decay ?? 0)
            case .adam: .adam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay ?? 0)
            case .adamw: .adamW(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay ?? 0.004)
            case .rmsprop: .rmsprop(momentum: momentum, epsilon: epsilon, weightDecay: decay ?? 0)
            case .adagrad: .adagrad(epsilon: epsilon, weightDecay: decay ?? 0)
            case .adadelta: .adadelta(epsilon: epsilon, weightDecay: decay ?? 0)
            case .nadam: .nadam(beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: decay ?? 0)
            }
        if self.optimizer.decoupledDecay { result.decoupledDecay = true }
        try checkMoments(name)
        if self.optimizer.momentum != nil, name != .sgd, name != .rmsprop {
            throw error(\.optimizer.momentum, "is for sgd and rmsprop, not \(name)")
        }
        if self.optimizer.nesterov, name != .sgd { throw error(\.optimizer.nesterov, "is for sgd, not \(name)") }
        let rate = self.optimizer.learningRate ?? (name == .sgd ? 0.01 : 0.001)
        result.learningRate = try makeSchedule(rate, sampleCount, options)
        result.groups = parameterGroups
        result.emaMomentum = self.optimizer.emaMomentum
        (result.clipNorm, result.clipValue) = (self.optimizer.clipNorm, self.optimizer.clipValue)
        return result
    }

    private func checkMoments(_ name: OptimizerName) throws {
        let hasMoments = [.adam, .adamw, .nadam].contains(name)
        if self.optimizer.beta1 != nil, !hasMoments {
            throw error(\.optimizer.beta1, "is for adam, adamw and nadam, not \(name)")
        }
        if self.optimizer.beta2 != nil, !hasMoments {
            throw error(\.optimizer.beta2, "is for adam, adamw and nadam, not \(name)")
        }
        if self.optimizer.epsilon != nil, name == .sgd { throw error(\.optimizer.epsilon, "is not for sgd") }
    }

    private func makeSchedule(_ rate: Float, _ sampleCount: Int, _ options: FitOptions) throws -> LearningRateSchedule {
        let batch = try options.batchSize.resolved(count: sampleCount)
        let perEpoch = min((sampleCount + batch - 1) / batch, self.training.limitTrainBatches ?? Int.max)
        let steps = self.training.epochs.multipliedClamped(by: perEpoch)
        // A warm-up beyond the run is told at its start: a short trial of a recipe is no mistake.
        let warmUpSteps = self.optimizer.warmUpSteps
        let (left, final) = (max(1, steps - warmUpSteps), self.optimizer.finalLearningRate)
        let main: LearningRateSchedule =
            switch self.optimizer.schedule {
            case .constant: .constant(rate)
            case .cosine: .cosine(rate: rate, decaySteps: left, alpha: rate > 0 ? final / rate : 0)
            case .linear: .polynomial(rate: rate, decaySteps: left, end: final)
            case .exponential:
                .exponential(
                    rate: rate, decayRate: final > 0 && rate > 0 ? final / rate : 0.01, decaySteps: left)
            case .oneCycle: .oneCycle(peak: rate, steps: left)
            case .cosineRestarts: .cosineRestarts(rate: rate, period: max(1, perEpoch))
            }
        if final != 0, ![.cosine, .linear, .exponential].contains(self.optimizer.schedule) {
            throw error(\.optimizer.finalLearningRate, "is for --schedule cosine, linear or exponential")
        }
        if final > rate { throw error(\.optimizer.finalLearningRate, "must be at most the learning rate, \(rate)") }
        if let problem = main.defect { throw error(\.optimizer.schedule, "does not fit this run: \(problem)") }
        return warmUpSteps > 0 ? .warmUp(steps: warmUpSteps, from: 0, then: main) : main
    }

    var checkpointPolicy: CheckpointPolicy {
        var policy = CheckpointPolicy()
        policy.everyNSteps = self.checkpoints.everyNSteps
        policy.everyNMinutes = self.checkpoints.everyNMinutes
        policy.everyNEpochs = self.checkpoints.everyNEpochs
        (policy.keepLast, policy.keepBest) = (self.checkpoints.keepLast, self.checkpoints.keepBest)
        policy.monitor = self.checkpoints.monitor
        (policy.mode, policy.onError) = (self.checkpoints.mode, self.checkpoints.onError)
        return policy
    }
}

extension FaultPlan {
    /// What shall go wrong in a test; see CONTRIBUTING.md.
    convenience init(_ world: World) throws(TrainingError) {
        let environment = ProcessInfo.processInfo.environment
        try self.init(
            environment["LOCKSTEP_FAULT"] ?? "", rank: world.rank, onceIn: environment["LOCKSTEP_FAULT_ONCE_IN"])
    }
}
