// Keras's callbacks, with Keras's defaults.

import Foundation
import Streams
import Tensors

/// Whether smaller or larger values of a metric are better; told from its name as in Keras.
struct Monitor: Sendable {
    let metric: String
    let minimumDelta: Double

    private var largerIsBetter: Bool { metric.hasSuffix("accuracy") }

    /// Whether `value` beats `best` by more than the minimum.
    func improves(_ value: Double, on best: Double?) -> Bool {
        guard let best, best.isFinite else { return value.isFinite }
        return largerIsBetter ? value - minimumDelta > best : value + minimumDelta < best
    }

    /// The metric's present value.
    ///
    /// - Throws: `TrainingError` naming the metrics there are.
    func value(_ context: TrainingContext, for callback: String) throws -> Double {
        if let value = context.metrics[metric] { return value }
        let known = context.metrics.keys.sorted().joined(separator: ", ")
        throw TrainingError("\(callback) monitors '\(metric)', but this run has only \(known)")
    }
}

/// Ends the run when a metric has not improved for `patience` epochs.
///
/// With `restoreBestWeights` the model has the best epoch's weights after `fit`, also where the epochs ran out, as in
/// Keras. The run's checkpoints hold those that training goes on with.
public final class EarlyStopping: Callback {
    private let monitor: Monitor
    private let patience: Int
    private let restoreBestWeights: Bool
    private var best: Double?
    private var waited = 0
    private var hasEnded = false
    private var bestWeights: [Float]?

    public init(
        monitor: String = "val_loss", minDelta: Double = 0, patience: Int = 0, restoreBestWeights: Bool = false
    ) {
        self.monitor = Monitor(metric: monitor, minimumDelta: abs(minDelta))
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
        if !context.isResumed { (best, waited, bestWeights, hasEnded) = (nil, 0, nil, false) }
        if hasEnded { stop(context) }
        hasEnded = false
    }

    private func stop(_ context: TrainingContext) {
        context.stopTraining = true
        context.stopReason = "early stopping: \(monitor.metric) has not improved for \(waited) epochs"
    }

    public func epochEnd(_ context: TrainingContext) throws {
        let value = try monitor.value(context, for: name)
        if monitor.improves(value, on: best) {
            best = value
            waited = 0
            if restoreBestWeights { bestWeights = context.copyWeights() }
            return
        }
        waited += 1
        if waited >= patience { stop(context) }
    }

    public func trainEnd(_ context: TrainingContext) throws {
        if let bestWeights { context.restoreWeights(bestWeights) }
    }
}

/// Multiplies the learning rate by `factor` when a metric has not improved for `patience` epochs.
public final class ReduceLROnPlateau: Callback {
    private let monitor: Monitor
    private let factor: Double
    private let patience: Int
    private let minimumRate: Double
    private let cooldown: Int
    private var best: Double?
    private var waited = 0
    private var cooling = 0

    public init(
        monitor: String = "val_loss", factor: Double = 0.1, patience: Int = 10, minDelta: Double = 1e-4,
        cooldown: Int = 0, minLR: Double = 0
    ) {
        self.monitor = Monitor(metric: monitor, minimumDelta: minDelta)
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
        if !context.isResumed { (best, waited, cooling) = (nil, 0, 0) }
    }

    public func epochEnd(_ context: TrainingContext) throws {
        let value = try monitor.value(context, for: name)
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

/// Sets the learning rate at the beginning of every epoch: `schedule(epoch, presentRate) -> rate`.
public final class LearningRateScheduler: Callback {
    private let schedule: (Int, Double) -> Double

    public init(_ schedule: @escaping (_ epoch: Int, _ rate: Double) -> Double) { self.schedule = schedule }

    public func epochBegin(_ context: TrainingContext) throws {
        let rate = schedule(context.epoch, context.learningRate)
        guard context.scheduledLearningRate > 0 else { return }
        context.learningRateScale = rate / context.scheduledLearningRate
    }
}

/// Ends the run when the loss is NaN or infinite, where `fit` would otherwise throw: it returns what there was.
public final class TerminateOnNaN: Callback {
    public init() {}

    public func stepEnd(_ context: TrainingContext) throws {
        guard let loss = context.metrics["loss"], !loss.isFinite else { return }
        context.stopTraining = true
        context.stopReason = "the loss is \(loss) at step \(context.step): try a smaller learning rate or --clip-norm"
    }
}

/// Saves the weights to a safetensors file after epochs; `{epoch}` in the path becomes the epoch's number.
public final class ModelCheckpoint: Callback {
    private let path: String
    private let monitor: Monitor
    private let saveBestOnly: Bool
    private var best: Double?

    public init(_ path: String, monitor: String = "val_loss", saveBestOnly: Bool = false) {
        self.path = expandingHome(path)
        self.monitor = Monitor(metric: monitor, minimumDelta: 0)
        self.saveBestOnly = saveBestOnly
    }

    public var state: [String: Double] {
        get { ["best": best ?? .nan] }
        set { best = newValue["best"].flatMap { $0.isNaN ? nil : $0 } }
    }

    public func epochEnd(_ context: TrainingContext) throws {
        if saveBestOnly {
            let value = try monitor.value(context, for: name)
            guard monitor.improves(value, on: best) else { return }
            best = value
        }
        try context.saveWeights(path.replacingOccurrences(of: "{epoch}", with: "\(context.epoch + 1)"))
    }
}

/// Writes a row of metrics after every epoch.
public final class CSVLogger: Callback {
    private let path: String
    private var columns: [String] = []

    public init(_ path: String) { self.path = expandingHome(path) }

    public func epochEnd(_ context: TrainingContext) throws {
        guard context.isRankZero else { return }
        var text = ""
        if columns.isEmpty {
            columns = context.metrics.keys.sorted()
            // A run that goes on keeps the rows of its earlier epochs.
            let former = context.epoch > 0 ? (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" : ""
            let kept = former.split(separator: "\n").filter { line in
                Int(line.prefix { $0 != "," }).map { $0 < context.epoch } ?? false
            }
            text = (["epoch,\(columns.joined(separator: ","))"] + kept.map(String.init)).map { $0 + "\n" }.joined()
            guard FileManager.default.createFile(atPath: path, contents: nil) else {
                throw TrainingError("CSVLogger can't write \(path): check that the folder exists and is writable")
            }
        }
        text += "\(context.epoch),\(columns.map { context.metrics[$0].map { "\($0)" } ?? "" }.joined(separator: ","))\n"
        guard let file = FileHandle(forWritingAtPath: path) else {
            throw TrainingError("CSVLogger can't write \(path): it was removed or is not writable")
        }
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }
}

/// Calls functions of yours.
public final class LambdaCallback: Callback {
    public typealias Body = (TrainingContext) throws -> Void
    private let onEpochBegin: Body?
    private let onStepEnd: Body?
    private let onEpochEnd: Body?

    public init(onEpochBegin: Body? = nil, onStepEnd: Body? = nil, onEpochEnd: Body? = nil) {
        self.onEpochBegin = onEpochBegin
        self.onStepEnd = onStepEnd
        self.onEpochEnd = onEpochEnd
    }

    public func epochBegin(_ context: TrainingContext) throws { try onEpochBegin?(context) }
    public func stepEnd(_ context: TrainingContext) throws { try onStepEnd?(context) }
    public func epochEnd(_ context: TrainingContext) throws { try onEpochEnd?(context) }
}
