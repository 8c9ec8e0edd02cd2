// Where a run happens: the ranks it shares the work with.

import Collectives
import Foundation
import Streams
import Synchronization

/// The ranks of a job, from this rank's side.
public struct World: Sendable {
    package let communicator: any Communicator

    /// Whether this process was started by itself, not as a rank of a job (which may have one rank).
    package let isAlone: Bool

    /// For each rank a number that ranks share if they are to be taken to share a host; nil to find out.
    package let hostOf: [Int]?

    /// How a program names the settings that messages put in backquotes, such as `batchSize` or `threads: 2`: as they are,
    /// unless it has words of its own.
    package var words: @Sendable (String) -> String = { $0 }

    /// What bodies of `watched` that threw have left open.
    package let leftovers = Leftovers()

    /// A job's ranks.
    package init(_ communicator: any Communicator, hostOf: [Int]? = nil) {
        self.init(communicator, hostOf: hostOf, isAlone: false)
    }

    package init(_ communicator: any Communicator, hostOf: [Int]?, isAlone: Bool) {
        (self.communicator, self.hostOf, self.isAlone) = (communicator, hostOf, isAlone)
    }

    /// This process alone.
    public static var alone: World { World(LocalCommunicator(), hostOf: nil, isAlone: true) }

    public var rank: Int { communicator.rank }
    public var size: Int { communicator.size }

    /// What this rank's messages begin with: `[rank 1/4 host] `, or nothing for a rank alone.
    package var messagePrefix: String { size > 1 ? "[rank \(rank)/\(size) \(communicator.hostName)] " : "" }

    /// Writes a line to standard error under this rank's name.
    package func tell(_ text: String) { StandardStream.error.write("\(messagePrefix)\(words(text))\n") }

    /// Warns, on rank 0, of hosts whose ranks could not share memory.
    package func tell(shortage: String?) { if let shortage, rank == 0 { tell("warning: " + shortage) } }

    /// Runs `body` on rank 0 alone, and lets every rank throw if it does. Collective.
    package func onRankZero(_ body: () throws -> Void) throws {
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

extension World {
    /// Where every rank may run. Collective.
    package func places() throws -> [RankPlace] {
        try gatherTexts(CoreSet.ownPlace(host: communicator.hostName).text, communicator).map { text in
            guard let place = RankPlace(text: text) else { throw TrainingError("can't read a rank's cores: '\(text)'") }
            return place
        }
    }

    /// Physical cores that each rank may count on: those it is bound to, divided by the ranks that share them.
    /// Collective.
    package func coresPerRank() throws -> Int { CorePlacement.threads(try places(), rank: rank) }
}

/// What has to be freed by all ranks together, once they meet.
package final class Leftovers: Sendable {
    package typealias Free = @Sendable () throws(CommunicationError) -> Void
    private let pending = Mutex<[Free]>([])

    package func add(_ free: @escaping Free) { pending.withLock { $0.append(free) } }

    package func free() throws(CommunicationError) {
        let all = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        for free in all { try free() }
    }
}
