// The one error of checkpoints and run folders: what was found, what was expected, in which file, what to try. The
// command prints it as it is.

/// A checkpoint or run folder that cannot be written or used.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    /// The whole message.
    public let description: String

    public init(_ description: String) { self.description = description }
}
