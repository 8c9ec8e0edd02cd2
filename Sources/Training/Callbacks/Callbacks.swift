// Keras's callbacks, with Keras's defaults; those that write files have files of their own.

import Checkpoints
import Streams
import Tensors

/// Ends the run when a metric has not improved for `patience` epochs.
///
/// With `restoreBestWeights` the model has the best epoch's weights after `fit`, also where the epochs ran out, as in
/// Keras. Where the optimizer keeps moving averages (`emaMomentum`), by which epochs are judged, these are that epoch's
/// averages, as with Keras's `SwapEMAWeights` before `EarlyStopping`; `useAverages` then changes nothing. The run's
/// checkpoints hold those that training goes on with.
public final class EarlyStopping: Callback {
    private var monitor: Monitor
    private let patience: Int
    private let restoreBestWeights: Bool
    private var best: Double?
    private var waited = 0
    private var hasEnded = false
    private var bestWeights: [Float]?

    public init(
        monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, mode: MonitorMode = .auto,
        restoreBestWeights: Bool = false
    ) {
        self.monitor = Monitor(metric: monitor, minimumDelta: abs(minDelta), mode: mode)
        self.patience = patience
        self.restoreBestWeights = restoreBestWeights
    }

    public var state: [String: Double] {
        get { ["best": best ?? .nan, "waited": Double(waited)] }
        set {
            best = newValue["best"].flatMap { $0.isNaN ? nil : $0 }
            waited = Int(newValue["waited"] ?? 0)
            hasEnded = waited > 0 && waited >= patience
        }
    }

    public var savedWeights: [Float]? {
        get { bestWeights }
        set { bestWeights = newValue }
    }

    /// A run that goes on after it was ended here stays ended; a new one begins anew.
    public func trainBegin(_ context: TrainingContext) throws {
        try monitor.check(context, for: name)
        if !context.isResumed { (best, waited, bestWeights, hasEnded) = (nil, 0, nil, false) }
        if hasEnded { stop(context) }
        hasEnded = false
    }

    private func stop(_ context: TrainingContext) {
        context.stopTraining = true
        context.stopReason = "early stopping: \(monitor.metric) has not improved for \(waited) epochs"
    }

    public func epochEnd(_ context: TrainingContext) throws {
        let value = monitor.value(context)
        if monitor.improves(value, on: best) {
            best = value
            waited = 0
            if restoreBestWeights { bestWeights = try context.copyJudged() }
            return
        }
        waited += 1
        if waited >= patience { stop(context) }
    }

    public func trainEnd(_ context: TrainingContext) throws {
        if let bestWeights { context.restoreJudged(bestWeights) }
    }
}

/// Multiplies the learning rate by `factor` when a metric has not improved for `patience` epochs; of a schedule, all
/// rates that follow.
public final class ReduceLROnPlateau: Callback {
    private var monitor: Monitor
    private let factor: Double
    private let patience: Int
    private let minimumRate: Double
    private let cooldown: Int
    private var best: Double?
    private var waited = 0
    private var cooling = 0

    public init(
        monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, mode: MonitorMode = .auto,
        minDelta: Double = 1e-4, cooldown: Int = 0, minLR: Double = 0
    ) {
        self.monitor = Monitor(metric: monitor, minimumDelta: minDelta, mode: mode)
        self.factor = factor
        self.patience = patience
        self.cooldown = cooldown
        minimumRate = minLR
    }

    public var state: [String: Double] {
        get { ["best": best ?? .nan, "waited": Double(waited), "cooling": Double(cooling)] }
        set {
            best = newValue["best"].flatMap { $0.isNaN ? nil : $0 }
            waited = Int(newValue["waited"] ?? 0)
            cooling = Int(newValue["cooling"] ?? 0)
        }
    }

    public func trainBegin(_ context: TrainingContext) throws {
        try monitor.check(context, for: name)
        if !context.isResumed { (best, waited, cooling) = (nil, 0, 0) }
    }

    public func epochEnd(_ context: TrainingContext) throws {
        let value = monitor.value(context)
        if cooling > 0 {
            cooling -= 1
            waited = 0
        }
        if monitor.improves(value, on: best) {
            best = value
            waited = 0
        } else if cooling == 0 {
            waited += 1
            if waited >= patience, context.learningRate > minimumRate {
                let rate = max(context.learningRate * factor, minimumRate)
                context.learningRateScale *= rate / context.learningRate
                cooling = cooldown
                waited = 0
            }
        }
    }
}

/// Sets the learning rate of every epoch's steps: `schedule(epoch, presentRate) -> rate`, epochs counted from 0. Where
/// the optimizer has a schedule of its own, this replaces it.
public final class LearningRateScheduler: Callback {
    private let schedule: (Int, Double) -> Double

    public init(_ schedule: @escaping (_ epoch: Int, _ rate: Double) -> Double) { self.schedule = schedule }

    public func epochBegin(_ context: TrainingContext) throws {
        let rate = schedule(context.epoch, context.learningRate)
        guard rate >= 0, rate.isFinite else {
            throw TrainingError("\(name): the rate of epoch \(context.epoch) is \(rate), expected 0 or more")
        }
        context.learningRate = rate
    }
}

/// Lets `fit` return when a loss, a gradient or a weight is NaN or infinite, where it would otherwise throw. That step is
/// not applied: the model and the last checkpoint have the weights of the step before, and `History.stopReason` tells.
public final class TerminateOnNaN: Callback {
    public init() {}
}

/// Calls functions of yours.
public final class LambdaCallback: Callback {
    private let onEpochBegin: ((TrainingContext) throws -> Void)?
    private let onStepEnd: ((TrainingContext) throws -> Void)?
    private let onEpochEnd: ((TrainingContext) throws -> Void)?

    public init(
        onEpochBegin: ((TrainingContext) throws -> Void)? = nil, onStepEnd: ((TrainingContext) throws -> Void)? = nil,
        onEpochEnd: ((TrainingContext) throws -> Void)? = nil
    ) {
        self.onEpochBegin = onEpochBegin
        self.onStepEnd = onStepEnd
        self.onEpochEnd = onEpochEnd
    }

    public func epochBegin(_ context: TrainingContext) throws { try onEpochBegin?(context) }
    public func stepEnd(_ context: TrainingContext) throws { try onStepEnd?(context) }
    public func epochEnd(_ context: TrainingContext) throws { try onEpochEnd?(context) }
}

/// Ends the run after the first step that comes later than a time after its begin: rank 0's clock counts. What a run that
/// goes on has trained before does not.
public final class TimeLimit: Callback {
    private let seconds: Double
    private var begin = 0.0

    public init(minutes: Double) { seconds = minutes * 60 }

    public func trainBegin(_ context: TrainingContext) throws { begin = monotonicSeconds() }

    public func stepEnd(_ context: TrainingContext) throws {
        guard context.isRankZero, monotonicSeconds() - begin >= seconds else { return }
        context.stopTraining = true
        context.stopReason = "time limit: \(seconds / 60) minutes are over"
    }
}
