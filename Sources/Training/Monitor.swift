// The metric that callbacks and checkpoints watch, and which way it gets better.

/// Which values of a metric are better. Keras's `mode`.
public enum MonitorMode: Sendable {
    /// Of a loss the smaller ones, of an accuracy the larger ones.
    case auto
    case min
    case max
}

/// A metric that is watched.
struct Monitor: Sendable {
    let metric: String
    let minimumDelta: Double
    /// nil where nobody knows, or has looked yet: see `check`.
    private(set) var largerIsBetter: Bool?

    init(metric: String, minimumDelta: Double, mode: MonitorMode = .auto) {
        (self.metric, self.minimumDelta) = (metric, minimumDelta)
        largerIsBetter =
            switch mode {
            case .auto: nil
            case .min: false
            case .max: true
            }
    }

    /// Whether `value` beats `best` by more than the minimum.
    func improves(_ value: Double, on best: Double?) -> Bool {
        guard let best, best.isFinite else { return value.isFinite }
        return largerIsBetter == true ? value - minimumDelta > best : value + minimumDelta < best
    }

    /// Looks before the first step whether there is something to watch, and which way it gets better.
    ///
    /// - Throws: `TrainingError` naming the metrics there are.
    mutating func check(_ context: TrainingContext, for callback: String) throws(TrainingError) {
        guard context.metricNames.contains(metric) else {
            let known = context.metricNames.joined(separator: ", ")
            throw TrainingError("\(callback) monitors '\(metric)', but this run has only \(known)")
        }
        largerIsBetter = largerIsBetter ?? context.directions[metric]
        if largerIsBetter == nil {
            throw TrainingError("\(callback) monitors '\(metric)': say by mode whether to look for its min or max")
        }
    }

    /// Takes over which way the metric gets better, unless that was said.
    mutating func resolve(_ directions: [String: Bool]) { largerIsBetter = largerIsBetter ?? directions[metric] }

    /// The metric's present value, after an epoch.
    func value(_ context: TrainingContext) -> Double { context.metrics[metric] ?? .nan }
}
