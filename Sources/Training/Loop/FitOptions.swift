// The settings of a training run, with the tutorial's defaults.

import Checkpoints
import Datasets
import Profiling
import Streams

/// How many samples make one step, over all ranks together.
public enum BatchSize: Sendable, Hashable, ExpressibleByIntegerLiteral, CustomStringConvertible {
    case samples(Int)
    /// The whole training set: batch gradient descent.
    case full

    public init(integerLiteral value: Int) { self = .samples(value) }

    /// `32` or `full`.
    package init?(_ text: String) {
        if text == "full" { self = .full } else if let count = Int(text) { self = .samples(count) } else { return nil }
    }

    public var description: String {
        switch self {
        case .samples(let count): "\(count)"
        case .full: "full"
        }
    }

    /// The samples of a step: at most all `count`, as in Keras.
    ///
    /// - Throws: `TrainingError` unless the size is at least 1.
    package func resolved(count: Int) throws(TrainingError) -> Int {
        guard count > 0 else { throw TrainingError("the training set is empty: expected at least one sample", .unfit) }
        switch self {
        case .full: return count
        case .samples(let size):
            guard size >= 1 else {
                throw TrainingError(
                    "`batchSize` must be at least 1, got \(size); `full` means the whole training set",
                    .setting("batchSize"))
            }
            return min(size, count)
        }
    }
}

/// How often a run is shown.
public enum Verbosity: Int, Sendable {
    case silent = 0
    /// A live bar on a terminal, a line per epoch elsewhere.
    case progress = 1
    case linePerEpoch = 2
}

/// The settings of `fit`.
public struct FitOptions: Sendable {
    public var epochs = 10
    public var batchSize: BatchSize = 32
    /// Shards of a step; nil takes the largest power of two, at most 64, that leaves a shard 16 samples, or 256 positions of
    /// a network that answers for each position of sequences, has no recurrent layers and normalises over no batch. A small
    /// network over the columns of a table has 4 of them as long as there is so little work.
    public var shards: Int?
    /// Threads of each rank; nil takes one per core, at most one per shard.
    public var threads: Int?
    public var seed: UInt64 = 0
    public var shuffle = true
    /// Changes to the batches of training, one after the other, such as `Augmentation`.
    public var transforms: [any Transform] = []
    /// What a loss's sum over a step, or over the validation data, is divided by.
    public var lossReduction = LossReduction.mean
    /// Batches of an epoch to train on at most.
    public var limitTrainBatches: Int?
    /// Steps of the whole run to train for at most.
    public var maxSteps: Int?
    /// Evaluates the validation data every so many steps besides after every epoch; 0 for never. Each gives a metrics row.
    public var validateEveryNSteps = 0
    /// Take the rows of metrics beside the run's own files, on rank 0.
    public var sinks: [any MetricsSink] = []
    /// Writes a metrics row every so many steps besides the one every epoch; 0 for none.
    public var logEveryNSteps = 0
    public var verbosity = Verbosity.progress
    /// Compares the ranks' weights and positions after every so many steps and before each checkpoint; 0 for never.
    public var verifyEvery = 100
    /// What to do about a loss or a gradient that is NaN or infinite.
    public var onNonFinite = NonFinitePolicy.stop
    /// Seconds without progress of a rank after which the job ends, following a warning at a fifth of it; 0 for never.
    public var stallTimeout = 300.0
    /// Asked on every rank before each step; when one says yes, all ranks stop together after that step, with a
    /// checkpoint.
    package var stopRequested: @Sendable () -> Bool = { false }
    /// What shall go wrong, in tests.
    package var faults = FaultPlan.none
    /// Whether and how to find out where the time goes.
    package var timing = TimingOptions()
    /// Columns of the terminal, nil where standard output is none.
    package var terminalColumns: Int?

    public init() {}

    /// - Throws: `TrainingError` naming the first setting that is out of range.
    package func check() throws(TrainingError) {
        let positives: [(String, Int?)] = [
            ("epochs", epochs), ("threads", threads), ("limitTrainBatches", limitTrainBatches),
            ("maxSteps", maxSteps),
        ]
        for (name, value) in positives {
            if let value, value < 1 {
                throw TrainingError("`\(name)` must be at least 1, got \(value)", .setting(name))
            }
        }
        if verifyEvery < 0 {
            throw TrainingError("`verifyEvery` must be 0 or more, got \(verifyEvery)", .setting("verifyEvery"))
        }
        if let steps = timing.tracedSteps, steps.lowerBound < 1 {
            throw TrainingError(
                "`tracedSteps` counts from 1, got \(steps.lowerBound)-\(steps.upperBound)", .setting("tracedSteps"))
        }
        if logEveryNSteps < 0 {
            throw TrainingError("`logEveryNSteps` must be 0 or more, got \(logEveryNSteps)", .setting("logEveryNSteps"))
        }
        if validateEveryNSteps < 0 {
            throw TrainingError(
                "`validateEveryNSteps` must be 0 or more, got \(validateEveryNSteps)", .setting("validateEveryNSteps"))
        }
    }
}
