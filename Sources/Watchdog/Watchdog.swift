// The thread beside the training that looks whether all ranks are alive and get on, and ends the job when one does not.
// `World.watched` starts one. It never blocks: it reads shared memory, and messages are polled.

import Collectives
import Foundation
import Hosts
import Synchronization
import Tensors

/// What the training sets and the watchdog's thread reads.
private final class Flag: Sendable {
    let isSet = Atomic<Bool>(false)
}

/// Watches all ranks from this one.
///
/// Ranks of one node see each other's status in shared memory; ranks of other nodes, or all where memory can't be
/// shared, exchange it with rank 0. A rank that died, that makes no progress for `stallSeconds`, or that is cut off
/// from rank 0 for as long, ends the job with `ExitStatus.jobFailed`.
package final class Watchdog: Sendable {
    /// What this rank tells the others.
    package let status: RankStatus
    private let ended = DispatchSemaphore(value: 0)
    private let wakeUp = DispatchSemaphore(value: 0)
    private let stopping = Flag()

    /// Seconds between two looks.
    static let interval = 0.1
    /// Seconds of silence worth a word when the job is being ended: longer than the pause between two messages.
    private static let silence = 1.2
    /// Seconds after which the process ends by itself if the launcher has not ended it.
    private static let patience: UInt32 = 3

    /// Starts watching. Collective.
    ///
    /// - Parameters:
    ///   - stallSeconds: 0 to look for dead ranks only.
    ///   - isBeingEnded: whether the launcher asked this process to end.
    ///   - report: takes messages, which may be the process's last ones.
    package init(
        _ communicator: any Communicator, stallSeconds: Double, isBeingEnded: @escaping @Sendable () -> Bool,
        report: @escaping @Sendable (String) -> Void
    ) throws {
        let board = try StatusBoard(communicator)
        status = board.own
        let observer = PeerObserver(own: communicator.rank, identities: board.identities, stallSeconds: stallSeconds)
        startThread { [wakeUp, ended, stopping] in
            var observer = observer
            var (last, saidLastWords) = (monotonicSeconds(), false)
            while true {
                _ = wakeUp.wait(timeout: .now() + Watchdog.interval)
                let isEnding = stopping.isSet.load(ordering: .acquiring)
                if isEnding && board.isQuiet { break }
                let now = monotonicSeconds()
                do {
                    let states = try board.look(elapsed: now - last, isEnding: isEnding)
                    switch observer.observe(states, after: now - last, isGone: board.isGone) {
                    case .notice(let text): report("warning: " + text)
                    case .fatal(let text): Watchdog.end(communicator, text, report)
                    case nil: break
                    }
                } catch {
                    Watchdog.end(communicator, "\(error)", report)
                }
                if !saidLastWords, isBeingEnded(), let text = observer.silent(for: Watchdog.silence) {
                    saidLastWords = true
                    report("error: " + text)
                }
                last = now
            }
            ended.signal()
        }
    }

    /// Ends watching on this rank, after training has ended on all of them. Collective.
    package func stop() {
        leave()
        ended.wait()
    }

    /// Ends watching on this rank alone, which ends the job by itself because of an error that it tells.
    package func leave() {
        status.enter(.ended)
        stopping.isSet.store(true, ordering: .releasing)
        wakeUp.signal()
    }

    /// Ends the job, and this process even where the launcher, the network or the message's reader is stuck.
    private static func end(_ communicator: any Communicator, _ message: String, _ report: (String) -> Void) -> Never {
        startThread {
            sleep(patience)
            _exit(ExitStatus.jobFailed)
        }
        report("error: " + message)
        communicator.abort(code: ExitStatus.jobFailed)
    }
}
