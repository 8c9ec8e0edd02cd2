// The slices of the flat buffers: together everything, each beginning where a block of the norm begins.

import DataParallel
import Testing

struct SliceLayoutTests {
    @Test(arguments: [0, 16, 4080, 4096, 4112, 9 * 4096, 100_000, 1_000_016]) func slicesPartitionTheBuffer(count: Int)
    {
        for workers in [1, 2, 3, 4, 5, 7, 8, 16, 64] {
            let layout = SliceLayout(count: count, workers: workers)
            var end = 0
            for worker in 0..<workers {
                let slice = layout.slice(ofWorker: worker)
                #expect(slice.lowerBound == end)
                #expect(slice.lowerBound % SliceLayout.blockLength == 0 || slice.lowerBound == count)
                // Nobody has more than one block above the fair share.
                #expect(slice.count <= count / workers + 2 * SliceLayout.blockLength)
                end = slice.upperBound
            }
            #expect(end == count)
        }
    }

    @Test func aRanksSliceIsThatOfItsThreads() {
        let layout = SliceLayout(count: 100_000, workers: 12)
        for rank in 0..<4 {
            let slices = (0..<3).map { layout.slice(ofWorker: rank * 3 + $0) }
            #expect(layout.slice(ofRank: rank, threads: 3) == slices[0].lowerBound..<slices[2].upperBound)
        }
    }
}
