// What keeps a training, an evaluation or a prediction from being done.

/// An error with a message for a person: what was found, what was expected, and what to do. `reason` is for programs.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
    /// What a caller may do something about.
    public enum Reason: Sendable, Hashable {
        /// A setting is out of its range, by its name, e.g. `batchSize`.
        case setting(String)
        /// Data, network, loss and metrics don't fit one another.
        case unfit
        /// A sample holds what can't be used.
        case sample
        /// A loss, a gradient or a weight of this step, counted from 1, is NaN or infinite.
        case diverged(step: Int)
        /// A run can't go on with other settings or data than it had.
        case otherSettings
        case other
    }

    public let description: String
    /// `other`, on ranks that are told of another rank's error.
    public let reason: Reason

    public init(_ description: String, _ reason: Reason = .other) {
        (self.description, self.reason) = (description, reason)
    }
}
