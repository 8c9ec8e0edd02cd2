// Bringing the clocks of several hosts together, for traces.

import Collectives
import DataParallel
import Tensors

/// What to add to a rank's monotonic clock to have rank 0's.
struct ClockOffset: Sendable, Equatable, BitwiseCopyable {
    var nanoseconds: Int64 = 0
    /// The offset may be wrong by this much; nil where both clocks are one.
    var uncertainty: Int64?

    /// Asks rank 0 for its time, rounds of one message each way. The fastest round is the best: the answer was made
    /// somewhere between asking and hearing it (as in NTP, RFC 5905). Ranks on rank 0's host share its clock.
    /// Collective.
    ///
    /// - Parameter now: this rank's clock.
    static func estimate(
        _ communicator: any Communicator, rounds: Int = 20, now: () -> Int64 = monotonicNanoseconds
    ) throws(CommunicationError) -> ClockOffset {
        let hosts = try gatherTexts(communicator.hostName, communicator)
        var result = ClockOffset()
        var time: [Int64] = [0]
        for peer in hosts.indices where hosts[peer] != hosts[0] {
            for _ in 0..<rounds {
                if communicator.rank == 0 {
                    try receive(&time, peer, communicator)
                    time[0] = now()
                    try send(time, peer, communicator)
                } else if communicator.rank == peer {
                    let asked = now()
                    try send(time, 0, communicator)
                    try receive(&time, 0, communicator)
                    let heard = now()
                    let uncertainty = (heard - asked + 1) / 2
                    if uncertainty < result.uncertainty ?? .max {
                        result = ClockOffset(nanoseconds: time[0] - (asked + heard) / 2, uncertainty: uncertainty)
                    }
                }
            }
        }
        return result
    }

    var note: String? {
        uncertainty.map {
            "clock set to rank 0's by \(nanoseconds) ns, estimated at the start to +-\($0) ns by messages; it may drift"
        }
    }

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
