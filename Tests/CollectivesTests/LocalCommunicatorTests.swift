// The group of one: what its collectives leave behind, and what it refuses.

import Collectives
import Testing

struct LocalCommunicatorTests {
    let communicator: any Communicator = LocalCommunicator()

    @Test func isRankZeroOfOne() {
        #expect(communicator.rank == 0)
        #expect(communicator.size == 1)
        #expect(!communicator.hostName.isEmpty)
    }

    @Test func collectivesKeepTheOwnValues() throws {
        try communicator.barrier()
        var values: [Float] = [1, -2.5]
        try communicator.broadcast(&values, from: 0)
        #expect(values == [1, -2.5])
        #expect(try communicator.allGather(UInt16(7)) == [7])
        for operation in IntegerReduction.allCases {
            #expect(try communicator.allReduce([3, -4], operation) == [3, -4])
        }
    }

    @Test func refusesOtherRanks() throws {
        var values = [0]
        let broadcast = #expect(throws: CommunicationError.self) { try communicator.broadcast(&values, from: 1) }
        #expect(broadcast?.message.contains("rank 1") == true)
        #expect(broadcast?.message.contains("runs alone") == true)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { buffer.deallocate() }
        #expect(throws: CommunicationError.self) {
            try communicator.startSend(UnsafeRawBufferPointer(buffer), to: 0, tag: 0).wait()
        }
        #expect(throws: CommunicationError.self) { try communicator.startReceive(buffer, from: 0, tag: 0).wait() }
    }

    @Test func groupsAreOfOneToo() throws {
        #expect(try communicator.duplicate().size == 1)
        #expect(try communicator.split(color: 3, key: -1).size == 1)
        #expect(try communicator.splitByNode().rank == 0)
    }

    @Test(arguments: [0, 1, 4097]) func windowIsZeroedAndAligned(byteCount: Int) throws {
        let window = try #require(try communicator.makeSharedWindow(byteCount: byteCount))
        let block = window.block(of: 0)
        #expect(block.count == byteCount)
        #expect(UInt(bitPattern: block.baseAddress) % 64 == 0)
        #expect(block.allSatisfy { $0 == 0 })
        try window.synchronize()
    }

    @Test func abortEndsTheProcessWithItsCode() async {
        await #expect(processExitsWith: .exitCode(7)) {
            LocalCommunicator().abort(code: 7)
        }
    }
}
