// The threads of a rank. They live as long as the training run, and meet at barriers several times a step.

import CKernels
import Foundation
import Hosts
import Synchronization
import Tensors

/// A fixed group of threads that run the same function together; the caller is member 0.
///
/// `run` and `stop` belong to one thread at a time. The threads end with `stop`, or with the team.
package final class WorkerTeam: Sendable {
    package let size: Int
    private let meeting: Meeting
    private let job = Job()

    /// Starts `size - 1` threads.
    ///
    /// - Parameter spins: whether a member that waits keeps its core busy for a while before it sleeps, which only helps
    ///   where every member has a core to itself; nil if there are as many cores as members.
    package init(size: Int, spins: Bool? = nil) {
        require(size > 0, "WorkerTeam: expected at least one member, got \(size)")
        self.size = size
        meeting = Meeting(size: size, spins: spins ?? (size <= availableCores()))
        for member in 1..<max(size, 1) where member < size {
            startThread { [meeting, job] in
                while true {
                    meeting.wait()
                    guard job.perform(member) else { return }
                    meeting.wait()
                }
            }
        }
    }

    deinit { stop() }

    /// Runs `body(member)` on every member, and returns when all are done.
    package func run(_ body: @Sendable (Int) -> Void) {
        if size == 1 { return withIEEEArithmetic { body(0) } }
        // The members have let go of `body` before this function returns, so it never really escapes.
        withoutActuallyEscaping(body) { shared in
            job.set(shared)
            meeting.wait()
            withIEEEArithmetic { shared(0) }
            meeting.wait()
            job.set(nil)
        }
    }

    /// Returns once every member has called it; only within `run`.
    package func barrier() {
        if size > 1 { meeting.wait() }
    }

    /// Ends the threads. Nothing may be running, and nothing can be run any more; a second call does nothing.
    package func stop() {
        if job.end() && size > 1 { meeting.wait() }
    }
}

/// What the members run next. They hold it rather than the team, so that the team can go.
private final class Job: Sendable {
    private struct State {
        var body: (@Sendable (Int) -> Void)?
        var ended = false
    }

    private let state = Mutex(State())

    func set(_ body: (@Sendable (Int) -> Void)?) {
        state.withLock {
            require(!$0.ended, "WorkerTeam: run after stop")
            $0.body = body
        }
    }

    /// Whether this call is the one that ends the team.
    func end() -> Bool {
        state.withLock { state in
            defer { state.ended = true }
            return !state.ended
        }
    }

    /// Does the member's part; false once the team has ended.
    ///
    /// A function of its own, so that its reference to the body is surely gone when the member reports at the meeting:
    /// `withoutActuallyEscaping` counts references, and traps if one is left.
    @inline(never)
    func perform(_ member: Int) -> Bool {
        guard let body = state.withLock({ $0.body }) else { return false }
        body(member)
        return true
    }
}

/// A barrier that spins for as long as a step's imbalance may last, then sleeps.
private final class Meeting: @unchecked Sendable {
    private let size: Int
    private let arrived = Atomic<Int>(0)
    private let round = Atomic<Int>(0)
    private let sleepers = Atomic<Int>(0)
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wakeUp = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let spins: Int

    init(size: Int, spins: Bool) {
        self.size = size
        self.spins = spins ? 2000 : 0
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(wakeUp, nil)
    }

    deinit {
        pthread_cond_destroy(wakeUp)
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        wakeUp.deallocate()
    }

    func wait() {
        let present = round.load(ordering: .acquiring)
        if arrived.add(1, ordering: .acquiringAndReleasing).newValue == size {
            arrived.store(0, ordering: .relaxed)
            round.store(present + 1, ordering: .sequentiallyConsistent)
            if sleepers.load(ordering: .sequentiallyConsistent) > 0 {
                pthread_mutex_lock(mutex)
                pthread_cond_broadcast(wakeUp)
                pthread_mutex_unlock(mutex)
            }
            return
        }
        for _ in 0..<spins {
            if round.load(ordering: .acquiring) != present { return }
            lk_pause()
        }
        // Perhaps the one waited for shares this core.
        for _ in 0..<20 {
            if round.load(ordering: .acquiring) != present { return }
            sched_yield()
        }
        pthread_mutex_lock(mutex)
        sleepers.add(1, ordering: .sequentiallyConsistent)
        while round.load(ordering: .sequentiallyConsistent) == present { pthread_cond_wait(wakeUp, mutex) }
        sleepers.subtract(1, ordering: .sequentiallyConsistent)
        pthread_mutex_unlock(mutex)
    }
}
