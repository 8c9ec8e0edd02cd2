// The clock for durations.

import Glibc

/// Seconds on a clock that never jumps, from an arbitrary start.
public func monotonicSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
