// The group of one rank: what a plain process hands to the layers above, which never start MPI then.

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A communicator of size 1. Collectives move this rank's own bytes only; there is no one to send to.
package final class LocalCommunicator: Communicator {
    package let rank = 0
    package let size = 1
    package let hostName: String

    package init() {
        hostName = Self.nameOfThisHost()
    }

    package func barrier() {}

    package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError) {
        try requireOwnRank(root, "broadcast")
    }

    package func allGather(inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]) {
        precondition(
            blocks.count == 1 && blocks[0].lowerBound >= 0 && blocks[0].upperBound <= buffer.count,
            "allGather on a single rank: blocks are \(blocks), expected one within 0..<\(buffer.count)")
    }

    package func allReduce(_ values: [Int64], _ operation: IntegerReduction) -> [Int64] { values }

    /// Always an error: a group of one has no other rank to send to.
    package func startSend(
        _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        throw Self.noPeer("startSend", "to rank \(rank)")
    }

    /// Always an error: a group of one has no other rank to receive from.
    package func startReceive(
        _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        throw Self.noPeer("startReceive", "from rank \(rank)")
    }

    package func duplicate() -> any Communicator { LocalCommunicator() }
    package func split(color: Int, key: Int) -> any Communicator { LocalCommunicator() }
    package func splitByNode() -> any Communicator { LocalCommunicator() }

    /// One zeroed block of plain memory; it lives as long as the returned object.
    package func makeSharedWindow(byteCount: Int) -> (any SharedWindow)? { LocalWindow(byteCount: byteCount) }

    /// Nothing to free: memory goes with its last user.
    package func close() {}

    package func abort(code: Int32) -> Never { _exit(code) }

    private func requireOwnRank(_ rank: Int, _ operation: String) throws(CommunicationError) {
        guard rank == 0 else { throw Self.noPeer(operation, "from rank \(rank)") }
    }

    private static func noPeer(_ operation: String, _ peer: String) -> CommunicationError {
        CommunicationError(
            operation: operation, code: -1,
            message: "\(peer): this process runs alone, as rank 0 of 1; start more ranks with mpirun or srun")
    }

    private static func nameOfThisHost() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { name in
            name.initialize(repeating: 0)
            // The last byte stays zero even where a long name was cut.
            guard gethostname(name.baseAddress!, name.count - 1) == 0 else { return "localhost" }
            return String(cString: name.baseAddress!)
        }
    }
}

/// The shared window of a group of one: memory that nobody else maps.
private final class LocalWindow: SharedWindow {
    // Safe to share: the pointer never changes, and who may touch the bytes when is the window's contract.
    nonisolated(unsafe) private let bytes: UnsafeMutableRawBufferPointer

    init(byteCount: Int) {
        bytes = .allocate(byteCount: byteCount, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 0)
    }

    deinit { bytes.deallocate() }

    func block(of rank: Int) -> UnsafeMutableRawBufferPointer {
        precondition(rank == 0, "block(of:) on a single rank: rank is \(rank), expected 0")
        return bytes
    }

    func synchronize() {}
}
