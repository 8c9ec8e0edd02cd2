// Operations that are started here and waited for by the caller. Open MPI makes no progress in the background:
// a transfer overlaps with computing only where somebody polls `PendingOperation.test()`.

import CMPI
import Collectives

extension MPICommunicator {
    package func startSend(
        _ bytes: UnsafeRawBufferPointer, to rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        let count = try int32(bytes.count, "byte count", "MPI_Isend")
        let rank = try int32(rank, "rank", "MPI_Isend")
        let tag = try int32(tag, "tag", "MPI_Isend")
        var request = CMPIRequest()
        try check(cmpi_start_send(bytes.baseAddress, count, rank, tag, handle, &request), "MPI_Isend")
        return PendingOperation(MPIRequest(request, "MPI_Isend"))
    }

    package func startReceive(
        _ bytes: UnsafeMutableRawBufferPointer, from rank: Int, tag: Int
    ) throws(CommunicationError) -> PendingOperation {
        let count = try int32(bytes.count, "byte count", "MPI_Irecv")
        let rank = try int32(rank, "rank", "MPI_Irecv")
        let tag = try int32(tag, "tag", "MPI_Irecv")
        var request = CMPIRequest()
        try check(cmpi_start_receive(bytes.baseAddress, count, rank, tag, handle, &request), "MPI_Irecv")
        return PendingOperation(MPIRequest(request, "MPI_Irecv", expectedBytes: count))
    }
}
