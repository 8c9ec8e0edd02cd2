// The handle of communications that are under way; made by communicators, waited for by whoever started them.

/// One or more started operations. It can't be copied, and must be waited for exactly once: dropping one would leave
/// the library writing into memory that may be gone.
package struct PendingOperation: ~Copyable {
    private var requests: [any PendingRequest]

    package init(_ request: any PendingRequest) {
        requests = [request]
    }

    /// Nothing under way: what a loop of starts appends to.
    package init() {
        requests = []
    }

    /// Takes over `other`, so that one wait ends both.
    package mutating func append(_ other: consuming PendingOperation) {
        requests += other.requests
        other.requests = []
    }

    /// True once every operation has completed; makes progress when asked (MPI 4.0, 3.7.3 `MPI_Test`).
    package func test() throws(CommunicationError) -> Bool {
        var allComplete = true
        for request in requests where try !request.test() {
            allComplete = false
        }
        return allComplete
    }

    /// Blocks until every operation has completed. After an error the rest is not waited for: the job is lost.
    package consuming func wait() throws(CommunicationError) {
        let waited = requests
        requests = []
        for request in waited {
            try request.wait()
        }
    }

    /// Lets go of operations that will never be waited for, because the job is lost.
    package consuming func abandon() { requests = [] }

    deinit {
        guard requests.isEmpty else {
            fatalError("a pending communication was dropped without wait(): its buffer may already be gone")
        }
    }
}

/// What a communicator hands to `PendingOperation`. `wait` is called exactly once, `test` any number of times before.
package protocol PendingRequest: AnyObject {
    func test() throws(CommunicationError) -> Bool
    func wait() throws(CommunicationError)
}
