// One update of a range of parameters, in one pass of a fused kernel. Every worker calls it for its own range. Parameters
// of several groups are one pass for each run of neighbours with the same settings (`UpdateSegment`).

import Autograd
import CKernels
import Tensors

extension Optimizer {
    /// Gradient elements that are clipped at a time, in memory that stays in the first-level cache.
    private static let clipBlockCount = 2048

    /// Moves all parameters by their gradients: the update of a training loop of your own (Examples/OwnModel).
    ///
    /// - Parameters:
    ///   - gradients: as long as `parameters`; a `Tape` that was given both has written them.
    ///   - state: of `makeState(for:)`.
    ///   - learningRate: nil for that of the schedule.
    ///   - step: the number of this update, the first being 1.
    public func update(
        _ parameters: ParameterBuffer, gradients: FlatBuffer, state: OptimizerState, learningRate: Float? = nil,
        step: Int
    ) {
        update(
            parameters.trainable, values: parameters.values, gradients: gradients, state: state,
            learningRate: learningRate ?? self.learningRate.rate(at: step - 1), step: step)
    }

    /// Moves `values[range]` and the same range of `state` by the gradients in that range; nothing else is written.
    /// How a range is cut into several calls doesn't change a bit of the result. Where the state was made for parameters
    /// (`makeState(for:)`), each is updated with the settings of its group and the gradient of its regularizer, and not
    /// at all where it is frozen.
    ///
    /// - Parameters:
    ///   - gradients: laid out like `values`.
    ///   - learningRate: of this step, `self.learningRate.rate(at: step - 1)` unless a callback decides otherwise.
    ///   - step: the number of this update, the first being 1.
    ///   - gradientScale: multiplies the gradients first; `gradientScale(norm:)` gives it.
    package func update(
        _ range: Range<Int>, values: FlatBuffer, gradients: FlatBuffer, state: OptimizerState, learningRate: Float,
        step: Int, gradientScale: Float = 1
    ) {
        require(step >= 1, "\(name): steps count from 1, got \(step)")
        require(
            range.lowerBound >= 0 && range.upperBound <= min(values.count, gradients.count),
            "\(name): range \(range) is outside \(values.count) parameters and \(gradients.count) gradients")
        require(
            state.names == stateNames && state.buffers.allSatisfy { $0.count >= range.upperBound },
            "\(name): the state holds \(state.names) of \(state.buffers.map(\.count)) elements, expected \(stateNames) "
                + "of at least \(range.upperBound)")
        defer { updateAverage(range, values, state, step) }
        if state.segments.isEmpty {
            return update(
                range, with: UpdateSettings(self), values, gradients, state, learningRate, step, gradientScale)
        }
        for segment in state.segments(within: range) {
            guard let settings = segment.settings else { continue }
            update(segment.range, with: settings, values, gradients, state, learningRate, step, gradientScale)
        }
    }

    /// Sets the moving average of `values[range]`, where the optimizer keeps one, to the values.
    package func beginAverage(_ range: Range<Int>, _ values: FlatBuffer, _ state: OptimizerState) {
        updateAverage(range, values, state, 1)
    }

    private func updateAverage(_ range: Range<Int>, _ values: FlatBuffer, _ state: OptimizerState, _ step: Int) {
        guard let emaMomentum, let average = state.average else { return }
        lk_moving_average(
            average.pointer + range.lowerBound, values.pointer + range.lowerBound, Int64(range.count),
            step == 1 ? 0 : emaMomentum)
    }

    /// Updates a range of one segment.
    private func update(
        _ range: Range<Int>, with settings: UpdateSettings, _ values: FlatBuffer, _ gradients: FlatBuffer,
        _ state: OptimizerState, _ learningRate: Float, _ step: Int, _ gradientScale: Float
    ) {
        let learningRate = learningRate * settings.rateFactor
        let size = stepSize(learningRate: learningRate, step: step)
        let ahead = nesterovRates(learningRate: learningRate, step: step, state)
        let source = gradients.pointer
        guard gradientScale != 1 || clipValue != nil || settings.l1 != 0 else {
            return apply(range, settings, values, state, source + range.lowerBound, size, learningRate, ahead)
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Optimizer.clipBlockCount) { memory in
            guard let changed = memory.baseAddress else { return }
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Optimizer.clipBlockCount) {
                let block = start..<min(start + Optimizer.clipBlockCount, range.upperBound)
                lk_affine(changed, source + start, Int64(block.count), gradientScale, 0)
                if let clipValue { lk_clamp(changed, changed, Int64(block.count), -clipValue, clipValue) }
                if settings.l1 != 0 {
                    for index in 0..<block.count {
                        let value = values.pointer[start + index]
                        changed[index] += value > 0 ? settings.l1 : value < 0 ? -settings.l1 : 0
                    }
                }
                apply(block, settings, values, state, changed, size, learningRate, ahead)
            }
        }
    }

    /// The learning rate, with Adam's bias corrections where they belong, or as much of it as dampening leaves.
    private func stepSize(learningRate: Float, step: Int) -> Float {
        if case .sgd(let momentum, _, let dampening?) = rule, momentum != 0, step > 1 {
            return learningRate * (1 - dampening)
        }
        guard case .adam(let beta1, let beta2, _, _) = rule else { return learningRate }
        let (power1, power2) = (Double(beta1).raised(to: step), Double(beta2).raised(to: step))
        return Float(Double(learningRate) * (1 - power2).squareRoot() / (1 - power1))
    }

    /// Whether decoupled decay is part of the rule's kernel.
    private var shrinksWithin: Bool { if case .adam = rule { true } else { false } }

    /// Nadam's factors for a step, computed in double precision; nil for other rules.
    private func nesterovRates(learningRate: Float, step: Int, _ state: OptimizerState) -> NesterovRates? {
        guard case .nadam(let beta1, let beta2, _, let decay) = rule else { return nil }
        let (now, next) = state.nesterovSchedule(beta1: Double(beta1), decay: decay, step: step)
        let rate = Double(learningRate)
        return NesterovRates(
            moment: Float(rate * next.momentum / (1 - next.product)),
            gradient: Float(rate * (1 - now.momentum) / (1 - now.product)),
            correction: Float(1 / (1 - Double(beta2).raised(to: step))))
    }

    /// Calls the rule's kernel; `gradients` points to the first element of the range. A kernel adds `decay` times the
    /// parameter to its gradient.
    private func apply(
        _ range: Range<Int>, _ settings: UpdateSettings, _ values: FlatBuffer, _ state: OptimizerState,
        _ gradients: UnsafePointer<Float>, _ stepSize: Float, _ learningRate: Float, _ ahead: NesterovRates?
    ) {
        let parameters = values.pointer + range.lowerBound
        let states = state.buffers.map { $0.pointer + range.lowerBound }
        let count = Int64(range.count)
        let penalty = 2 * settings.l2
        let isDecoupled = decoupledDecay
        let decay = isDecoupled ? penalty : settings.weightDecay + penalty
        let shrink = isDecoupled ? learningRate * settings.weightDecay : 0
        if shrink != 0, !shrinksWithin { lk_affine(parameters, parameters, count, 1 - shrink, 0) }
        switch rule {
        case .sgd(let momentum, let nesterov, _):
            lk_sgd(
                parameters, momentum == 0 ? nil : states.first, gradients, count, stepSize, momentum, nesterov ? 1 : 0,
                decay)
        case .adam(let beta1, let beta2, let epsilon, _):
            lk_adam(
                parameters, states[0], states[1], gradients, count, stepSize, beta1, beta2, epsilon, decay, shrink)
        case .rmsprop(let rho, let momentum, let epsilon, true):
            CenteredRMSprop(rate: stepSize, rho: rho, momentum: momentum, epsilon: epsilon, decay: decay).update(
                parameters, states[0], momentum == 0 ? nil : states[1], states[momentum == 0 ? 1 : 2], gradients,
                range.count)
        case .rmsprop(let rho, let momentum, let epsilon, _):
            lk_rmsprop(
                parameters, states[0], momentum == 0 ? nil : states[1], gradients, count, stepSize, rho, epsilon,
                momentum, decay)
        case .adagrad(_, let epsilon):
            lk_adagrad(parameters, states[0], gradients, count, stepSize, epsilon, decay)
        case .adadelta(let rho, let epsilon):
            lk_adadelta(parameters, states[0], states[1], gradients, count, stepSize, rho, epsilon, decay)
        case .nadam(let beta1, let beta2, let epsilon, _):
            guard let ahead else { return }
            lk_nadam(
                parameters, states[0], states[1], gradients, count, ahead.moment, ahead.gradient, ahead.correction,
                beta1, beta2, epsilon, decay)
        }
    }
}

/// RMSprop with the mean of the gradients; element by element, in specified operations without a kernel.
private struct CenteredRMSprop {
    let rate, rho, momentum, epsilon, decay: Float

    /// - Parameter velocity: nil without momentum.
    func update(
        _ w: UnsafeMutablePointer<Float>, _ square: UnsafeMutablePointer<Float>,
        _ velocity: UnsafeMutablePointer<Float>?,
        _ mean: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>, _ count: Int
    ) {
        for i in 0..<count {
            let g = gradients[i].addingProduct(decay, w[i])
            square[i].addProduct((-square[i]).addingProduct(g, g), 1 - rho)
            mean[i].addProduct(g - mean[i], 1 - rho)
            var step = rate * g / (square[i] + epsilon).addingProduct(-mean[i], mean[i]).squareRoot()
            if let velocity {
                step.addProduct(momentum, velocity[i])
                velocity[i] = step
            }
            w[i] -= step
        }
    }
}

/// What Nadam multiplies its first moment, the gradient and its second moment by.
private struct NesterovRates {
    let moment: Float
    let gradient: Float
    let correction: Float
}
