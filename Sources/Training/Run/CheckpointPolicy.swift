// When a run writes checkpoints, which of them it keeps, and what it does when one can't be written.

import Checkpoints
import Streams

/// The settings of a run's checkpoints. One is always written at the end of a run and at a stop.
public struct CheckpointPolicy: Sendable {
    /// Whether training waits while a checkpoint is written.
    package enum Mode: String, Sendable, CaseIterable {
        /// The step that saves copies the contents; a thread of its own writes them.
        case async
        case sync
    }

    /// What follows when a checkpoint can't be written.
    package enum ErrorAction: String, Sendable, CaseIterable {
        /// A warning; the next save point is the next attempt, and the run fails if the one at its end fails.
        case warn
        /// All ranks stop after the next step, with an error and one more attempt.
        case stop
    }

    /// Steps between checkpoints; 0 for none within epochs. A save that falls on an epoch's last step waits for the
    /// evaluation.
    public var everyNSteps = 0
    /// Minutes between checkpoints on rank 0's clock; 0 for none.
    public var everyNMinutes = 0.0
    /// Epochs between checkpoints; 0 for none.
    public var everyNEpochs = 1
    /// How many of the newest to keep.
    public var keepLast = 5
    /// How many of those with the best `monitor` to keep; only those written at the end of an epoch have one.
    public var keepBest = 1
    /// The metric that makes one better than another; nil for val_loss, or loss where nothing is validated.
    public var monitor: String?
    package var mode = Mode.async
    package var onError = ErrorAction.warn

    package init() {}

    /// - Parameter metrics: those that the run has, in order of preference for `monitor`.
    /// - Returns: what to monitor.
    /// - Throws: `TrainingError` naming the first setting that is out of range.
    func check(metrics: [String], directions: [String: Bool]) throws(TrainingError) -> Monitor {
        let counts = [
            ("everyNSteps", everyNSteps, 0), ("everyNEpochs", everyNEpochs, 0),
            ("keepLast", keepLast, 1), ("keepBest", keepBest, 0),
        ]
        for (name, value, least) in counts where value < least {
            throw TrainingError("`\(name)` must be at least \(least), got \(value)", .setting(name))
        }
        guard everyNMinutes >= 0, everyNMinutes.isFinite else {
            throw TrainingError("`everyNMinutes` must be 0 or more, got \(everyNMinutes)", .setting("everyNMinutes"))
        }
        let metric = monitor ?? metrics[0]
        guard metrics.contains(metric) else {
            throw TrainingError(
                "`monitor`: this run has no '\(metric)'; it has \(metrics.joined(separator: ", "))", .setting("monitor")
            )
        }
        var watched = Monitor(metric: metric, minimumDelta: 0)
        watched.resolve(directions)
        return watched
    }
}
