// `mpirun -n N MPISelfTest watchdog [stop R]`: the watchdog between ranks that share no memory, as on nodes of their
// own. Without `stop` all ranks get on for a while and end well; with it, rank R is stopped, and the others name it.

import Collectives
import Foundation
import Streams
import Watchdog

/// Watches for three seconds, in which every rank gets on; with a rank to stop, until the job is ended.
func checkWatchdog(_ world: any Communicator, stopping victim: Int?) throws {
    let watchdog = try Watchdog(ApartCommunicator(world), stallSeconds: 5, isBeingEnded: { false }) { text in
        StandardStream.error.write("[rank \(world.rank)/\(world.size)] \(text)\n")
    }
    for tick in 1...(victim == nil ? 30 : 300) {
        watchdog.status.begin(step: tick)
        watchdog.status.enter(.exchange)
        if world.rank == victim && tick == 10 { raise(SIGSTOP) }
        usleep(100_000)
    }
    watchdog.stop()
}

/// The same ranks, none of which shares memory with another.
private final class ApartCommunicator: Communicator {
    private let base: any Communicator

    init(_ base: any Communicator) { self.base = base }

    var rank: Int { base.rank }
    var size: Int { base.size }
    var hostName: String { base.hostName }
    func splitByNode() -> any Communicator { LocalCommunicator() }

    func barrier() throws(CommunicationError) { try base.barrier() }
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError) {
        try base.broadcast(bytes, from: root)
    }
    func allGather(inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]) throws(CommunicationError) {
        try base.allGather(inPlace: buffer, blocks: blocks)
    }
    func allReduce(_ values: [Int64], _ operation: IntegerReduction) throws(CommunicationError) -> [Int64] {
        try base.allReduce(values, operation)
    }
    func startSend(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(CommunicationError)
        -> PendingOperation
    { try base.startSend(bytes, to: rank, tag: tag) }
    func startReceive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws(CommunicationError)
        -> PendingOperation
    { try base.startReceive(bytes, from: rank, tag: tag) }
    func duplicate() throws(CommunicationError) -> any Communicator { try base.duplicate() }
    func split(color: Int, key: Int) throws(CommunicationError) -> any Communicator {
        try base.split(color: color, key: key)
    }
    func close() throws(CommunicationError) {}
    func makeSharedWindow(byteCount: Int) throws(CommunicationError) -> (any SharedWindow)? { nil }
    func abort(code: Int32) -> Never { base.abort(code: code) }
}
