// A started MPI operation, handed out inside `PendingOperation`.

import CMPI
import Collectives

/// Owns the request handle until completion (MPI 4.0, 3.7).
final class MPIRequest: PendingRequest {
    private var handle: CMPIRequest
    private let operation: String
    /// The bytes a receive must bring; nil for everything else.
    private let expectedBytes: Int32?
    private var isComplete = false

    init(_ handle: CMPIRequest, _ operation: String, expectedBytes: Int32? = nil) {
        self.handle = handle
        self.operation = operation
        self.expectedBytes = expectedBytes
    }

    func test() throws(CommunicationError) -> Bool {
        guard !isComplete else { return true }
        var complete: Int32 = 0
        var received: Int32 = 0
        try check(cmpi_test(&handle, &complete, &received), operation)
        if complete != 0 { try finish(received) }
        return isComplete
    }

    func wait() throws(CommunicationError) {
        guard !isComplete else { return }
        var received: Int32 = 0
        try check(cmpi_wait(&handle, &received), operation)
        try finish(received)
    }

    /// MPI reports a message that is too long by itself, and takes a short one silently.
    private func finish(_ received: Int32) throws(CommunicationError) {
        isComplete = true
        guard let expectedBytes, received != expectedBytes else { return }
        throw CommunicationError(
            operation: operation, code: cmpi_error_truncate,
            message: "a message of \(received) bytes arrived where \(expectedBytes) were expected")
    }
}
