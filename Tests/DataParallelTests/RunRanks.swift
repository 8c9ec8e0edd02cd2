// Runs the ranks of a test on threads of their own, with a time bound: a deadlock is a failure, not a stuck test run.

import Collectives
import Foundation
import Synchronization

/// The threads were still running at the end of their time.
struct TimeBoundExceeded: Error {}

/// Runs `body` once per rank, each on a thread, and returns the results in rank order.
func runRanks<Result: Sendable>(
    _ count: Int, sharesMemory: Bool = true, failure: (rank: Int, call: Int)? = nil, timeoutSeconds: Double = 120,
    _ body: @escaping @Sendable (any Communicator) throws -> Result
) throws -> [Swift.Result<Result, any Error>] {
    let group = ThreadGroup(size: count, sharesMemory: sharesMemory, failure: failure)
    return try runThreads(count, timeoutSeconds: timeoutSeconds) { rank in
        do {
            return try body(ThreadCommunicator(rank: rank, of: group))
        } catch {
            group.breakDown("rank \(rank) threw \(error)")
            throw error
        }
    }
}

/// Runs `body` on `count` threads of its own.
func runThreads<Result: Sendable>(
    _ count: Int, timeoutSeconds: Double, _ body: @escaping @Sendable (Int) throws -> Result
) throws -> [Swift.Result<Result, any Error>] {
    let results = Board<Result>(count: count)
    let done = DispatchSemaphore(value: 0)
    for index in 0..<count {
        Thread.detachNewThread {
            let result = Swift.Result { try body(index) }
            results.values.withLock { $0[index] = result }
            done.signal()
        }
    }
    let deadline = DispatchTime.now() + timeoutSeconds
    for _ in 0..<count where done.wait(timeout: deadline) == .timedOut { throw TimeBoundExceeded() }
    return results.values.withLock { $0.map { $0! } }
}

/// Runs `body` on a thread, for at most `timeoutSeconds`.
func within<Result: Sendable>(
    seconds timeoutSeconds: Double, _ body: @escaping @Sendable () throws -> Result
) throws -> Result {
    try runThreads(1, timeoutSeconds: timeoutSeconds) { _ in try body() }[0].get()
}

private final class Board<Result: Sendable>: Sendable {
    let values: Mutex<[Swift.Result<Result, any Error>?]>

    init(count: Int) { values = Mutex(Array(repeating: nil, count: count)) }
}
