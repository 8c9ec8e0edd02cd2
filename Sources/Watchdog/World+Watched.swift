// Work of all ranks under the eyes of a watchdog: the command runs training, evaluation and its other jobs in it.

import Collectives
import Hosts
import Streams

extension World {
    /// Runs `body` while a watchdog of each rank looks after all of them: one that dies or stalls is named, and ends the
    /// job. Collective.
    ///
    /// `body` gets these ranks on a communicator of its own; what it makes with that is freed when it returns. Where it
    /// throws, another rank may be in the middle of its work: then what is left is freed when all ranks meet again, in
    /// the next call or in `freeLeftovers`.
    ///
    /// - Parameters:
    ///   - stallSeconds: without progress, after which the job ends, at least 5; 0 to look for dead ranks only.
    ///   - isBeingEnded: whether this process was asked to end.
    ///   - body: tells by the status where this rank is.
    /// - Throws: `TrainingError` for another number of seconds, or what `body` throws.
    package func watched<Result>(
        stallSeconds: Double, isBeingEnded: @escaping @Sendable () -> Bool = { false },
        _ body: (World, RankStatus) throws -> Result
    ) throws -> Result {
        guard stallSeconds == 0 || stallSeconds >= 5 && stallSeconds.isFinite else {
            throw TrainingError(
                "`stallTimeout` must be at least 5 seconds, or 0 for none, got \(stallSeconds)",
                .setting("stallTimeout"))
        }
        try freeLeftovers()
        let own = World(try communicator.duplicate(), hostOf: hostOf, isAlone: isAlone, words: words)
        let watchdog = try Watchdog(own.communicator, stallSeconds: stallSeconds, isBeingEnded: isBeingEnded) {
            tell($0)
        }
        do {
            let result = try body(own, watchdog.status)
            watchdog.stop()
            try own.communicator.close()
            return result
        } catch {
            watchdog.leave()
            leftovers.add { [own] () throws(CommunicationError) in
                watchdog.stop()
                try own.communicator.close()
            }
            throw error
        }
    }

    /// Frees what bodies of `watched` that threw on all ranks have left open. Collective.
    package func freeLeftovers() throws(CommunicationError) { try leftovers.free() }
}
