// Batch normalisation, the one layer with running statistics.

import Autograd
import Tensors

/// (x - mean) / sqrt(variance + epsilon) * gamma + beta per channel (Ioffe & Szegedy 2015).
///
/// Input and output `[batch, ..., channels]`; gamma, beta, moving_mean and moving_variance `[channels]`. In training,
/// mean and (biased) variance are those of the *shard*, over all axes but the channels' and over all positions that
/// samples have, so that the result does not depend on how shards are spread over ranks; what the shards observed is
/// averaged and enters the moving statistics as `moving = momentum * moving + (1 - momentum) * observed`. Inference uses
/// the moving statistics, as does training where both of them are frozen. The equivalent of
/// `keras.layers.BatchNormalization`. A layer may stand in one place of a model only.
public final class BatchNormalization: Layer {
    private let axis: Int
    private let momentum: Float
    package let epsilon: Float
    package let gamma: Parameter?
    package let beta: Parameter?
    package let movingMean: Parameter
    package let movingVariance: Parameter

    /// - Parameters:
    ///   - axis: the channels', counted as in Keras: 1 is the first axis of a sample, -1 the last.
    ///   - momentum: how much of the moving statistics survives a step, in `0 ... 1`.
    ///   - epsilon: positive; keeps the division finite.
    ///   - center: whether there is a beta.
    ///   - scale: whether there is a gamma.
    public init(
        axis: Int = -1, momentum: Float = 0.99, epsilon: Float = 1e-3, center: Bool = true, scale: Bool = true
    ) {
        self.axis = axis
        self.momentum = momentum
        self.epsilon = epsilon
        gamma = scale ? Parameter("gamma", initializer: .ones) : nil
        beta = center ? Parameter("beta", initializer: .zeros) : nil
        movingMean = Parameter("moving_mean", initializer: .zeros, role: .statistic(momentum: momentum))
        movingVariance = Parameter("moving_variance", initializer: .ones, role: .statistic(momentum: momentum))
    }

    public var parameters: [Parameter] { [gamma, beta, movingMean, movingVariance].compactMap { $0 } }
    public var positions: PositionUse { axis == -1 ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard momentum >= 0, momentum <= 1, epsilon > 0 else {
            throw ShapeError(
                "BatchNormalization: expected a momentum in 0 ... 1 and a positive epsilon, got \(momentum) and "
                    + "\(epsilon)")
        }
        guard input.rank >= 1, input[-1] > 0 else {
            throw ShapeError("BatchNormalization: expected input [..., channels], got \(input)")
        }
        let channels = input[try input.axes([axis], layer: "BatchNormalization")[0] - 1]
        for parameter in parameters {
            try parameter.declare([channels], valuesPerSample: input.count / max(1, channels))
        }
        return input
    }

    public func call(_ input: Variable) -> Variable { normalize(input, adding: nil, relu: false) }

    /// What `self(input)`, the sum with `addend` and ReLU give, in fewer passes over memory.
    func callAsFunction(_ input: Variable, adding addend: Variable? = nil, relu: Bool) -> Variable {
        let output = input.tape.withScope(of: self) { normalize(input, adding: addend, relu: relu) }.made(by: self)
        return output.masked(byAllOf: [input] + (addend.map { [$0] } ?? []))
    }

    private func normalize(_ input: Variable, adding addend: Variable?, relu: Bool) -> Variable {
        buildIfNeeded(for: input, movingMean)
        let tape = input.tape
        let isFrozen = movingMean.isFrozen && movingVariance.isFrozen
        let isTraining = tape.mode == .training && !isFrozen
        let fits = addend.map { $0.shape == input.shape && $0.mask == nil } ?? true
        let isLast = input.shape.index(of: axis) == input.shape.rank - 1
        // One channel is summed in another order than several: see docs/arithmetic.md.
        guard isLast, let gamma, let beta, input.mask == nil, input.shape[-1] > 1, input.value.count > 0, fits,
            isTraining || tape.mode == .inference
        else {
            let normalized = composed(input, isTraining)
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

    /// The same of operations one by one.
    private func composed(_ input: Variable, _ isTraining: Bool) -> Variable {
        let tape = input.tape
        let axis = input.shape.index(of: axis)
        let isLast = axis == input.shape.rank - 1
        let lengths = (axis..<input.shape.rank).map { $0 == axis ? input.shape[axis] : 1 }
        func spread(_ channels: Variable) -> Variable { isLast ? channels : channels.reshaped(lengths) }
        let normalized: Variable
        if isTraining {
            let mean = mean(input, axis)
            let centered = input - spread(mean)
            let variance = self.mean(centered.square, axis)
            tape.observe(movingMean, mean.value)
            tape.observe(movingVariance, variance.value)
            normalized = centered / spread((variance + epsilon).sqrt)
        } else {
            normalized =
                (input - spread(tape.parameter(movingMean)))
                / spread((tape.parameter(movingVariance) + epsilon).sqrt)
        }
        return normalized.scaled(gamma, shifted: beta, axes: [axis])
    }

    /// The mean over all axes but `axis`; of a masked sequence over the positions that there are, sample by sample.
    private func mean(_ x: Variable, _ axis: Int) -> Variable {
        guard let mask = x.mask, axis > 1 else {
            return x.mean(axes: (0..<x.shape.rank).filter { $0 != axis })
        }
        let total = x.keptWhereUnmasked.sum(axes: [1]).sum(axes: (0..<(x.shape.rank - 1)).filter { $0 != axis - 1 })
        let values = x.shape.count / max(1, mask.count * x.shape[axis])
        return total * (1 / max(1, mask.sum().scalar * Float(values)))
    }
}
