// The loops behind CorePeak do the work that is counted. How fast is no business of a test.

import CKernels
import Tensors
import Testing

@Suite("Core peak")
struct CorePeakTests {
    @Test("A burst makes every multiply-add that it counts", arguments: [3, 6, 12])
    func burst(chains: Int) {
        var end = [Float](repeating: -1, count: 12 * 16)
        let operations = lk_multiply_add(Int32(chains), 5, 2, 1, &end)
        #expect(operations == Int64(2 * 16 * chains * 5))
        for (index, value) in end.enumerated() {
            // v -> 2 v + 1, five times: 32 v + 31. Exact in a float.
            #expect(value == (index < chains * 16 ? Float(32 * (index / 16) + 31) : -1))
        }
    }

    @Test("Another number of chains does nothing")
    func noSuchBurst() {
        var end = [Float](repeating: -1, count: 12 * 16)
        #expect(lk_multiply_add(5, 5, 2, 1, &end) == 0)
        #expect(end == [Float](repeating: -1, count: 12 * 16))
    }

    @Test("The triad reaches every element", arguments: [1, 15, 16, 17, 1000])
    func triad(count: Int) {
        let x = (0..<count).map { Float($0) }
        let y = (0..<count).map { Float(3 * $0 + 1) }
        var out = [Float](repeating: -1, count: count + 1)
        lk_triad(&out, x, y, Int64(count), 0.5)
        #expect(out == zip(x, y).map { $0 + 0.5 * $1 } + [-1])
    }

    @Test("A short measurement gives rates that a core can have")
    func rates() {
        let peak = CorePeak.measure(seconds: 0.02, arrayBytes: 1 << 20)
        #expect((1e8...1e13).contains(peak.flopsPerSecond))
        #expect((1e7...1e13).contains(peak.memoryBytesPerSecond))
        #expect(!CorePeak.instructionSet.isEmpty)
    }
}
