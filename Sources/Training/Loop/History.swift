// What `fit` returns.

/// The metrics of every epoch, by Keras's names: `loss`, `accuracy`, `val_loss`, `val_accuracy`, `learning_rate`.
public struct History: Sendable, Hashable {
    /// One row for each epoch that this `fit` finished, as in Keras. A run that goes on has the earlier ones in its
    /// metrics files: a checkpoint does not grow with the epochs.
    package internal(set) var epochs: [[String: Double]] = []

    /// Whether the run was asked to stop (`FitOptions.stopRequested`) before its end.
    package internal(set) var isInterrupted = false

    /// The run's folder, on rank 0 of a run that has one.
    package internal(set) var runFolder: String?

    /// Why a callback ended the run before its last epoch; nil where none did.
    public internal(set) var stopReason: String?

    /// One metric over the epochs, as in Keras's `history.history["loss"]`.
    public subscript(metric: String) -> [Double] { epochs.compactMap { $0[metric] } }
}
