// The one error that reading or cutting a dataset throws; the command prints it as it is.

/// Data that cannot be used: what was found, what was expected, in which file, and what to try.
public struct DatasetError: Error, CustomStringConvertible, Sendable {
    /// The whole message.
    public let description: String

    public init(_ description: String) { self.description = description }
}
