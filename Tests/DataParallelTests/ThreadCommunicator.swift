// Ranks played by threads of one process: what the tests of this target give to code that wants a `Communicator`.
// Every wait has a time bound, and a rank that fails takes the others with it, as an aborted MPI job would.

import Collectives
import Foundation
import Synchronization

/// The board that the ranks of one group meet at.
final class ThreadGroup: @unchecked Sendable {
    let size: Int
    let sharesMemory: Bool
    /// The rank and the number of its collective call that fails; nil where none does.
    let failure: (rank: Int, call: Int)?
    /// What ended the job; shared with the groups split off.
    private let outage: Outage
    private let condition = NSCondition()
    private var mail: [Envelope: [[UInt8]]] = [:]
    private var board: [Any?]
    private var arrived = 0
    private var round = 0

    init(size: Int, sharesMemory: Bool, failure: (rank: Int, call: Int)? = nil, outage: Outage = Outage()) {
        self.outage = outage
        self.size = size
        self.sharesMemory = sharesMemory
        self.failure = failure
        board = Array(repeating: nil, count: size)
    }

    /// Puts up `contribution`, and returns everybody's once all ranks have come. Call `leave` when done with them.
    func meet<Contribution>(
        _ rank: Int, _ contribution: Contribution, _ operation: String
    ) throws(CommunicationError) -> [Contribution] {
        try wait(operation) { board[rank] = contribution }
        return condition.withLock { board }.map { entry in
            guard let entry = entry as? Contribution else {
                fatalError("rank \(rank) is in \(operation), another rank is not: found \(entry ?? "nothing")")
            }
            return entry
        }
    }

    /// A barrier; what the other ranks put up may be gone afterwards.
    func leave(_ operation: String) throws(CommunicationError) { try wait(operation) {} }

    /// Makes every present and later call of all ranks fail.
    func breakDown(_ reason: String) { outage.begin(reason) }

    /// A group of some of the ranks.
    func part(size: Int) -> ThreadGroup { ThreadGroup(size: size, sharesMemory: sharesMemory, outage: outage) }

    func post(_ bytes: [UInt8], _ envelope: Envelope) {
        condition.withLock { mail[envelope, default: []].append(bytes) }
    }

    /// The next message; nil while there is none.
    func take(_ envelope: Envelope) throws(CommunicationError) -> [UInt8]? {
        if let broken = outage.reason {
            throw CommunicationError(operation: "receive", code: 1, message: broken)
        }
        return condition.withLock {
            guard mail[envelope]?.isEmpty == false else { return nil }
            return mail[envelope]!.removeFirst()
        }
    }

    private func wait(_ operation: String, _ putUp: () -> Void) throws(CommunicationError) {
        condition.lock()
        defer { condition.unlock() }
        if let broken = outage.reason { throw CommunicationError(operation: operation, code: 1, message: broken) }
        putUp()
        let present = round
        arrived += 1
        if arrived == size {
            arrived = 0
            round += 1
            condition.broadcast()
        }
        let deadline = Date(timeIntervalSinceNow: 60)
        while round == present && outage.reason == nil {
            // An outage may begin in another group.
            _ = condition.wait(until: Date(timeIntervalSinceNow: 0.02))
            if Date() > deadline { outage.begin("some rank did not come within 60 s") }
        }
        // Who came to a complete round has completed it, whatever another rank did since.
        if let broken = outage.reason, round == present {
            throw CommunicationError(operation: operation, code: 1, message: broken)
        }
    }
}

/// The first thing that went wrong in a job.
final class Outage: Sendable {
    private let first = Mutex<String?>(nil)

    var reason: String? { first.withLock { $0 } }

    func begin(_ reason: String) { first.withLock { $0 = $0 ?? reason } }
}

/// Whose a message is.
struct Envelope: Hashable {
    let from: Int
    let to: Int
    let tag: Int
}

/// One rank of a `ThreadGroup`.
final class ThreadCommunicator: Communicator, @unchecked Sendable {
    let rank: Int
    var size: Int { group.size }
    let hostName = "thread"
    private let group: ThreadGroup
    private var calls = 0

    init(rank: Int, of group: ThreadGroup) {
        self.rank = rank
        self.group = group
    }

    func barrier() throws(CommunicationError) {
        try begin("barrier")
        try group.leave("barrier")
    }

    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError) {
        try begin("broadcast")
        let all = try group.meet(rank, bytes, "broadcast")
        precondition(all[root].count == bytes.count, "broadcast: \(all[root].count) bytes meet \(bytes.count)")
        if rank != root { bytes.copyMemory(from: UnsafeRawBufferPointer(all[root])) }
        try group.leave("broadcast")
    }

    func allGather(inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]) throws(CommunicationError) {
        try begin("allGather")
        let filled = blocks.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        precondition(
            zip(filled, filled.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound },
            "allGather: blocks overlap: \(blocks)")
        let all = try group.meet(rank, (buffer, blocks), "allGather")
        for peer in 0..<size where peer != rank {
            precondition(all[peer].1 == blocks, "allGather: blocks \(all[peer].1) meet \(blocks)")
            copy(all[peer].0[blocks[peer]], to: buffer, blocks[peer])
        }
        try group.leave("allGather")
    }

    func allReduce(_ values: [Int64], _ operation: IntegerReduction) throws(CommunicationError) -> [Int64] {
        try begin("allReduce")
        let all = try group.meet(rank, values, "allReduce")
        try group.leave("allReduce")
        return values.indices.map { index in
            let column = all.map { $0[index] }
            return switch operation {
            case .minimum: column.min()!
            case .maximum: column.max()!
            }
        }
    }

    func makeSharedWindow(byteCount: Int) throws(CommunicationError) -> (any SharedWindow)? {
        try begin("makeSharedWindow")
        guard group.sharesMemory else { return nil }
        let blocks = try group.meet(rank, ThreadWindowBlock(byteCount: byteCount), "makeSharedWindow")
        try group.leave("makeSharedWindow")
        return ThreadWindow(blocks: blocks, communicator: self)
    }

    func startSend(
        _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        try begin("startSend")
        group.post(Array(bytes), Envelope(from: self.rank, to: rank, tag: tag))
        return PendingOperation()
    }

    func startReceive(
        _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        try begin("startReceive")
        return PendingOperation(
            ThreadReceive(group: group, envelope: Envelope(from: rank, to: self.rank, tag: tag), bytes: bytes))
    }

    /// The same group: tests never use both for the same thing at a time.
    func duplicate() -> any Communicator { self }

    func split(color: Int, key: Int) throws(CommunicationError) -> any Communicator {
        let all = try group.meet(rank, (color, key), "split")
        try group.leave("split")
        let members = (0..<size).filter { all[$0].0 == color }.sorted { (all[$0].1, $0) < (all[$1].1, $1) }
        let founded = try group.meet(rank, group.part(size: members.count), "split")
        try group.leave("split")
        return ThreadCommunicator(rank: members.firstIndex(of: rank)!, of: founded[members[0]])
    }

    func splitByNode() -> any Communicator { self }
    func close() {}
    func abort(code: Int32) -> Never { fatalError("rank \(rank) aborted with \(code)") }

    private func begin(_ operation: String) throws(CommunicationError) {
        calls += 1
        guard let failure = group.failure, failure.rank == rank, failure.call == calls else { return }
        group.breakDown("rank \(rank) failed in call \(calls)")
        throw CommunicationError(operation: operation, code: 2, message: "made to fail in call \(calls)")
    }

    private func copy(
        _ source: Slice<UnsafeMutableRawBufferPointer>, to target: UnsafeMutableRawBufferPointer, _ range: Range<Int>
    ) {
        UnsafeMutableRawBufferPointer(rebasing: target[range])
            .copyMemory(from: UnsafeRawBufferPointer(UnsafeMutableRawBufferPointer(rebasing: source)))
    }
}

/// A message that is to come; in order of posting, for the messages with the same envelope.
private final class ThreadReceive: PendingRequest {
    private let group: ThreadGroup
    private let envelope: Envelope
    private let bytes: UnsafeMutableRawBufferPointer
    private var isComplete = false

    init(group: ThreadGroup, envelope: Envelope, bytes: UnsafeMutableRawBufferPointer) {
        (self.group, self.envelope, self.bytes) = (group, envelope, bytes)
    }

    func test() throws(CommunicationError) -> Bool {
        guard !isComplete, let arrived = try group.take(envelope) else { return isComplete }
        precondition(arrived.count == bytes.count, "\(arrived.count) bytes arrived where \(bytes.count) were expected")
        bytes.copyBytes(from: arrived)
        isComplete = true
        return true
    }

    func wait() throws(CommunicationError) {
        while try !test() { usleep(100) }
    }
}

/// The memory of one rank in a window, zeroed as MPI windows are.
private final class ThreadWindowBlock: @unchecked Sendable {
    let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }
}

private final class ThreadWindow: SharedWindow {
    private let blocks: [ThreadWindowBlock]
    private let communicator: ThreadCommunicator

    init(blocks: [ThreadWindowBlock], communicator: ThreadCommunicator) {
        self.blocks = blocks
        self.communicator = communicator
    }

    func block(of rank: Int) -> UnsafeMutableRawBufferPointer { blocks[rank].bytes }
    func synchronize() throws(CommunicationError) { try communicator.barrier() }
}
