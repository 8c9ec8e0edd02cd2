// The handle of a communication that is under way.

/// A started operation. It can't be copied, and must be waited for exactly once: dropping one would leave the
/// library writing into memory that may be gone.
public struct PendingOperation: ~Copyable {
    private let request: any PendingRequest

    public init(_ request: any PendingRequest) {
        self.request = request
    }

    /// True once the operation has completed; makes progress when asked (MPI 4.0, 3.7.3 `MPI_Test`).
    public func test() throws(CommunicationError) -> Bool { try request.test() }

    /// Blocks until the operation has completed.
    public consuming func wait() throws(CommunicationError) {
        let request = self.request
        discard self
        try request.wait()
    }

    deinit {
        fatalError("a pending communication was dropped without wait(): its buffer may already be gone")
    }
}

/// What a communicator hands to `PendingOperation`. `wait` is called exactly once, `test` any number of times before.
public protocol PendingRequest: AnyObject {
    func test() throws(CommunicationError) -> Bool
    func wait() throws(CommunicationError)
}
