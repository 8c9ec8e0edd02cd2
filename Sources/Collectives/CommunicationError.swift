// The one error a communicator throws.

/// A communication call that failed: what was attempted, what the library said.
public struct CommunicationError: Error, CustomStringConvertible, Sendable {
    /// The call, in the library's own terms, e.g. `MPI_Allgatherv`.
    package let operation: String
    /// The library's return code.
    package let code: Int32
    /// The library's message, and what to try where we know it.
    package let message: String

    package init(operation: String, code: Int32, message: String) {
        self.operation = operation
        self.code = code
        self.message = message
    }

    public var description: String { "\(operation) failed with code \(code): \(message)" }
}
