// Memory that all ranks of a node map, and the decision whether it can be had.

import CMPI
import Collectives
import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// A shared-memory window (`MPI_Win_allocate_shared`, MPI 4.0, 12.2.3), locked for all ranks while it is open.
///
/// Freed by `close()` or, at the latest, with the communicator that it was made with; its blocks are unmapped then.
/// Letting go of the object frees nothing.
package final class MPISharedWindow: SharedWindow, MPIResource {
    private let communicator: MPICommunicator
    private let openHandle: Mutex<CMPIWindow?>
    // Safe to share: the pointers never change, and who may touch the bytes when is the window's contract.
    nonisolated(unsafe) private let blocks: [UnsafeMutableRawBufferPointer]
    /// How often each rank has come to `synchronize`, on a cache line of its own before the rank's block.
    nonisolated(unsafe) private let arrivals: [UnsafeMutablePointer<Atomic<Int>>]

    /// Open MPI's segments begin on a page and its blocks anywhere in it, so every mapping of a block needs the same
    /// few bytes to reach alignment.
    fileprivate static var alignment: Int { 64 }
    /// Bytes of a rank's segment that are not its block.
    fileprivate static var overhead: Int { 2 * alignment }

    /// Zeroes this rank's block, so that its pages are taken from /dev/shm now: a later shortage would be a SIGBUS in
    /// the middle of a step.
    fileprivate init(
        _ handle: CMPIWindow, byteCount: Int, on communicator: MPICommunicator
    ) throws(CommunicationError) {
        var blocks: [UnsafeMutableRawBufferPointer] = []
        var arrivals: [UnsafeMutablePointer<Atomic<Int>>] = []
        for rank in 0..<communicator.size {
            var base: UnsafeMutableRawPointer?
            try check(cmpi_shared_block(handle, Int32(rank), &base), "MPI_Win_shared_query")
            guard let aligned = base?.alignedUp(toMultipleOf: Self.alignment) else {
                preconditionFailure("MPI_Win_shared_query gave no address for rank \(rank)")
            }
            arrivals.append(aligned.bindMemory(to: Atomic<Int>.self, capacity: 1))
            blocks.append(UnsafeMutableRawBufferPointer(start: aligned + Self.alignment, count: byteCount))
        }
        self.communicator = communicator
        self.blocks = blocks
        self.arrivals = arrivals
        openHandle = Mutex(handle)
        communicator.resources.add(self)
        arrivals[communicator.rank].initialize(to: Atomic(0))
        blocks[communicator.rank].initializeMemory(as: UInt8.self, repeating: 0)
        try check(cmpi_sync_window(handle), "MPI_Win_sync")
        try communicator.barrier()
        try check(cmpi_sync_window(handle), "MPI_Win_sync")
    }

    package func block(of rank: Int) -> UnsafeMutableRawBufferPointer {
        precondition(
            blocks.indices.contains(rank), "block(of:): rank is \(rank), expected 0..<\(blocks.count)")
        return blocks[rank]
    }

    /// In the window itself: MPI's barrier with its two `MPI_Win_sync` was measured to take three times as long.
    package func synchronize() throws(CommunicationError) {
        precondition(
            openHandle.withLock { $0 != nil }, "a shared window was used after close() or MPIRuntime.finalize()")
        let round = arrivals[communicator.rank].pointee.add(1, ordering: .acquiringAndReleasing).newValue
        for peer in arrivals {
            var checks = 0
            while peer.pointee.load(ordering: .acquiring) < round {
                checks += 1
                // Perhaps the one waited for shares this core. To yield may not be enough: the scheduler can come back to
                // this thread again and again, so after a millisecond or two it sleeps.
                if checks > 3000 { usleep(50) } else if checks > 1000 { sched_yield() }
            }
        }
    }

    /// Frees the window: collective over its ranks. The blocks must not be touched any more.
    package func close() throws(CommunicationError) {
        guard let closed = openHandle.withLock({ $0.take() }) else { return }
        communicator.resources.remove(self)
        try check(cmpi_free_window(closed), "MPI_Win_free")
    }
}

extension MPICommunicator {
    /// Blocks start zeroed, each on pages of its own. nil on every rank where the ranks are not all on one node, or
    /// where /dev/shm, which backs the window, has not enough room: some containers give it only 64 MB.
    package func makeSharedWindow(byteCount: Int) throws(CommunicationError) -> (any SharedWindow)? {
        try makeSharedWindow(byteCount: byteCount, availableBytes: Self.availableSharedMemory())
    }

    /// The same with the room in /dev/shm stated, so that a shortage can be tested.
    package func makeSharedWindow(
        byteCount: Int, availableBytes: Int
    ) throws(CommunicationError) -> (any SharedWindow)? {
        precondition(byteCount >= 0, "makeSharedWindow: byteCount is \(byteCount), expected 0 or more")
        let pageBytes = Int(sysconf(Int32(_SC_PAGESIZE)))
        let blockBytes = (byteCount + MPISharedWindow.overhead + pageBytes - 1) / pageBytes * pageBytes
        // One page per rank more for the library's own bookkeeping.
        let neededBytes = (blockBytes + pageBytes) * size
        // The split is collective: it comes first, on every rank.
        let fits = try isOnOneNode() && neededBytes <= availableBytes
        guard try allReduce([fits ? 1 : 0], .minimum) == [1] else { return nil }
        var window = CMPIWindow()
        try check(cmpi_allocate_shared(Int64(blockBytes), handle, &window), "MPI_Win_allocate_shared")
        return try MPISharedWindow(window, byteCount: byteCount, on: self)
    }

    private func isOnOneNode() throws(CommunicationError) -> Bool {
        var node = CMPICommunicator()
        try check(cmpi_split_by_node(handle, &node), "MPI_Comm_split_type")
        let nodeRanks = try MPICommunicator(node, owner: resources)
        try nodeRanks.close()
        return nodeRanks.size == size
    }

    /// Free bytes in /dev/shm; 0 where there is no such file system.
    private static func availableSharedMemory() -> Int {
        var status = statvfs()
        guard statvfs("/dev/shm", &status) == 0 else { return 0 }
        return Int(status.f_bavail) * Int(status.f_frsize)
    }
}
