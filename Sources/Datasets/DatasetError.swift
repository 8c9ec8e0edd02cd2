// The one error that reading or cutting a dataset throws; the command prints it as it is.

/// Data that cannot be used: what was found, what was expected, in which file, and what to try. `reason` is for programs.
public struct DatasetError: Error, CustomStringConvertible, Sendable {
    public enum Reason: Sendable, Hashable {
        /// A file is not there, or may not be read.
        case unreadable
        /// A file is cut or changed, or not what it seems.
        case damaged
        /// A value, column, shape or number of samples is not as expected.
        case unsuitable
    }

    /// The whole message.
    public let description: String
    public let reason: Reason

    public init(_ description: String, _ reason: Reason = .unsuitable) {
        (self.description, self.reason) = (description, reason)
    }
}
