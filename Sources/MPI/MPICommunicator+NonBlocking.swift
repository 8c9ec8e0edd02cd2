// Operations that are started here and waited for by the caller. Open MPI makes no progress in the background:
// a transfer overlaps with computing only where somebody polls `PendingOperation.test()`.

import CMPI
import Collectives

extension MPICommunicator {
    public func startSend(
        _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        let count = try int32(bytes.count, "byte count", "MPI_Isend")
        let rank = try int32(rank, "rank", "MPI_Isend")
        let tag = try int32(tag, "tag", "MPI_Isend")
        var request = CMPIRequest()
        try check(cmpi_start_send(bytes.baseAddress, count, rank, tag, handle, &request), "MPI_Isend")
        return PendingOperation(MPIRequest(request, "MPI_Isend"))
    }

    public func startReceive(
        _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        let count = try int32(bytes.count, "byte count", "MPI_Irecv")
        let rank = try int32(rank, "rank", "MPI_Irecv")
        let tag = try int32(tag, "tag", "MPI_Irecv")
        var request = CMPIRequest()
        try check(cmpi_start_receive(bytes.baseAddress, count, rank, tag, handle, &request), "MPI_Irecv")
        return PendingOperation(MPIRequest(request, "MPI_Irecv", expectedBytes: count))
    }

    /// Starts a barrier (`MPI_Ibarrier`, MPI 4.0, 6.12.1).
    public func startBarrier() throws(CommunicationError) -> PendingOperation {
        var request = CMPIRequest()
        try check(cmpi_start_barrier(handle, &request), "MPI_Ibarrier")
        return PendingOperation(MPIRequest(request, "MPI_Ibarrier"))
    }

    /// Starts `allGather(inPlace:blocks:)` (`MPI_Iallgatherv`, MPI 4.0, 6.12.5). `buffer` must stay valid and
    /// untouched until the operation is waited for.
    public func startAllGather(
        inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]
    ) throws(CommunicationError) -> PendingOperation {
        let layout = try BlockLayout(blocks, of: buffer.count, ranks: size, "MPI_Iallgatherv")
        var request = CMPIRequest()
        try check(
            cmpi_start_all_gather(buffer.baseAddress, layout.counts, layout.displacements, handle, &request),
            "MPI_Iallgatherv")
        return PendingOperation(MPIRequest(request, "MPI_Iallgatherv", keeping: [layout]))
    }

    /// Starts `allToAll(_:sendBlocks:into:receiveBlocks:)` (`MPI_Ialltoallv`, MPI 4.0, 6.12.6). Both buffers must
    /// stay valid, `send` unchanged and `receive` untouched, until the operation is waited for.
    public func startAllToAll(
        _ send: UnsafeRawBufferPointer, sendBlocks: [Range<Int>],
        into receive: UnsafeMutableRawBufferPointer, receiveBlocks: [Range<Int>]
    ) throws(CommunicationError) -> PendingOperation {
        let sent = try BlockLayout(sendBlocks, of: send.count, ranks: size, "MPI_Ialltoallv")
        let received = try BlockLayout(receiveBlocks, of: receive.count, ranks: size, "MPI_Ialltoallv")
        var request = CMPIRequest()
        try check(
            cmpi_start_all_to_all(
                send.baseAddress, sent.counts, sent.displacements,
                receive.baseAddress, received.counts, received.displacements, handle, &request),
            "MPI_Ialltoallv")
        return PendingOperation(MPIRequest(request, "MPI_Ialltoallv", keeping: [sent, received]))
    }
}
