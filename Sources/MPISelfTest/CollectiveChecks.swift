// Checks of the collectives, with even, uneven and empty blocks; run by main.swift.

import Collectives
import Foundation
import MPI

extension Checks {
    /// Each rank in turn comes late to a barrier: the others must not pass it before. Ranks of one host have one clock.
    func checkBarrier() throws {
        for late in 0..<world.size {
            if world.rank == late { usleep(20_000) }
            let came = ProcessInfo.processInfo.systemUptime
            try world.barrier()
            let passed = ProcessInfo.processInfo.systemUptime
            let last = try world.allGather(came).max() ?? 0
            expect(passed >= last, "a barrier was passed before rank \(late) came")
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

    /// As one call, and in pieces where the blocks reach beyond what a call can count.
    func checkAllGather(_ world: MPICommunicator) throws {
        let size = world.size
        expectEqual(try world.allGather(3 * world.rank), (0..<size).map { 3 * $0 }, "all-gather of one value")
        for (name, lengths) in unevenLengths() {
            let blocks = blocks(ofLengths: lengths)
            let expected = (0..<size).flatMap { sender in
                (0..<lengths[sender]).map { pattern(from: sender, to: 0, at: $0) }
            }
            var own = [UInt8](repeating: 0, count: expected.count)
            own.replaceSubrange(blocks[world.rank], with: expected[blocks[world.rank]])
            for longest in [Int(Int32.max), 100] {
                var gathered = own
                try gathered.withUnsafeMutableBytes {
                    try world.allGather(inPlace: $0, blocks: blocks, longest: longest)
                }
                expect(
                    gathered == expected, "all-gather of \(name) blocks, \(longest) bytes a call, brought other bytes")
            }
        }
    }

    func checkAllReduce() throws {
        let own = [Int64(world.rank), -Int64(world.rank), Int64.max - Int64(world.rank)]
        let last = Int64(world.size - 1)
        for operation in IntegerReduction.allCases {
            let found = try world.allReduce(own, operation)
            let expected: [Int64] =
                switch operation {
                case .minimum: [0, -last, .max - last]
                case .maximum: [last, 0, .max]
                }
            expectEqual(found, expected, "all-reduce \(operation)")
        }
        expectEqual(try world.allReduce([], .maximum), [], "all-reduce of nothing")
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
}
