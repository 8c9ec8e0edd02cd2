// How the flat buffers are divided among the workers of one host for adding up, updating and publishing.

import Optimizers

/// Contiguous slices of `count` floats, one per worker of the job, cut at multiples of `blockLength` so that blockwise
/// sums (the gradient norm) never depend on the division.
package struct SliceLayout: Sendable {
    package static let blockLength = GradientNorm.blockSize
    package let count: Int
    package let workers: Int

    package init(count: Int, workers: Int) {
        self.count = count
        self.workers = workers
    }

    package func slice(ofWorker worker: Int) -> Range<Int> { boundary(worker)..<boundary(worker + 1) }

    /// The union of the slices of a rank's threads.
    package func slice(ofRank rank: Int, threads: Int) -> Range<Int> {
        boundary(rank * threads)..<boundary((rank + 1) * threads)
    }

    private func boundary(_ worker: Int) -> Int {
        let blocks = (count + SliceLayout.blockLength - 1) / SliceLayout.blockLength
        return min(count, worker * blocks / workers * SliceLayout.blockLength)
    }
}
