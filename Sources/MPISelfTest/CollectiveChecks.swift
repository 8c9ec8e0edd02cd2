// Checks of the collectives, blocking and not, with even, uneven and empty blocks; run by main.swift.

import Collectives
import MPI

extension Checks {
    /// Each rank in turn comes late to a barrier: the others must not pass it, however often they ask.
    func checkBarrier(_ world: MPICommunicator) throws {
        let token = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
        defer { token.deallocate() }
        for late in 0..<world.size {
            if world.rank == late {
                for peer in 0..<world.size where peer != late {
                    try world.startReceive(token, from: peer, tag: late).wait()
                }
                try world.startBarrier().wait()
            } else {
                let barrier = try world.startBarrier()
                for _ in 0..<20 { expect(try !barrier.test(), "a barrier was passed before rank \(late) came") }
                try world.startSend(UnsafeRawBufferPointer(token), to: late, tag: late).wait()
                try barrier.wait()
            }
            try world.barrier()
        }
    }

    func checkBroadcast() throws {
        for root in 0..<world.size {
            for length in [0, 1, 1000, 100_000] {
                var bytes = [UInt8](repeating: 0, count: length)
                if world.rank == root {
                    for index in 0..<length { bytes[index] = pattern(from: root, to: 0, at: index) }
                }
                try world.broadcast(&bytes, from: root)
                let isRight = bytes.indices.allSatisfy { bytes[$0] == pattern(from: root, to: 0, at: $0) }
                expect(isRight, "broadcast of \(length) bytes from rank \(root) brought other bytes")
            }
            var values: [Float] = world.rank == root ? [1.5, -2, Float(root)] : [0, 0, 0]
            try world.broadcast(&values, from: root)
            expectEqual(values, [1.5, -2, Float(root)], "broadcast of floats from rank \(root)")
        }
    }

    /// Lengths on both sides of one piece and of several.
    func checkBroadcastInPieces(_ world: MPICommunicator) throws {
        for length in [0, 99, 100, 101, 1000] {
            let expected = (0..<length).map { pattern(from: 0, to: 0, at: $0) }
            var bytes = world.rank == 0 ? expected : [UInt8](repeating: 0, count: length)
            try bytes.withUnsafeMutableBytes { try world.broadcast($0, from: 0, pieceBytes: 100) }
            expect(bytes == expected, "broadcast of \(length) bytes in pieces of 100")
        }
    }

    func checkAllGather() throws {
        let size = world.size
        expectEqual(try world.allGather(3 * world.rank), (0..<size).map { 3 * $0 }, "all-gather of one value")
        for (name, lengths) in unevenLengths() {
            let blocks = blocks(ofLengths: lengths)
            let expected = (0..<size).flatMap { sender in
                (0..<lengths[sender]).map { pattern(from: sender, to: 0, at: $0) }
            }
            var own = [UInt8](repeating: 0, count: expected.count)
            own.replaceSubrange(blocks[world.rank], with: expected[blocks[world.rank]])
            var gathered = own
            try gathered.withUnsafeMutableBytes { try world.allGather(inPlace: $0, blocks: blocks) }
            expect(gathered == expected, "all-gather of \(name) blocks brought other bytes")
        }
    }

    func checkAllToAll() throws {
        for (name, lengths) in unevenLengths() {
            let (send, sendBlocks, expected, receiveBlocks) = exchange(lengths)
            var received = [UInt8](repeating: 0, count: expected.count)
            try received.withUnsafeMutableBytes { receive in
                try send.withUnsafeBytes {
                    try world.allToAll($0, sendBlocks: sendBlocks, into: receive, receiveBlocks: receiveBlocks)
                }
            }
            expect(received == expected, "all-to-all of \(name) blocks brought other bytes")
        }
    }

    func checkAllReduce() throws {
        let ranks = (0..<Int64(world.size))
        let own = [Int64(world.rank), -Int64(world.rank), Int64(1) << world.rank, Int64.max - Int64(world.rank)]
        let last = Int64(world.size - 1)
        let sum = ranks.reduce(0, +)
        let all = (Int64(1) << world.size) - 1
        for operation in IntegerReduction.allCases {
            let found = try world.allReduce(own, operation)
            let expected: [Int64] =
                switch operation {
                case .sum: [sum, -sum, all, ranks.reduce(0) { $0 &+ Int64.max &- $1 }]
                case .minimum: [0, -last, 1, .max - last]
                case .maximum: [last, 0, Int64(1) << last, .max]
                case .bitwiseOr: [ranks.reduce(0, |), ranks.reduce(0) { $0 | -$1 }, all, .max]
                }
            expectEqual(found, expected, "all-reduce \(operation)")
        }
        expectEqual(try world.allReduce([], .sum), [], "all-reduce of nothing")
    }

    func checkNonBlocking(_ world: MPICommunicator) throws {
        for (name, lengths) in unevenLengths() {
            let gatherBlocks = blocks(ofLengths: lengths)
            let (send, sendBlocks, expected, receiveBlocks) = exchange(lengths)
            let gathered = UnsafeMutableRawBufferPointer.allocate(byteCount: lengths.reduce(0, +), alignment: 64)
            let received = UnsafeMutableRawBufferPointer.allocate(byteCount: expected.count, alignment: 64)
            defer {
                gathered.deallocate()
                received.deallocate()
            }
            for index in gatherBlocks[world.rank] { gathered[index] = UInt8(world.rank + 1) }
            try send.withUnsafeBytes { send in
                var pending = try world.startAllGather(inPlace: gathered, blocks: gatherBlocks)
                pending.append(
                    try world.startAllToAll(
                        send, sendBlocks: sendBlocks, into: received, receiveBlocks: receiveBlocks))
                while try !pending.test() {}
                expect(try pending.test(), "a completed operation tests as complete again")
                try pending.wait()
            }
            let expectedGather = lengths.indices.flatMap { [UInt8](repeating: UInt8($0 + 1), count: lengths[$0]) }
            expect(Array(gathered) == expectedGather, "non-blocking all-gather of \(name) blocks")
            expect(Array(received) == expected, "non-blocking all-to-all of \(name) blocks")
        }
    }

    /// Bytes per rank: even, growing from nothing, everything from one rank, and long.
    private func unevenLengths() -> [(name: String, lengths: [Int])] {
        let ranks = 0..<world.size
        return [
            ("empty", ranks.map { _ in 0 }),
            ("even", ranks.map { _ in 64 }),
            ("growing", ranks.map { 13 * $0 }),
            ("single-owner", ranks.map { $0 == world.size - 1 ? 1000 : 0 }),
            ("long", ranks.map { 20_000 + 1001 * $0 }),
        ]
    }

    /// An all-to-all in which rank s sends `lengths[(s + r) % size]` bytes to rank r.
    private func exchange(
        _ lengths: [Int]
    ) -> (send: [UInt8], sendBlocks: [Range<Int>], expected: [UInt8], receiveBlocks: [Range<Int>]) {
        let (rank, size) = (world.rank, world.size)
        // Symmetric in sender and receiver, so both directions have the same lengths.
        let own = (0..<size).map { lengths[(rank + $0) % size] }
        let send = (0..<size).flatMap { peer in (0..<own[peer]).map { pattern(from: rank, to: peer, at: $0) } }
        let expected = (0..<size).flatMap { peer in (0..<own[peer]).map { pattern(from: peer, to: rank, at: $0) } }
        return (send, blocks(ofLengths: own), expected, blocks(ofLengths: own))
    }
}
