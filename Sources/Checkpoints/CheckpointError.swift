// The one error of checkpoints and run folders: what was found, what was expected, in which file, what to try. The
// command prints it as it is.

/// A checkpoint or run folder that cannot be written or used.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    /// The whole message.
    public let description: String
    /// Whether the run belongs to another process by now: nothing more may be written.
    package let isTakenOver: Bool

    package init(_ description: String) { self.init(description, isTakenOver: false) }

    package init(_ description: String, isTakenOver: Bool) {
        (self.description, self.isTakenOver) = (description, isTakenOver)
    }
}
