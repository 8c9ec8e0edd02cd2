// The one error of checkpoints and run folders: what was found, what was expected, in which file, what to try. The
// command prints it as it is.

/// A checkpoint or run folder that cannot be written or used.
public struct CheckpointError: Error, CustomStringConvertible, Sendable {
    public enum Reason: Sendable, Hashable {
        /// There is no such checkpoint or run, or a file of it is missing.
        case missing
        /// A file is cut or changed.
        case damaged
        /// It is of another model, optimizer or version.
        case otherKind
        /// The system refuses to read or write.
        case refusedBySystem
        /// The run belongs to another process by now: nothing more may be written.
        case takenOver
        case other
    }

    /// The whole message.
    public let description: String
    public let reason: Reason

    package var isTakenOver: Bool { reason == .takenOver }

    package init(_ description: String, _ reason: Reason = .other) {
        (self.description, self.reason) = (description, reason)
    }
}
