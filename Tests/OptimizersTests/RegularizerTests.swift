// Penalties, their gradients and max-norm in training, against Keras's own loop (scripts/reference/regularizers.py).

import Autograd
import Testing

import Optimizers

@Suite struct RegularizerTests {
    private struct Reference: Decodable {
        let start: [[Float]]
        let cases: [String: [Step]]
    }

    private struct Step: Decodable {
        let loss, error, evaluated, evaluatedError: Double
        let gradient, weights: [[Float]]
    }

    private struct Setting {
        let optimizer: Optimizer
        var kernel: Regularizer?
        var bias: Regularizer?
        var constraint: Constraint?
    }

    private static let settings: [String: Setting] = [
        "l2": Setting(optimizer: .sgd(learningRate: 0.1), kernel: .l2(0.05)),
        "l1-bias": Setting(optimizer: .sgd(learningRate: 0.1, momentum: 0.9), kernel: .l1(0.1), bias: .l2(0.2)),
        "l1l2-adam": Setting(optimizer: .adam(learningRate: 0.1), kernel: .l1l2(0.02, 0.03)),
        "l1l2-rmsprop": Setting(optimizer: .rmsprop(learningRate: 0.1), bias: .l1l2(0.02, 0.03)),
        "max-norm": Setting(optimizer: .sgd(learningRate: 0.5), constraint: .maxNorm(1)),
        "non-negative": Setting(optimizer: .sgd(learningRate: 0.5), constraint: .nonNegative),
        "unit-norm": Setting(optimizer: .sgd(learningRate: 0.5), constraint: .unitNorm),
        "min-max-norm": Setting(optimizer: .sgd(learningRate: 0.5), constraint: .minMaxNorm(1.8, 2, rate: 0.75)),
        "all": Setting(
            optimizer: .adam(learningRate: 0.1), kernel: .l1l2(0.02, 0.03), bias: .l1(0.5), constraint: .maxNorm(1.5)),
    ]

    static let names: [String] = settings.keys.sorted()

    @Test(arguments: names) func trainingAgreesWithKeras(name: String) throws {
        let reference: Reference = try loadReference("regularizers")
        #expect(reference.cases.keys.sorted() == Self.names)
        let (setting, steps) = (Self.settings[name]!, try #require(reference.cases[name]))
        let parameters = [
            Parameter(
                "kernel", initializer: .zeros, regularizer: setting.kernel, constraint: setting.constraint),
            Parameter("bias", initializer: .zeros, regularizer: setting.bias),
        ]
        try parameters[0].declare([5, 3])
        try parameters[1].declare([3])
        let buffer = ParameterBuffer(parameters, seed: 0)
        let state = setting.optimizer.makeState(for: buffer)
        func fill(_ target: FlatBuffer, _ values: [[Float]]) {
            for (parameter, values) in zip(parameters, values) {
                _ = target[parameter.range].update(fromContentsOf: values)
            }
        }
        fill(buffer.values, reference.start)
        // Keras computes in floats, from weights that have been rounded a few times a step.
        let tolerance = 1e-5
        for (index, step) in steps.enumerated() {
            #expect(abs(step.error + buffer.penalty - step.loss) <= tolerance * step.loss, "loss of step \(index)")
            let gradients = FlatBuffer(count: buffer.count)
            fill(gradients, step.gradient)
            setting.optimizer.update(
                buffer.trainable, values: buffer.values, gradients: gradients, state: state,
                learningRate: setting.optimizer.learningRate.rate(at: index), step: index + 1)
            buffer.applyConstraints()
            for (parameter, expected) in zip(parameters, step.weights) {
                for (found, expected) in zip(parameter.value.scalars, expected) {
                    #expect(Double(abs(found - expected)) <= tolerance, "\(parameter.name) after step \(index)")
                }
            }
            #expect(abs(step.evaluatedError + buffer.penalty - step.evaluated) <= tolerance * step.evaluated)
        }
    }
}
