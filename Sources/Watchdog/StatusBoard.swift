// The statuses of all ranks, as far as this rank can see them. The watchdog looks at it, and nobody else.

import Collectives
import Foundation

/// This rank's status and its view of the others.
final class StatusBoard: @unchecked Sendable {
    let own: RankStatus
    /// By rank.
    let identities: [PeerObserver.Identity]
    private let rank: Int
    /// By rank; nil where there is no memory to share.
    private let visible: [RankStatus?]
    /// Ranks whose process this one can ask for.
    private let reachable: [Bool]
    /// With ranks that share no memory with rank 0; nil where all do.
    private let messages: StatusMessages?

    /// Collective.
    init(_ communicator: any Communicator) throws {
        rank = communicator.rank
        let node = communicator.size > 1 ? try communicator.splitByNode() : communicator
        let hosts = try gatherTexts(communicator.hostName, communicator)
        let members = try node.allGather(communicator.rank)
        let window = try node.makeSharedWindow(byteCount: RankStatus.byteCount)
        var visible = [RankStatus?](repeating: nil, count: communicator.size)
        for (position, member) in members.enumerated() {
            visible[member] = window.map { RankStatus($0.block(of: position), owner: $0) }
        }
        own = visible[rank] ?? RankStatus()
        visible[rank] = own
        own.set(process: getpid())
        self.visible = visible
        identities = hosts.enumerated().map { PeerObserver.Identity(rank: $0, host: $1) }
        try communicator.barrier()
        // In containers of their own, ranks may share memory and yet not see each other's processes.
        reachable = visible.map { status in status.map { kill($0.state.process, 0) == 0 } ?? false }
        let isApart = try communicator.allGather(visible[0] == nil)
        let peers = rank == 0 ? isApart.indices.filter { isApart[$0] } : isApart[rank] ? [0] : []
        messages =
            isApart.contains(true) ? StatusMessages(try communicator.duplicate(), own: own, peers: peers) : nil
        try communicator.barrier()
    }

    /// What can be seen of each rank now, after telling the others that this one lives.
    ///
    /// - Parameters:
    ///   - elapsed: seconds since the last call.
    ///   - isEnding: whether this rank has nothing more to say.
    func look(elapsed: Double, isEnding: Bool) throws -> [RankState?] {
        own.beat()
        var states = visible.map { $0?.state }
        try messages?.poll(elapsed: elapsed, isEnding: isEnding, into: &states)
        return states
    }

    /// Whether the process of a rank has ended, as far as this rank can know.
    func isGone(_ rank: Int) -> Bool {
        guard reachable[rank], let process = visible[rank]?.state.process else { return false }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    /// Nothing is under way that would have to be waited for.
    var isQuiet: Bool { messages?.isQuiet ?? true }
}
