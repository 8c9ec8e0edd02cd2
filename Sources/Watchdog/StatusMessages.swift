// The statuses of ranks that share no memory. Each sends its own to rank 0, which answers with its own: two small
// messages a rank and half a second, at most one under way in each direction, polled and never waited for.

import Collectives

/// The conversations of this rank's watchdog; used by its thread alone.
final class StatusMessages: @unchecked Sendable {
    private static let interval = 0.5
    private let communicator: any Communicator
    private let own: RankStatus
    private let conversations: [Conversation]

    /// - Parameters:
    ///   - communicator: one that nothing else uses.
    ///   - peers: rank 0, or where this is rank 0 all that it shares no memory with.
    init(_ communicator: any Communicator, own: RankStatus, peers: [Int]) {
        self.communicator = communicator
        self.own = own
        conversations = peers.map { Conversation(peer: $0, asks: communicator.rank != 0) }
    }

    /// Whether every conversation has been ended.
    var isQuiet: Bool { conversations.allSatisfy(\.isOver) }

    /// Goes on with every conversation as far as it goes by itself, and enters what peers have said by rank.
    ///
    /// - Parameters:
    ///   - elapsed: seconds since the last call.
    ///   - isEnding: whether this rank has nothing more to say.
    func poll(elapsed: Double, isEnding: Bool, into states: inout [RankState?]) throws {
        for conversation in conversations {
            do {
                try conversation.poll(communicator, own.line(isLast: isEnding), elapsed, isEnding)
            } catch {
                throw CommunicationError(
                    operation: error.operation, code: error.code,
                    message: "rank \(conversation.peer) can't be reached: \(error.message)")
            }
            states[conversation.peer] = conversation.state
        }
    }

    /// With one peer: question and answer in turns.
    private final class Conversation {
        let peer: Int
        private(set) var state = RankState()
        private(set) var isOver = false
        /// The side that begins: it sends, then receives. The other one receives, then sends.
        private let asks: Bool
        private let outgoing = UnsafeMutableBufferPointer<Int>.allocate(capacity: RankStatus.wordCount)
        private let incoming = UnsafeMutableBufferPointer<Int>.allocate(capacity: RankStatus.wordCount)
        private var sending: PendingOperation?
        private var receiving: PendingOperation?
        private var pause = 0.0
        private var isLast = false

        init(peer: Int, asks: Bool) { (self.peer, self.asks) = (peer, asks) }

        deinit {
            outgoing.deallocate()
            incoming.deallocate()
        }

        func poll(
            _ communicator: any Communicator, _ line: [Int], _ elapsed: Double, _ isEnding: Bool
        ) throws(CommunicationError) {
            if isOver { return }
            pause -= elapsed
            if let done = try sending?.test(), done { try sending.take()?.wait() }
            if sending != nil { return }
            if let done = try receiving?.test() {
                guard done else { return }
                try receiving.take()?.wait()
                state = RankState(line: Array(incoming))
                if asks {
                    isOver = isLast
                    pause = StatusMessages.interval
                } else {
                    isLast = RankStatus.isLast(line: Array(incoming))
                    try send(communicator, line)
                }
            } else if asks {
                guard pause <= 0 || isEnding else { return }
                isLast = isEnding
                try receive(communicator)
                try send(communicator, line)
            } else if isLast {
                isOver = true
            } else {
                try receive(communicator)
            }
        }

        private func send(_ communicator: any Communicator, _ line: [Int]) throws(CommunicationError) {
            _ = outgoing.update(fromContentsOf: line)
            sending = try communicator.startSend(UnsafeRawBufferPointer(outgoing), to: peer, tag: 0)
        }

        private func receive(_ communicator: any Communicator) throws(CommunicationError) {
            receiving = try communicator.startReceive(UnsafeMutableRawBufferPointer(incoming), from: peer, tag: 0)
        }
    }
}
