// The error of whatever a run needs but its checkpoints and its ranks: settings, data, files of logs. At the bottom, since
// every layer above throws it; the command prints it as it is.

/// A run that can't start or go on: what was found, what was expected, what to try.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}
