// Checks of messages between two ranks, and of errors that must be thrown and not end the job; run by main.swift.

import Collectives
import MPI

extension Checks {
    /// Every rank sends to its right neighbour; a ring of one rank sends to itself.
    func checkRing(_ communicator: any Communicator, _ name: String) throws {
        let (rank, size) = (communicator.rank, communicator.size)
        let right = (rank + 1) % size
        let left = (rank + size - 1) % size
        for length in [0, 1, 5000, 200_000] {
            let message = (0..<length).map { pattern(from: rank, to: right, at: $0) }
            let received = UnsafeMutableRawBufferPointer.allocate(byteCount: length, alignment: 64)
            defer { received.deallocate() }
            try message.withUnsafeBytes { bytes in
                var pending = try communicator.startReceive(received, from: left, tag: length % 100)
                pending.append(try communicator.startSend(bytes, to: right, tag: length % 100))
                while try !pending.test() {}
                try pending.wait()
            }
            let expected = (0..<length).map { pattern(from: left, to: rank, at: $0) }
            expect(Array(received) == expected, "ring of \(name), \(length) bytes from rank \(left)")
        }
    }

    /// Two messages under way at once are told apart by their tags, not by their order.
    func checkTags() throws {
        let right = (world.rank + 1) % world.size
        let left = (world.rank + world.size - 1) % world.size
        let sent: [UInt8] = [1, 2]
        let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 2, alignment: 64)
        defer { received.deallocate() }
        try sent.withUnsafeBytes { bytes in
            var pending = PendingOperation()
            for tag in [1, 0] {
                let slot = UnsafeMutableRawBufferPointer(rebasing: received[tag..<tag + 1])
                pending.append(try world.startReceive(slot, from: left, tag: tag))
            }
            for tag in [0, 1] {
                let slot = UnsafeRawBufferPointer(rebasing: bytes[tag..<tag + 1])
                pending.append(try world.startSend(slot, to: right, tag: tag))
            }
            try pending.wait()
        }
        expectEqual(Array(received), sent, "messages told apart by tag")
    }

    /// Wrong arguments come back as errors with the library's text, on every rank, and leave the job alive.
    func checkErrors(_ world: MPICommunicator) throws {
        var bytes: [UInt8] = [0]
        expectThrown("MPI_Bcast", "root") { try world.broadcast(&bytes, from: world.size) }
        expectThrown("MPI_Bcast", "root") { try world.broadcast(&bytes, from: -1) }
        let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 64)
        defer { received.deallocate() }
        expectThrown("MPI_Isend", "rank") {
            try world.startSend(UnsafeRawBufferPointer(received), to: world.size, tag: 0).wait()
        }
        expectThrown("MPI_Irecv", "tag") { try world.startReceive(received, from: 0, tag: -7).wait() }
        expectThrown("MPI_Irecv", "limit") { try world.startReceive(received, from: 0, tag: 1 << 40).wait() }
        expectThrown("MPI_Comm_split", "color") { _ = try world.split(color: -3, key: 0) }
        try checkWrongLength(world, sent: 4, expected: 8, text: "4 bytes arrived where 8")
        // A message from a rank to itself is cut in silence by Open MPI 4.1.
        if world.size > 1 { try checkWrongLength(world, sent: 8, expected: 4, text: "truncated") }
        try world.barrier()
    }

    private func checkWrongLength(_ world: MPICommunicator, sent: Int, expected: Int, text: String) throws {
        let message = [UInt8](repeating: 9, count: sent)
        let received = UnsafeMutableRawBufferPointer.allocate(byteCount: expected, alignment: 64)
        defer { received.deallocate() }
        try message.withUnsafeBytes { bytes in
            let right = (world.rank + 1) % world.size
            let left = (world.rank + world.size - 1) % world.size
            let receive = try world.startReceive(received, from: left, tag: 5)
            let send = try world.startSend(bytes, to: right, tag: 5)
            do {
                try receive.wait()
                fail("a message of \(sent) bytes was taken where \(expected) were expected")
            } catch {
                expect("\(error)".contains(text), "the text for a message of a wrong length: \(error)")
            }
            try send.wait()
        }
    }

    private func expectThrown(_ operation: String, _ text: String, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            guard let error = error as? CommunicationError else { fail("\(operation) threw \(error)") }
            expectEqual(error.operation, operation, "the operation of a refused call")
            expect(error.code != 0, "\(error) carries no return code")
            expect(error.message.contains(text), "\(error) doesn't say '\(text)'")
            return
        }
        fail("\(operation) with a wrong argument was accepted, expected an error about '\(text)'")
    }
}
