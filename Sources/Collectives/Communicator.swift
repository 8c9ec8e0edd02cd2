// What the layers above may ask of a group of ranks. `MPI` conforms for real jobs, `LocalCommunicator` for one
// process; tests play ranks with threads. Nothing above layer 2 knows which of them it talks to.

/// A group of ranks that can exchange memory. All buffers are raw bytes: the layout is the caller's business, and no
/// floating-point arithmetic ever happens inside a communicator (its order would depend on the rank count).
///
/// Every collective must be entered by all ranks in the same order. Calls may come from any one thread at a time.
package protocol Communicator: AnyObject, Sendable {
    /// This process's position in the group, `0 ..< size`.
    var rank: Int { get }
    /// The number of ranks in the group.
    var size: Int { get }
    /// The host this rank runs on, for messages.
    var hostName: String { get }

    /// The library that carries the messages and its version, for messages and comparisons; empty where there is none.
    var libraryVersion: String { get }

    /// Returns once every rank has entered (MPI 4.0, 6.3).
    func barrier() throws(CommunicationError)

    /// Copies `root`'s bytes to all ranks; `bytes` has the same length everywhere (MPI 4.0, 6.4).
    func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError)

    /// Concatenates the ranks' contributions in rank order on every rank (`MPI_Allgatherv`, MPI 4.0, 6.7).
    ///
    /// `blocks[r]` is where rank r's bytes lie in `buffer`; this rank's own block is already in place. Blocks do not
    /// overlap.
    func allGather(inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]) throws(CommunicationError)

    /// Element-wise integer reduction, for decisions all ranks must agree on (MPI 4.0, 6.9).
    func allReduce(_ values: [Int64], _ operation: IntegerReduction) throws(CommunicationError) -> [Int64]

    /// Starts sending; `bytes` must stay valid and unchanged until the operation is waited for (MPI 4.0, 3.7).
    func startSend(_ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int) throws(CommunicationError)
        -> PendingOperation

    /// Starts receiving exactly `bytes.count` bytes (MPI 4.0, 3.7).
    func startReceive(_ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int) throws(CommunicationError)
        -> PendingOperation

    /// A communicator with the same ranks whose messages can't be mixed up with this one's (MPI 4.0, 7.4.2).
    func duplicate() throws(CommunicationError) -> any Communicator

    /// The ranks that gave the same `color`, ordered by `key` then rank (MPI 4.0, 7.4.2).
    func split(color: Int, key: Int) throws(CommunicationError) -> any Communicator

    /// The ranks that can share memory with this one (`MPI_COMM_TYPE_SHARED`, MPI 4.0, 7.4.2).
    func splitByNode() throws(CommunicationError) -> any Communicator

    /// Memory of `byteCount` bytes per rank that all ranks of this group see, or nil where they are not on one node
    /// or shared memory is too small. Every rank gets the same answer (MPI 4.0, 12.2.3).
    func makeSharedWindow(byteCount: Int) throws(CommunicationError) -> (any SharedWindow)?

    /// Frees it, and all communicators and windows that were made with it and with those. Collective, with nothing
    /// pending; neither it nor the windows' memory may be used any more (MPI 4.0, 7.4.3).
    func close() throws(CommunicationError)

    /// Ends the whole job at once with `code`; for the moment when ranks can no longer agree (MPI 4.0, 9.7).
    func abort(code: Int32) -> Never
}

extension Communicator {
    package var libraryVersion: String { "" }
}

/// One memory block per rank, all mapped by every rank of a node.
package protocol SharedWindow: AnyObject, Sendable {
    /// The block that belongs to `rank`, at least 64-byte aligned; same length for all ranks.
    func block(of rank: Int) -> UnsafeMutableRawBufferPointer
    /// A barrier that also makes all earlier writes of all ranks visible to all (MPI 4.0, 12.7).
    func synchronize() throws(CommunicationError)
}

/// How `allReduce` combines integers.
package enum IntegerReduction: Sendable, CaseIterable {
    case minimum, maximum
}
