// An epoch's sums so far, and Keras's names for what they mean. The training loop keeps them.

/// Running sums of an epoch, from which Keras-style running means are made.
struct EpochSums: Sendable {
    var loss = 0.0
    /// What the loss's sum is of: samples, positions or weights.
    var denominator = 0.0
    /// Those of the metrics.
    var metrics: [Double]
    var samples = 0

    init(metricCount: Int) { metrics = Array(repeating: 0, count: metricCount) }

    mutating func add(_ report: StepReport, penalty: Double) {
        loss += report.lossSum + penalty * report.denominator
        denominator += report.denominator
        for index in metrics.indices { metrics[index] += report.metricSums[index] }
        samples += report.samples
    }

    /// The metrics, and the loss behind them.
    func values(_ objective: ModelObjective) -> [(String, Double)] {
        (samples == 0 ? objective.sums.map { ($0.metric.name, 0) } : objective.values(metrics))
            + [("loss", denominator > 0 ? loss / denominator : 0)]
    }
}
