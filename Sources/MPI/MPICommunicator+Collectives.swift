// The blocking collectives. Messages go out whole: cutting broadcasts and all-gathers into pieces of
// 256 KiB to 4 MiB was measured (Open MPI 4.1.4, one node, 2 and 4 ranks, 1 to 64 MiB) and gained nothing.

import CMPI
import Collectives

extension MPICommunicator {
    package func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(CommunicationError) {
        // MPI counts in 32 bits, so anything longer takes several calls.
        try broadcast(bytes, from: root, pieceBytes: 1 << 30)
    }

    /// The same with the longest single call stated, so that several can be tested.
    package func broadcast(
        _ bytes: UnsafeMutableRawBufferPointer, from root: Int, pieceBytes: Int
    ) throws(CommunicationError) {
        let root = try int32(root, "root", "MPI_Bcast")
        var offset = 0
        // At least one call, so that a wrong root is found even with nothing to send.
        repeat {
            let count = min(bytes.count - offset, pieceBytes)
            let start = bytes.baseAddress.map { $0 + offset }
            try check(cmpi_broadcast(start, Int32(count), root, handle), "MPI_Bcast")
            offset += count
        } while offset < bytes.count
    }

    package func allGather(
        inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>]
    ) throws(CommunicationError) {
        // MPI counts bytes, and places blocks, in 32 bits.
        try allGather(inPlace: buffer, blocks: blocks, longest: Int(Int32.max))
    }

    /// The same with the longest buffer for a single call stated. What is longer goes block by block.
    package func allGather(
        inPlace buffer: UnsafeMutableRawBufferPointer, blocks: [Range<Int>], longest: Int
    ) throws(CommunicationError) {
        if blocks.contains(where: { $0.upperBound > longest }) {
            for (rank, block) in blocks.enumerated() where !block.isEmpty {
                try broadcast(UnsafeMutableRawBufferPointer(rebasing: buffer[block]), from: rank)
            }
            return
        }
        let layout = try BlockLayout(blocks, of: buffer.count, ranks: size, "MPI_Allgatherv")
        let code = withExtendedLifetime(layout) {
            cmpi_all_gather(buffer.baseAddress, layout.counts, layout.displacements, handle)
        }
        try check(code, "MPI_Allgatherv")
    }

    package func allReduce(
        _ values: [Int64], _ operation: IntegerReduction
    ) throws(CommunicationError) -> [Int64] {
        let count = try int32(values.count, "the number of values", "MPI_Allreduce")
        var result = values
        try check(cmpi_all_reduce(&result, count, operation.code, handle), "MPI_Allreduce")
        return result
    }
}

extension IntegerReduction {
    /// The shim's name for the `MPI_Op`.
    fileprivate var code: CMPIReduction {
        switch self {
        case .minimum: CMPIMinimum
        case .maximum: CMPIMaximum
        }
    }
}
