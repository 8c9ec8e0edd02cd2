// Which classes each chunk of an evaluation took for which, without the pairs that it has not: a matrix of many classes for
// each chunk would not fit into memory. The evaluator makes one matrix of them.

import Collectives
import Synchronization

/// The cells of each chunk's matrix.
final class ConfusionCells: Sendable {
    /// What the ranks exchange of a cell.
    private struct Cell {
        let chunk: Int
        /// Its place in the matrix.
        let number: Int
        let weight: Double
    }

    private let cells = Mutex<[Cell]>([])

    func write(_ sums: [Int: Double], ofChunk chunk: Int) {
        cells.withLock { cells in
            for (number, weight) in sums { cells.append(Cell(chunk: chunk, number: number, weight: weight)) }
        }
    }

    /// The chunks of all ranks, added up in their order. Collective.
    func matrix(classes: Int, _ communicator: any Communicator) throws -> ConfusionMatrix {
        var sums: [Int: Double] = [:]
        for cell in try all(communicator).sorted(by: { $0.chunk < $1.chunk }) {
            sums[cell.number, default: 0] += cell.weight
        }
        return ConfusionMatrix(classes: classes, cells: sums)
    }

    private func all(_ communicator: any Communicator) throws -> [Cell] {
        let own = cells.withLock { $0 }
        guard communicator.size > 1 else { return own }
        var counts = [Int64](repeating: 0, count: communicator.size)
        counts[communicator.rank] = Int64(own.count)
        counts = try communicator.allReduce(counts, .maximum)
        let ends = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + Int($1)) }
        let before = ends[communicator.rank]
        var all = [Cell](repeating: Cell(chunk: 0, number: 0, weight: 0), count: ends[communicator.size])
        all.replaceSubrange(before..<before + own.count, with: own)
        let stride = MemoryLayout<Cell>.stride
        try all.withUnsafeMutableBytes {
            try communicator.allGather(
                inPlace: $0, blocks: zip(ends, ends.dropFirst()).map { stride * $0..<stride * $1 })
        }
        return all
    }
}
