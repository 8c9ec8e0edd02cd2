// What one core of this machine can do at most, measured: the yardstick for profiles and benchmarks.

import CKernels

/// The limits of the core that measures them.
package struct CorePeak: Sendable {
    /// Single-precision floating-point operations per second; a fused multiply-add counts as two.
    package let flopsPerSecond: Double
    /// Bytes per second of STREAM's triad a = b + s * c (McCalpin 1995) on arrays beyond the caches: 12 bytes an
    /// element, the usual count, which leaves out that `a` is also read where a core allocates lines on a write.
    package let memoryBytesPerSecond: Double
    /// What the kernels were chosen for, such as `x86-64-v4`; `none` on a processor that has none.
    package static var instructionSet: String { lk_instruction_set().map { String(cString: $0) } ?? "none" }

    /// Measures for about `seconds`, half of it for each limit, and keeps the best: the core's clock takes a while to
    /// rise, and whatever else runs only makes it slower. The calling thread should not move between cores.
    ///
    /// - Parameter arrayBytes: of each of the triad's three arrays; at least twice the last-level cache.
    package static func measure(seconds: Double = 0.4, arrayBytes: Int = 64 << 20) -> CorePeak {
        CorePeak(
            flopsPerSecond: peakFlops(seconds: seconds / 2),
            memoryBytesPerSecond: peakMemory(seconds: seconds / 2, count: arrayBytes / 4))
    }

    private static func peakFlops(seconds: Double) -> Double {
        let chains: [Int32] = [3, 6, 12]
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: 12 * 16) { end in
            best(seconds: seconds, of: chains.count) { turn in
                // Half a millisecond, so that most bursts are not interrupted.
                Double(lk_multiply_add(chains[turn % chains.count], 100_000, 0.5, 1, end.baseAddress!))
            }
        }
    }

    private static func peakMemory(seconds: Double, count: Int) -> Double {
        let arrays = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
        defer { arrays.deallocate() }
        arrays.initialize(repeating: 1, count: 3 * count)
        return best(seconds: seconds, of: 3) { _ in
            lk_triad(arrays, arrays + count, arrays + 2 * count, Int64(count), 0.5)
            return Double(12 * count)
        }
    }

    /// The highest rate of `work`, which returns what it did, over at least `turns` turns.
    private static func best(seconds: Double, of turns: Int, work: (_ turn: Int) -> Double) -> Double {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var (rate, turn) = (0.0, 0)
        while turn < turns || clock.now < end {
            let start = clock.now
            let done = work(turn)
            rate = max(rate, done / ((clock.now - start) / .seconds(1)))
            turn += 1
        }
        return rate
    }
}
