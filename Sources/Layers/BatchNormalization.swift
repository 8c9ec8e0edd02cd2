// Batch normalisation, the one layer with running statistics.

import Autograd
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta per channel (Ioffe & Szegedy 2015).
///
/// Input and output `[batch, ..., channels]`; gamma, beta, moving_mean and moving_variance `[channels]`. In training,
/// mean and (biased) variance are those of the *shard*, over all axes but the last, so that the result does not depend
/// on how shards are spread over ranks; what the shards observed is averaged and enters the moving statistics as
/// `moving = momentum * moving + (1 - momentum) * observed`. Inference uses the moving statistics, as
/// does training where both of them are frozen. The equivalent of `keras.layers.BatchNormalization`. A layer may stand in one place of a model only.
public final class BatchNormalization: Layer {
    private let momentum: Float
    package let epsilon: Float
    package let gamma: Parameter
    package let beta: Parameter
    package let movingMean: Parameter
    package let movingVariance: Parameter

    /// - Parameters:
    ///   - momentum: how much of the moving statistics survives a step, in `0 ... 1`.
    ///   - epsilon: positive; keeps the division finite.
    public init(momentum: Float = 0.99, epsilon: Float = 1e-3) {
        self.momentum = momentum
        self.epsilon = epsilon
        gamma = Parameter("gamma", initializer: .ones)
        beta = Parameter("beta", initializer: .zeros)
        movingMean = Parameter("moving_mean", initializer: .zeros, role: .statistic(momentum: momentum))
        movingVariance = Parameter("moving_variance", initializer: .ones, role: .statistic(momentum: momentum))
    }

    public var parameters: [Parameter] { [gamma, beta, movingMean, movingVariance] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard momentum >= 0, momentum <= 1, epsilon > 0 else {
            throw ShapeError(
                "BatchNormalization: expected a momentum in 0 ... 1 and a positive epsilon, got \(momentum) and "
                    + "\(epsilon)")
        }
        guard input.rank >= 1, input[-1] > 0 else {
            throw ShapeError("BatchNormalization: expected input [..., channels], got \(input)")
        }
        let positions = Shape(input.dimensions.dropLast()).count
        for parameter in parameters { try parameter.declare([input[-1]], valuesPerSample: positions) }
        return input
    }

    public func call(_ input: Variable) -> Variable { normalize(input, adding: nil, relu: false) }

    /// What `self(input)`, the sum with `addend` and ReLU give, in fewer passes over memory.
    func callAsFunction(_ input: Variable, adding addend: Variable? = nil, relu: Bool) -> Variable {
        input.tape.withScope(of: self) { normalize(input, adding: addend, relu: relu) }.made(by: self)
    }

    private func normalize(_ input: Variable, adding addend: Variable?, relu: Bool) -> Variable {
        buildIfNeeded(for: input, gamma)
        let tape = input.tape
        let isFrozen = movingMean.isFrozen && movingVariance.isFrozen
        let isTraining = tape.mode == .training && !isFrozen
        let fits = addend.map { $0.shape == input.shape && $0.mask == nil && input.mask == nil } ?? true
        // One channel is summed in another order than several: see docs/arithmetic.md.
        guard input.shape[-1] > 1, input.value.count > 0, fits, isTraining || tape.mode == .inference else {
            let normalized = isTraining ? byBatch(input) : byMovingStatistics(input)
            let sum = addend.map { normalized + $0 } ?? normalized
            return relu ? sum.relu : sum
        }
        guard isTraining else {
            return input.normalized(
                mean: movingMean.value, variance: movingVariance.value, gamma: gamma.value, beta: beta.value,
                epsilon: epsilon, adding: addend, relu: relu)
        }
        let (output, mean, variance) = input.batchNormalized(
            gamma: tape.parameter(gamma), beta: tape.parameter(beta), epsilon: epsilon, adding: addend, relu: relu)
        tape.observe(movingMean, mean)
        tape.observe(movingVariance, variance)
        return output
    }

    private func byBatch(_ input: Variable) -> Variable {
        let tape = input.tape
        let axes = Array(0..<(input.shape.rank - 1))
        let mean = input.mean(axes: axes)
        let centered = input - mean
        let variance = centered.square.mean(axes: axes)
        tape.observe(movingMean, mean.value)
        tape.observe(movingVariance, variance.value)
        return centered / (variance + epsilon).sqrt * tape.parameter(gamma) + tape.parameter(beta)
    }

    private func byMovingStatistics(_ input: Variable) -> Variable {
        let tape = input.tape
        let centered = input - tape.parameter(movingMean)
        return centered / (tape.parameter(movingVariance) + epsilon).sqrt * tape.parameter(gamma) + tape.parameter(beta)
    }
}
