// Byte ranges as the count and displacement arrays of the v-collectives.

import Collectives

/// Counts and displacements in bytes, one per rank, at addresses that stay fixed for the object's life.
final class BlockLayout {
    private let storage: UnsafeMutableBufferPointer<Int32>
    private let blockCount: Int

    var counts: UnsafePointer<Int32> { UnsafePointer(storage.baseAddress!) }
    var displacements: UnsafePointer<Int32> { UnsafePointer(storage.baseAddress! + blockCount) }

    /// - Throws: where a count or displacement exceeds 2 GiB, MPI's limit for one call.
    init(
        _ blocks: [Range<Int>], of byteCount: Int, ranks: Int, _ operation: String
    ) throws(CommunicationError) {
        precondition(
            blocks.count == ranks,
            "\(operation): \(blocks.count) blocks given, expected one for each of \(ranks) ranks"
        )
        var numbers: [Int32] = []
        numbers.reserveCapacity(2 * ranks)
        for block in blocks {
            precondition(
                block.lowerBound >= 0 && block.upperBound <= byteCount,
                "\(operation): block \(block) lies outside the buffer 0..<\(byteCount)")
            numbers.append(try int32(block.count, "a block's byte count", operation))
        }
        for block in blocks {
            numbers.append(try int32(block.lowerBound, "a block's offset in bytes", operation))
        }
        blockCount = ranks
        storage = .allocate(capacity: numbers.count)
        _ = storage.initialize(from: numbers)
    }

    deinit { storage.deallocate() }
}
