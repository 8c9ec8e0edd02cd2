// The rule of exactly one wait, with requests that only count.

import Collectives
import Testing

struct PendingOperationTests {
    /// Completes at the `completesAt`-th test.
    private final class CountingRequest: PendingRequest {
        var tests = 0
        var waits = 0
        let completesAt: Int
        let error: CommunicationError?

        init(completesAt: Int = 1, error: CommunicationError? = nil) {
            self.completesAt = completesAt
            self.error = error
        }

        func test() throws(CommunicationError) -> Bool {
            tests += 1
            return tests >= completesAt
        }

        func wait() throws(CommunicationError) {
            waits += 1
            if let error { throw error }
        }
    }

    @Test func waitsOnceForEachRequest() throws {
        let requests = (0..<3).map { _ in CountingRequest() }
        var pending = PendingOperation()
        for request in requests { pending.append(PendingOperation(request)) }
        try pending.wait()
        #expect(requests.map(\.waits) == [1, 1, 1])
    }

    @Test func testsEveryRequestEachTimeAndIsTrueWhenAllAre() throws {
        let slow = CountingRequest(completesAt: 3)
        let fast = CountingRequest(completesAt: 1)
        var pending = PendingOperation(slow)
        pending.append(PendingOperation(fast))
        #expect(try !pending.test())
        #expect(try !pending.test())
        #expect(try pending.test())
        // A request that is not asked makes no progress: the slow one first must not hide the other.
        #expect(fast.tests == 3)
        try pending.wait()
    }

    @Test func waitPassesTheErrorOn() {
        let lost = CommunicationError(operation: "MPI_Irecv", code: 15, message: "message truncated")
        let request = CountingRequest(error: lost)
        let thrown = #expect(throws: CommunicationError.self) { try PendingOperation(request).wait() }
        #expect(thrown.map { "\($0)" } == "MPI_Irecv failed with code 15: message truncated")
    }

    @Test func nothingUnderWayIsComplete() throws {
        let pending = PendingOperation()
        #expect(try pending.test())
        try pending.wait()
    }

    @Test func droppingOneTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = PendingOperation(CountingRequest())
        }
    }
}
