// Checks of duplicates, splits and shared windows; run by main.swift.

import Collectives
import MPI

extension Checks {
    func checkDuplicate() throws {
        let duplicate = try world.duplicate()
        expectEqual(duplicate.rank, world.rank, "rank in a duplicate")
        expectEqual(duplicate.size, world.size, "size of a duplicate")
        // The same tag on both: a message of one must not be taken by the other.
        let right = (world.rank + 1) % world.size
        let left = (world.rank + world.size - 1) % world.size
        let sent: [UInt8] = [1, 2]
        let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 2, alignment: 64)
        defer { received.deallocate() }
        try sent.withUnsafeBytes { bytes in
            let first = UnsafeRawBufferPointer(rebasing: bytes[0..<1])
            let second = UnsafeRawBufferPointer(rebasing: bytes[1..<2])
            var pending = try world.startSend(first, to: right, tag: 0)
            pending.append(try duplicate.startSend(second, to: right, tag: 0))
            let slots = (0..<2).map { UnsafeMutableRawBufferPointer(rebasing: received[$0..<$0 + 1]) }
            pending.append(try duplicate.startReceive(slots[1], from: left, tag: 0))
            pending.append(try world.startReceive(slots[0], from: left, tag: 0))
            try pending.wait()
        }
        expectEqual(Array(received), sent, "messages of a communicator and its duplicate")
    }

    func checkSplit() throws {
        // Even and odd ranks, in descending order of their world rank.
        let color = world.rank % 2
        let group = try world.split(color: color, key: -world.rank)
        let members = (0..<world.size).filter { $0 % 2 == color }.reversed().map { $0 }
        expectEqual(group.size, members.count, "size of a split")
        expectEqual(try group.allGather(world.rank), members, "order of a split")
        try checkRing(group, "a split")
    }

    func checkSplitByNode() throws {
        let node = try world.splitByNode()
        let hosts = try node.allGather(hash(world.hostName))
        expect(hosts.allSatisfy { $0 == hosts[0] }, "ranks of one node have different host names")
        try checkRing(node, "a node")
    }

    func checkClose(_ world: MPICommunicator) throws {
        guard let closed = try world.duplicate() as? MPICommunicator else {
            fail("a duplicate of an MPI communicator is not one")
        }
        try closed.close()
        // The library may give the freed handle to the next one, which a second close must not touch.
        guard let next = try world.duplicate() as? MPICommunicator else { fail("no second duplicate") }
        try closed.close()
        expectEqual(try next.allGather(next.rank), Array(0..<next.size), "a communicator made after a close")
        try next.close()
    }

    func checkSharedWindow() throws {
        let node = try world.splitByNode()
        for byteCount in [0, 1, 4097, 20_000] {
            guard let window = try node.makeSharedWindow(byteCount: byteCount) else {
                fail("no shared window of \(byteCount) bytes a rank; is /dev/shm full?")
            }
            try checkBlocks(of: window, on: node, byteCount: byteCount)
            try (window as? MPISharedWindow)?.close()
        }
    }

    private func checkBlocks(of window: any SharedWindow, on node: any Communicator, byteCount: Int) throws {
        for peer in 0..<node.size {
            let block = window.block(of: peer)
            expectEqual(block.count, byteCount, "length of the block of rank \(peer)")
            expectEqual(UInt(bitPattern: block.baseAddress) % 64, 0, "alignment of the block of rank \(peer)")
            expect(block.allSatisfy { $0 == 0 }, "a new window is not zeroed")
        }
        try window.synchronize()
        for turn in 0..<3 {
            let own = window.block(of: node.rank)
            for index in own.indices { own[index] = pattern(from: node.rank, to: turn, at: index) }
            try window.synchronize()
            for peer in 0..<node.size {
                let block = window.block(of: peer)
                let isRight = block.indices.allSatisfy { block[$0] == pattern(from: peer, to: turn, at: $0) }
                expect(isRight, "rank \(node.rank) doesn't see what rank \(peer) wrote in turn \(turn)")
            }
            try window.synchronize()
        }
    }

    /// Too little shared memory on one rank alone is no window on all of them.
    func checkWindowRefusal(_ world: MPICommunicator) throws {
        let available = world.rank == world.size - 1 ? 1000 : Int.max
        let window = try world.makeSharedWindow(byteCount: 4096, availableBytes: available)
        expect(window == nil, "a window was made although one rank has no room for it")
        let tooLarge = try world.makeSharedWindow(byteCount: 1 << 50)
        expect(tooLarge == nil, "a window of 1 PiB a rank was made")
    }

    /// A hash that is the same in every process, which Swift's own is not (FNV-1a).
    private func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
