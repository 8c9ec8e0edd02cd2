// `Communicator` over an MPI communicator: identity, barrier, groups and the end. Collectives, point-to-point and
// shared windows are in the extensions beside this file.

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

/// A group of ranks of an MPI job. Errors are returned, not fatal (`MPI_ERRORS_RETURN`, MPI 4.0, 9.3), and thrown as
/// `CommunicationError`.
///
/// Made by `MPIRuntime` (the world) and by `duplicate`, `split` and `splitByNode`; freed by `close()`, by that of the
/// communicator that it was made with or, at the latest, by `MPIRuntime.finalize()`. Letting go of the object frees
/// nothing.
package final class MPICommunicator: Communicator, MPIResource {
    package let rank: Int
    package let size: Int
    package let hostName: String

    /// What was made with this one.
    let resources = OpenResources()
    /// Where this one is entered; nil for the world.
    private let owner: OpenResources?
    private let openHandle: Mutex<CMPICommunicator?>

    init(_ handle: CMPICommunicator, owner: OpenResources?) throws(CommunicationError) {
        var rank: Int32 = 0
        var size: Int32 = 0
        try check(cmpi_set_errors_return(handle), "MPI_Comm_set_errhandler")
        try check(cmpi_rank(handle, &rank), "MPI_Comm_rank")
        try check(cmpi_size(handle, &size), "MPI_Comm_size")
        self.rank = Int(rank)
        self.size = Int(size)
        hostName = try Self.processorName()
        openHandle = Mutex(handle)
        self.owner = owner
        owner?.add(self)
    }

    /// The MPI handle; using a closed communicator is a programmer error.
    var handle: CMPICommunicator {
        guard let handle = openHandle.withLock({ $0 }) else {
            preconditionFailure("a communicator of \(size) ranks was used after close() or MPIRuntime.finalize()")
        }
        return handle
    }

    package var libraryVersion: String {
        var text = [CChar](repeating: 0, count: Int(cmpi_version_capacity))
        cmpi_library_version(&text)
        let first =
            text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            .split(separator: ",").first ?? ""
        return String(first)
    }

    package func barrier() throws(CommunicationError) {
        try check(cmpi_barrier(handle), "MPI_Barrier")
    }

    package func duplicate() throws(CommunicationError) -> any Communicator {
        var made = CMPICommunicator()
        try check(cmpi_duplicate(handle, &made), "MPI_Comm_dup")
        return try MPICommunicator(made, owner: resources)
    }

    package func split(color: Int, key: Int) throws(CommunicationError) -> any Communicator {
        let color = try int32(color, "color", "MPI_Comm_split")
        guard let key = Int32(exactly: key) else { preconditionFailure("split: key \(key) exceeds 32 bits") }
        var made = CMPICommunicator()
        try check(cmpi_split(handle, color, key, &made), "MPI_Comm_split")
        return try MPICommunicator(made, owner: resources)
    }

    package func splitByNode() throws(CommunicationError) -> any Communicator {
        var made = CMPICommunicator()
        try check(cmpi_split_by_node(handle, &made), "MPI_Comm_split_type")
        return try MPICommunicator(made, owner: resources)
    }

    /// Frees the communicator (MPI 4.0, 7.4.3), after all that was made with it: collective over its ranks, with nothing
    /// pending on it.
    package func close() throws(CommunicationError) {
        try resources.closeAll()
        guard let closed = openHandle.withLock({ $0.take() }), let owner else { return }
        owner.remove(self)
        try check(cmpi_free_communicator(closed), "MPI_Comm_free")
    }

    /// Ends all ranks of the job with `code` (MPI 4.0, 9.7); this process ends even where MPI_Abort returns.
    package func abort(code: Int32) -> Never {
        _ = cmpi_abort(cmpi_world(), code)
        _exit(code)
    }

    private static func processorName() throws(CommunicationError) -> String {
        var name = [CChar](repeating: 0, count: 512)
        try check(cmpi_processor_name(&name, Int32(name.count)), "MPI_Get_processor_name")
        return name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
}
