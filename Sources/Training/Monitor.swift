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
    var mode = MonitorMode.auto

    /// nil where nobody knows.
    private var largerIsBetter: Bool? {
        switch mode {
        case .min: false
        case .max: true
        case .auto: metric.hasSuffix("accuracy") ? true : metric.hasSuffix("loss") ? false : nil
        }
    }

    /// Whether `value` beats `best` by more than the minimum.
    func improves(_ value: Double, on best: Double?) -> Bool {
        guard let best, best.isFinite else { return value.isFinite }
        return largerIsBetter == true ? value - minimumDelta > best : value + minimumDelta < best
    }

    /// Looks before the first step whether there is something to watch.
    ///
    /// - Throws: `TrainingError` naming the metrics there are.
    func check(_ context: TrainingContext, for callback: String) throws(TrainingError) {
        guard context.metricNames.contains(metric) else {
            let known = context.metricNames.joined(separator: ", ")
            throw TrainingError("\(callback) monitors '\(metric)', but this run has only \(known)")
        }
        if largerIsBetter == nil {
            throw TrainingError("\(callback) monitors '\(metric)': say by mode whether to look for its min or max")
        }
    }

    /// The metric's present value, after an epoch.
    func value(_ context: TrainingContext) -> Double { context.metrics[metric] ?? .nan }
}
