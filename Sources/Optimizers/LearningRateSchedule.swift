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

    /// `rate / (1 + decayRate * step / decaySteps)`, the quotient rounded down when `staircase`
    /// (`keras.optimizers.schedules.InverseTimeDecay`).
    case inverseTime(rate: Float, decayRate: Float, decaySteps: Int, staircase: Bool = false)

    /// `rate * ((1 - alpha) * (1 + cos(pi * min(step, decaySteps) / decaySteps)) / 2 + alpha)`: from `rate` down to
    /// `alpha * rate` (Loshchilov & Hutter 2017; `keras.optimizers.schedules.CosineDecay`).
    case cosine(rate: Float, decaySteps: Int, alpha: Float = 0)

    /// `rate * (m + (1 - m) * (1 + cos(pi * fraction)) / 2)` anew from `rate` after each period: the first has `period`
    /// steps, each later one `lengthening` times as many and `shrinking` times the rate
    /// (`keras.optimizers.schedules.CosineDecayRestarts`, whose `alpha` is m; Loshchilov & Hutter 2017).
    case cosineRestarts(rate: Float, period: Int, lengthening: Float = 2, shrinking: Float = 1, alpha: Float = 0)

    /// `(rate - end) * (1 - min(step, decaySteps) / decaySteps) ^ power + end`; a `power` of 1 is a straight line. With
    /// `cycle` it goes on over twice, three times ... the steps, the least that reach beyond `step`
    /// (`keras.optimizers.schedules.PolynomialDecay`). nil counts as false, so that schedules are written and read as before
    /// there was the setting; likewise below.
    case polynomial(rate: Float, decaySteps: Int, end: Float = 0.0001, power: Float = 1, cycle: Bool? = nil)

    /// Along cosines, or with `linear` straight lines, up from `peak / startFactor` to `peak` in the first `rise` of the
    /// steps, then down to the beginning over `endFactor`; with `threePhases` down to the beginning in as many steps first
    /// (Smith & Topin 2018; `torch.optim.lr_scheduler.OneCycleLR`).
    case oneCycle(
        peak: Float, steps: Int, rise: Float = 0.3, startFactor: Float = 25, endFactor: Float = 10_000,
        linear: Bool? = nil, threePhases: Bool? = nil)

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
        case .inverseTime(let rate, let decayRate, let decaySteps, let staircase):
            let passed = staircase ? Double(step / decaySteps) : Double(step) / Double(decaySteps)
            return Double(rate) / (1 + Double(decayRate) * passed)
        case .cosine(let rate, let decaySteps, let alpha):
            let completed = Double(min(step, decaySteps)) / Double(decaySteps)
            let fraction = (1 - Double(alpha)) * (1 + cosine(completed)) / 2 + Double(alpha)
            return Double(rate) * fraction
        case .cosineRestarts(let rate, let period, let lengthening, let shrinking, let alpha):
            var (start, length, scale) = (0.0, Double(period), 1.0)
            while Double(step) >= start + length {
                start += length
                length *= Double(lengthening)
                scale *= Double(shrinking)
            }
            let fraction = scale * (1 + cosine((Double(step) - start) / length)) / 2
            return Double(rate) * ((1 - Double(alpha)) * fraction + Double(alpha))
        case .polynomial(let rate, let decaySteps, let end, let power, let cycle):
            let length = cycle == true ? max(1, (step + decaySteps - 1) / decaySteps) * decaySteps : decaySteps
            let left = 1 - Double(min(step, length)) / Double(length)
            let factor = power == 1 ? left : lk_power_double(left, Double(power))
            return (Double(rate) - Double(end)) * factor + Double(end)
        case .oneCycle(let peak, let steps, let rise, let startFactor, let endFactor, let linear, let threePhases):
            let (top, last) = (Double(rise) * Double(steps) - 1, Double(steps - 1))
            let first = Double(peak) / Double(startFactor)
            let step = min(Double(step), last)
            // Where the last phase begins, and from which rate.
            let (turn, high) = threePhases == true ? (2 * top, first) : (top, Double(peak))
            let (from, to, fraction) =
                step <= top
                ? (first, Double(peak), step / top)
                : step <= turn
                    ? (Double(peak), first, (step - top) / top)
                    : (high, first / Double(endFactor), (step - turn) / (last - turn))
            return linear == true ? from + (to - from) * fraction : to + (from - to) * (1 + cosine(fraction)) / 2
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

    /// cos(pi * x)
    private func cosine(_ x: Double) -> Double {
        var (sine, cosine) = (0.0, 0.0)
        lk_turn(x / 2, &sine, &cosine)
        return cosine
    }

    /// The step from which on the rate stays as it is; nil where it never does, or always has.
    package var lastChange: Int? {
        switch self {
        case .constant, .step, .exponential, .inverseTime, .cosineRestarts, .polynomial(_, _, _, _, true): nil
        case .cosine(_, let decaySteps, _), .polynomial(_, let decaySteps, _, _, _): decaySteps
        case .oneCycle(_, let steps, _, _, _, _, _): steps - 1
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
        case .exponential(let rate, let decayRate, let decaySteps, _),
            .inverseTime(let rate, let decayRate, let decaySteps, _):
            return negative("the learning rate", rate) ?? negative("decayRate", decayRate)
                ?? notPositive("decaySteps", decaySteps)
        case .cosine(let rate, let decaySteps, let alpha):
            return negative("the learning rate", rate) ?? notPositive("decaySteps", decaySteps)
                ?? negative("alpha", alpha)
        case .cosineRestarts(let rate, let period, let lengthening, let shrinking, let alpha):
            return negative("the learning rate", rate) ?? notPositive("period", period)
                ?? (lengthening >= 1 && lengthening.isFinite
                    ? nil : "lengthening must be 1 or more, got \(lengthening)")
                ?? negative("shrinking", shrinking) ?? negative("alpha", alpha)
        case .polynomial(let rate, let decaySteps, let end, let power, _):
            return negative("the learning rate", rate) ?? notPositive("decaySteps", decaySteps)
                ?? negative("end", end) ?? (power > 0 && power.isFinite ? nil : "power must be above 0, got \(power)")
        case .oneCycle(let peak, let steps, let rise, let startFactor, let endFactor, _, let threePhases):
            let top = Double(rise) * Double(steps) - 1
            let hasRoom = rise > 0 && rise < 1 && top > 0 && (threePhases != true || 2 * top < Double(steps - 1))
            return negative("the peak", peak)
                ?? (hasRoom
                    ? nil
                    : "rise must be between 0 and 1\(threePhases == true ? " / 2" : "") and more than a step of \(steps), "
                        + "got \(rise)")
                ?? (startFactor > 0 && endFactor > 0 ? nil : "startFactor and endFactor must be above 0")
        case .warmUp(let steps, let start, let next):
            return notPositive("the number of warm-up steps", steps)
                ?? negative("the first learning rate", start) ?? next.defect
        case .joined(let segments):
            if segments.isEmpty { return "expected at least one schedule to join" }
            return segments.lazy.compactMap { notPositive("a segment's steps", $0.steps) ?? $0.schedule.defect }.first
        }
    }
}
