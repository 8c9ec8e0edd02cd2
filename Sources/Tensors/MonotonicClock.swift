// The clock for durations.

/// Seconds on a clock that never jumps, from an arbitrary start.
public func monotonicSeconds() -> Double {
    Double(monotonicNanoseconds()) * 1e-9
}
