// What callbacks ask of the metric that they watch.

import Checkpoints
import Streams

extension Monitor {
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

    /// The metric's present value, after an epoch.
    func value(_ context: TrainingContext) -> Double { context.metrics[metric] ?? .nan }
}
