// A network as its two numbers. `lockstep plan` plays exchanges on it.

import Lockstep

/// Every host has one link, as fast in both directions at once, to a switch that is never the bottleneck.
struct Network: Sendable, Equatable {
    /// Bytes per second of a host's link, in each direction.
    let bytesPerSecond: Double
    /// Seconds from the last byte sent to the last byte there.
    let latencySeconds: Double

    init(bytesPerSecond: Double, latencySeconds: Double) {
        self.bytesPerSecond = bytesPerSecond
        self.latencySeconds = latencySeconds
    }

    /// - Parameter text: bandwidth and latency, e.g. `10Gbit,20us`.
    init(_ text: String) throws {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == 2,
            let bits = Network.value(parts[0], ["Tbit": 1e12, "Gbit": 1e9, "Mbit": 1e6]),
            let seconds = Network.value(parts[1], ["us": 1e-6, "ms": 1e-3, "ns": 1e-9]), bits > 0, seconds >= 0
        else {
            throw TrainingError(
                "--network must be bandwidth and latency such as 10Gbit,20us (Mbit, Gbit, Tbit; ns, us, ms), got '\(text)'"
            )
        }
        self.init(bytesPerSecond: bits / 8, latencySeconds: seconds)
    }

    private static func value(_ text: Substring, _ units: [String: Double]) -> Double? {
        for (unit, factor) in units where text.hasSuffix(unit) {
            if let number = Double(text.dropLast(unit.count)), number.isFinite { return number * factor }
        }
        return nil
    }
}
