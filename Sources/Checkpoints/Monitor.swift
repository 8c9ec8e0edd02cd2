// The metric that callbacks and checkpoints watch, and which way it gets better.

/// Which values of a metric are better. Keras's `mode`.
public enum MonitorMode: Sendable {
    /// Of a loss the smaller ones, of an accuracy the larger ones.
    case auto
    case min
    case max
}

/// A metric that is watched.
package struct Monitor: Sendable {
    package let metric: String
    let minimumDelta: Double
    /// nil where nobody knows, or has looked yet: see `check`.
    package var largerIsBetter: Bool?

    package init(metric: String, minimumDelta: Double, mode: MonitorMode = .auto) {
        (self.metric, self.minimumDelta) = (metric, minimumDelta)
        largerIsBetter =
            switch mode {
            case .auto: nil
            case .min: false
            case .max: true
            }
    }

    /// Whether `value` beats `best` by more than the minimum.
    package func improves(_ value: Double, on best: Double?) -> Bool {
        guard let best, best.isFinite else { return value.isFinite }
        return largerIsBetter == true ? value - minimumDelta > best : value + minimumDelta < best
    }

    /// Takes over which way the metric gets better, unless that was said.
    package mutating func resolve(_ directions: [String: Bool]) {
        largerIsBetter = largerIsBetter ?? directions[metric]
    }
}
