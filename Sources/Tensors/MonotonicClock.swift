// The clock for durations.

/// Seconds on a clock that never jumps, from an arbitrary start.
package func monotonicSeconds() -> Double {
    Double(monotonicNanoseconds()) * 1e-9
}
