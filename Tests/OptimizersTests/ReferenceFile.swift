// The values that scripts/reference/optimizers.py computes in NumPy, and the settings that its cases stand for.

import Foundation
import Optimizers

/// The contents of Reference/optimizers.json.
struct OptimizerReference: Decodable {
    struct Case: Decodable {
        /// After every step.
        let parameters: [[Float]]
        /// After the last step.
        let state: [String: [Float]]
    }

    let start: [Float]
    /// One row for each step.
    let gradients: [[Float]]
    let cases: [String: Case]

    static let settings: [String: Optimizer] = {
        var clipNorm = Optimizer.sgd(learningRate: 0.1)
        clipNorm.clipNorm = 1.5
        var clipValue = Optimizer.adam(learningRate: 0.1)
        clipValue.clipValue = 0.5
        var clipBoth = Optimizer.sgd(learningRate: 0.1, momentum: 0.9)
        (clipBoth.clipNorm, clipBoth.clipValue) = (2, 0.5)
        var decoupled = Optimizer.rmsprop(learningRate: 0.1, weightDecay: 0.04)
        decoupled.decoupledDecay = true
        return [
            "sgd": .sgd(learningRate: 0.1),
            "sgd-l2": .sgd(learningRate: 0.1, weightDecay: 0.05),
            "sgd-momentum": .sgd(learningRate: 0.1, momentum: 0.9),
            "sgd-nesterov": .sgd(learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.05),
            "adam": .adam(learningRate: 0.1),
            "adam-options": .adam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-2, weightDecay: 0.05),
            "adamw": .adamW(learningRate: 0.1, weightDecay: 0.04),
            "rmsprop": .rmsprop(learningRate: 0.1),
            "rmsprop-options": .rmsprop(
                learningRate: 0.1, rho: 0.8, momentum: 0.7, epsilon: 1e-2, weightDecay: 0.05),
            "rmsprop-decoupled": decoupled,
            "rmsprop-centered": .rmsprop(learningRate: 0.1, epsilon: 1e-2, centered: true),
            "rmsprop-centered-momentum": .rmsprop(
                learningRate: 0.1, rho: 0.8, momentum: 0.7, epsilon: 1e-2, weightDecay: 0.05, centered: true),
            "sgd-dampening": .sgd(learningRate: 0.1, momentum: 0.9, weightDecay: 0.05, dampening: 0.4),
            "nadam-decay": .nadam(learningRate: 0.1, momentumDecay: 0.004),
            "adagrad": .adagrad(learningRate: 0.1),
            "adagrad-options": .adagrad(
                learningRate: 0.1, initialAccumulator: 0.5, epsilon: 1e-2, weightDecay: 0.05),
            "adadelta": .adadelta(learningRate: 1.0),
            "adadelta-options": .adadelta(learningRate: 1.0, rho: 0.8, epsilon: 1e-2, weightDecay: 0.05),
            "nadam": .nadam(learningRate: 0.1),
            "nadam-options": .nadam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-2, weightDecay: 0.05),
            "clip-norm": clipNorm,
            "clip-value": clipValue,
            "clip-both": clipBoth,
        ]
    }()
}

/// The contents of Reference/schedules.json.
struct ScheduleReference: Decodable {
    let steps: [Int]
    let rates: [String: [Float]]

    static let schedules: [String: LearningRateSchedule] = [
        "constant": 0.1,
        "step": .step(rate: 0.1, factor: 0.5, interval: 100),
        "exponential": .exponential(rate: 0.1, decayRate: 0.96, decaySteps: 100),
        "exponential-staircase": .exponential(rate: 0.1, decayRate: 0.96, decaySteps: 100, staircase: true),
        "cosine": .cosine(rate: 0.1, decaySteps: 1000),
        "cosine-alpha": .cosine(rate: 0.1, decaySteps: 1000, alpha: 0.1),
        "cosine-restarts": .cosineRestarts(rate: 0.1, period: 100),
        "cosine-restarts-options": .cosineRestarts(
            rate: 0.1, period: 100, lengthening: 1.5, shrinking: 0.7, alpha: 0.1),
        "polynomial": .polynomial(rate: 0.1, decaySteps: 1000),
        "polynomial-squared": .polynomial(rate: 0.1, decaySteps: 1000, end: 0.01, power: 2),
        "polynomial-cycle": .polynomial(rate: 0.1, decaySteps: 300, end: 0.01, power: 2, cycle: true),
        "inverse-time": .inverseTime(rate: 0.1, decayRate: 0.5, decaySteps: 100),
        "inverse-time-staircase": .inverseTime(rate: 0.1, decayRate: 0.5, decaySteps: 100, staircase: true),
        "one-cycle": .oneCycle(peak: 0.1, steps: 1000),
        "one-cycle-linear": .oneCycle(peak: 0.1, steps: 1000, linear: true),
        "one-cycle-three-phases": .oneCycle(peak: 0.1, steps: 1000, startFactor: 10, threePhases: true),
        "warm-up-cosine": .warmUp(steps: 50, from: 0.01, then: .cosine(rate: 0.1, decaySteps: 1000)),
        // Keras's boundary b belongs to the segment it ends.
        "joined-constants": .joined([
            .init(steps: 100, 0.1), .init(steps: 200, 0.05), .init(steps: 1, 0.001),
        ]),
        "joined": .joined([
            .init(steps: 100, .cosine(rate: 0.1, decaySteps: 1000)),
            .init(steps: 200, .exponential(rate: 0.1, decayRate: 0.96, decaySteps: 100)),
            .init(steps: 1, .cosine(rate: 0.1, decaySteps: 1000, alpha: 0.1)),
        ]),
    ]
}

func loadReference<Value: Decodable>(_ name: String) throws -> Value {
    let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Reference")!
    return try JSONDecoder().decode(Value.self, from: Data(contentsOf: url))
}
