// Counts the checks of the self-test and ends the job at the first that fails; every topic file reports to it.

import Collectives
import Foundation
import MPI
import Streams

/// What every topic is handed: the world, and a way to state what must be true.
final class Checks {
    let world: any Communicator
    private(set) var passed = 0

    init(world: any Communicator) {
        self.world = world
    }

    /// Every topic in turn; all ranks run the same ones.
    func runAll(_ world: MPICommunicator) throws {
        try checkBarrier()
        try checkBroadcast()
        try checkBroadcastInPieces(world)
        try checkAllGather(world)
        try checkAllReduce()
        try checkRing(world, "the world")
        try checkTags()
        try checkErrors(world)
        try checkDuplicate()
        try checkSplit()
        try checkSplitByNode()
        try checkClose(world)
        try checkSharedWindow()
        try checkWindowRefusal(world)
    }

    /// Counts `condition`, or ends the whole job with status 1, naming the rank, host and `what`.
    func expect(_ condition: Bool, _ what: @autoclosure () -> String) {
        guard condition else { fail(what()) }
        passed += 1
    }

    /// Counts an equality; the message of a failure carries both sides.
    func expectEqual<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) {
        expect(found == expected, "\(what): found \(found), expected \(expected)")
    }

    /// Ends the whole job with status 1.
    func fail(_ what: String) -> Never {
        StandardStream.error.write("[rank \(world.rank)/\(world.size) \(world.hostName)] \(what)\n")
        world.abort(code: 1)
    }
}

/// The byte that rank `sender` puts at `index` of what it sends to `receiver`.
func pattern(from sender: Int, to receiver: Int, at index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: 31 &* sender &+ 7 &* receiver &+ index)
}

/// Adjacent blocks of the given lengths.
func blocks(ofLengths lengths: [Int]) -> [Range<Int>] {
    var start = 0
    return lengths.map { length in
        defer { start += length }
        return start..<start + length
    }
}
