// How the learning rate changes over a run. The training loop asks for the rate of each step and hands it to the
// optimizer.

import CKernels
import Tensors

/// The learning rate as a function of the step number, computed in double precision. A plain number is a constant
/// schedule: `let schedule: LearningRateSchedule = 0.001`.
public indirect enum LearningRateSchedule: Sendable, Hashable, Codable, ExpressibleByFloatLiteral {
    case constant(Float)

    /// `rate * factor ^ floor(step / interval)`: times `factor` every `interval` steps.
    case step(rate: Float, factor: Float, interval: Int)

    /// `rate * decayRate ^ (step / decaySteps)`, the exponent rounded down when `staircase`
    /// (`keras.optimizers.schedules.ExponentialDecay`).
    case exponential(rate: Float, decayRate: Float, decaySteps: Int, staircase: Bool = false)

    /// `rate * ((1 - alpha) * (1 + cos(pi * min(step, decaySteps) / decaySteps)) / 2 + alpha)`: from `rate` down to
    /// `alpha * rate` (Loshchilov & Hutter 2017; `keras.optimizers.schedules.CosineDecay`).
    case cosine(rate: Float, decaySteps: Int, alpha: Float = 0)

    /// Linear from `start` at step 0 to the first rate of `next` at step `steps`, from where `next` counts its own
    /// steps (Goyal et al. 2017; `warmup_steps` of Keras's `CosineDecay`).
    case warmUp(steps: Int, from: Float = 0, then: LearningRateSchedule)

    /// Each segment for its number of steps, counted from the segment's beginning; the last one goes on for ever.
    case joined([Segment])

    /// A part of a joined schedule.
    public struct Segment: Sendable, Hashable, Codable {
        package var steps: Int
        package var schedule: LearningRateSchedule

        public init(steps: Int, _ schedule: LearningRateSchedule) {
            self.steps = steps
            self.schedule = schedule
        }
    }

    public init(floatLiteral value: Float) { self = .constant(value) }

    /// The rate for the update number `step`, the first being 0.
    public func rate(at step: Int) -> Float {
        require(step >= 0, "learning-rate schedule: step \(step) is negative")
        return Float(exactRate(at: step))
    }

    private func exactRate(at step: Int) -> Double {
        switch self {
        case .constant(let rate):
            return Double(rate)
        case .step(let rate, let factor, let interval):
            return Double(rate) * Double(factor).raised(to: step / interval)
        case .exponential(let rate, let decayRate, let decaySteps, let staircase):
            // A whole exponent and the rest, each as exact as it can be.
            let (whole, rest) = step.quotientAndRemainder(dividingBy: decaySteps)
            let power = Double(decayRate).raised(to: whole)
            return Double(rate)
                * (staircase ? power : power * lk_power_double(Double(decayRate), Double(rest) / Double(decaySteps)))
        case .cosine(let rate, let decaySteps, let alpha):
            let completed = Double(min(step, decaySteps)) / Double(decaySteps)
            var (sine, cosine) = (0.0, 0.0)
            lk_turn(completed / 2, &sine, &cosine)
            let fraction = (1 - Double(alpha)) * (1 + cosine) / 2 + Double(alpha)
            return Double(rate) * fraction
        case .warmUp(let steps, let start, let next):
            if step >= steps { return next.exactRate(at: step - steps) }
            let target = next.exactRate(at: 0)
            return Double(start) + (target - Double(start)) * Double(step) / Double(steps)
        case .joined(let segments):
            var start = 0
            for segment in segments.dropLast() {
                if step < start + segment.steps { return segment.schedule.exactRate(at: step - start) }
                start += segment.steps
            }
            guard let last = segments.last else { fatalError("learning-rate schedule: no segments to join") }
            return last.schedule.exactRate(at: step - start)
        }
    }

    /// The step from which on the rate stays as it is; nil where it never does, or always has.
    package var lastChange: Int? {
        switch self {
        case .constant, .step, .exponential: nil
        case .cosine(_, let decaySteps, _): decaySteps
        case .warmUp(let steps, _, let next): steps + (next.lastChange ?? 0)
        case .joined(let segments):
            segments.dropLast().reduce(0) { $0 + $1.steps } + (segments.last?.schedule.lastChange ?? 0)
        }
    }

    /// What is wrong with the numbers, nil when nothing is. Configurations are checked with it before a run.
    package var defect: String? {
        func negative(_ name: String, _ value: Float) -> String? {
            value >= 0 && value.isFinite ? nil : "\(name) must be 0 or more, got \(value)"
        }
        func notPositive(_ name: String, _ value: Int) -> String? {
            value > 0 ? nil : "\(name) must be positive, got \(value)"
        }
        switch self {
        case .constant(let rate):
            return negative("the learning rate", rate)
        case .step(let rate, let factor, let interval):
            return negative("the learning rate", rate) ?? negative("factor", factor)
                ?? notPositive("interval", interval)
        case .exponential(let rate, let decayRate, let decaySteps, _):
            return negative("the learning rate", rate) ?? negative("decayRate", decayRate)
                ?? notPositive("decaySteps", decaySteps)
        case .cosine(let rate, let decaySteps, let alpha):
            return negative("the learning rate", rate) ?? notPositive("decaySteps", decaySteps)
                ?? negative("alpha", alpha)
        case .warmUp(let steps, let start, let next):
            return notPositive("the number of warm-up steps", steps)
                ?? negative("the first learning rate", start) ?? next.defect
        case .joined(let segments):
            if segments.isEmpty { return "expected at least one schedule to join" }
            return segments.lazy.compactMap { notPositive("a segment's steps", $0.steps) ?? $0.schedule.defect }.first
        }
    }
}
