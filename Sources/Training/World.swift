// Where a run happens: the ranks it shares the work with.

import Collectives
import DataParallel
import Foundation
import Streams
import Synchronization

/// The ranks of a job, from this rank's side.
public struct World: Sendable {
    public let communicator: any Communicator

    /// Whether this process was started by itself, not as a rank of a job (which may have one rank).
    public let isAlone: Bool

    /// For each rank a number that ranks share if they are to be taken to share a host; nil to find out.
    public let hostOf: [Int]?

    /// How a program names the settings that messages put in backquotes, such as `batchSize` or `threads: 2`: as they are,
    /// unless it has words of its own.
    package var words: @Sendable (String) -> String = { $0 }

    /// What bodies of `watched` that threw have left open.
    private let leftovers = Leftovers()

    /// A job's ranks.
    public init(_ communicator: any Communicator, hostOf: [Int]? = nil) {
        self.init(communicator, hostOf: hostOf, isAlone: false)
    }

    private init(_ communicator: any Communicator, hostOf: [Int]?, isAlone: Bool) {
        (self.communicator, self.hostOf, self.isAlone) = (communicator, hostOf, isAlone)
    }

    /// This process alone.
    public static var alone: World { World(LocalCommunicator(), hostOf: nil, isAlone: true) }

    public var rank: Int { communicator.rank }
    public var size: Int { communicator.size }

    /// What this rank's messages begin with: `[rank 1/4 host] `, or nothing for a rank alone.
    package var messagePrefix: String { size > 1 ? "[rank \(rank)/\(size) \(communicator.hostName)] " : "" }

    /// Writes a line to standard error under this rank's name.
    func tell(_ text: String) { StandardStream.error.write("\(messagePrefix)\(words(text))\n") }

    /// Warns, on rank 0, of hosts whose ranks could not share memory.
    func tell(shortage: String?) { if let shortage, rank == 0 { tell("warning: " + shortage) } }

    /// Runs `body` on rank 0 alone, and lets every rank throw if it does. Collective.
    func onRankZero(_ body: () throws -> Void) throws {
        try together { if rank == 0 { try body() } }
    }

    /// Runs `body` on every rank, and lets all of them throw if one does: its own error where it has one, else that of
    /// the first that has. Collective.
    package func together(_ body: () throws -> Void) throws {
        var problem: (any Error)?
        do { try body() } catch { problem = error }
        let text = try gatherTexts(problem.map { "\($0)" } ?? "", communicator).first { !$0.isEmpty }
        if let problem { throw problem }
        if let text { throw TrainingError(text) }
    }
}

/// A run that can't start or go on: what was found, what was expected, what to try.
public struct TrainingError: Error, CustomStringConvertible, Sendable {
    public let description: String

    public init(_ description: String) { self.description = description }
}

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
            throw TrainingError("`stallTimeout` must be at least 5 seconds, or 0 for none, got \(stallSeconds)")
        }
        try freeLeftovers()
        let own = World(try communicator.duplicate(), hostOf: hostOf, isAlone: isAlone)
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
            leftovers.add { () throws(CommunicationError) in
                watchdog.stop()
                try own.communicator.close()
            }
            throw error
        }
    }

    /// Frees what bodies of `watched` that threw on all ranks have left open. Collective.
    package func freeLeftovers() throws(CommunicationError) { try leftovers.free() }

    /// Where every rank may run. Collective.
    func places() throws -> [RankPlace] {
        try gatherTexts(CoreSet.ownPlace(host: communicator.hostName).text, communicator).map { text in
            guard let place = RankPlace(text: text) else { throw TrainingError("can't read a rank's cores: '\(text)'") }
            return place
        }
    }

    /// Physical cores that each rank may count on: those it is bound to, divided by the ranks that share them.
    /// Collective.
    func coresPerRank() throws -> Int { CorePlacement.threads(try places(), rank: rank) }
}

/// What has to be freed by all ranks together, once they meet.
private final class Leftovers: Sendable {
    typealias Free = @Sendable () throws(CommunicationError) -> Void
    private let pending = Mutex<[Free]>([])

    func add(_ free: @escaping Free) { pending.withLock { $0.append(free) } }

    func free() throws(CommunicationError) {
        let all = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        for free in all { try free() }
    }
}
