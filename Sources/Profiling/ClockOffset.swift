// Bringing the clocks of several hosts together, for traces.

import Collectives
import Tensors

/// What to add to a rank's monotonic clock to have rank 0's.
package struct ClockOffset: Sendable, Equatable, BitwiseCopyable {
    /// A question to rank 0: the other rank's clock before and after, rank 0's in between.
    package struct Round: Sendable {
        let asked: Int64
        let answered: Int64
        let heard: Int64

        package init(asked: Int64, answered: Int64, heard: Int64) {
            (self.asked, self.answered, self.heard) = (asked, answered, heard)
        }
    }

    package let nanoseconds: Int64
    /// The offset may be wrong by this much; nil where both clocks are one.
    package let uncertainty: Int64?

    /// The fastest round decides: the answer was made somewhere between asking and hearing it (as in NTP, RFC 5905).
    /// Without a round the clocks are one.
    package init(_ rounds: [Round] = []) {
        let best = rounds.min { $0.heard - $0.asked < $1.heard - $1.asked }
        nanoseconds = best.map { $0.answered - ($0.asked + $0.heard) / 2 } ?? 0
        uncertainty = best.map { ($0.heard - $0.asked + 1) / 2 }
    }

    /// Asks rank 0 for its time, a message each way and round. Ranks on rank 0's host share its clock. Collective.
    static func estimate(_ communicator: any Communicator) throws(CommunicationError) -> ClockOffset {
        let hosts = try gatherTexts(communicator.hostName, communicator)
        var rounds: [Round] = []
        var time: [Int64] = [0]
        for peer in hosts.indices where hosts[peer] != hosts[0] {
            for _ in 0..<roundCount {
                if communicator.rank == 0 {
                    try receive(&time, peer, communicator)
                    try send([monotonicNanoseconds()], peer, communicator)
                } else if communicator.rank == peer {
                    let asked = monotonicNanoseconds()
                    try send(time, 0, communicator)
                    try receive(&time, 0, communicator)
                    rounds.append(Round(asked: asked, answered: time[0], heard: monotonicNanoseconds()))
                }
            }
        }
        return ClockOffset(rounds)
    }

    package var note: String? {
        uncertainty.map {
            "clock set to rank 0's by \(nanoseconds) ns, estimated at the start to +-\($0) ns by messages; it may drift"
        }
    }

    private static let roundCount = 20
    private static let tag = 77

    private static func send(
        _ time: [Int64], _ peer: Int, _ communicator: any Communicator
    ) throws(CommunicationError) {
        try time.withUnsafeBufferPointer { time throws(CommunicationError) in
            try communicator.startSend(UnsafeRawBufferPointer(time), to: peer, tag: tag).wait()
        }
    }

    private static func receive(
        _ time: inout [Int64], _ peer: Int, _ communicator: any Communicator
    ) throws(CommunicationError) {
        try time.withUnsafeMutableBufferPointer { time throws(CommunicationError) in
            try communicator.startReceive(UnsafeMutableRawBufferPointer(time), from: peer, tag: tag).wait()
        }
    }
}
