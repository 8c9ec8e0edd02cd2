// An epoch's losses and hits so far, and Keras's names for what they mean. The training loop keeps them.

/// Running sums of an epoch, from which Keras-style running means are made.
struct EpochSums: Sendable {
    var loss = 0.0
    var hits = 0.0
    var samples = 0

    mutating func add(_ report: StepReport) {
        loss += report.lossSum
        hits += report.hits
        samples += report.samples
    }

    func metrics(_ wanted: [Metric]) -> [(String, Double)] {
        let count = Double(max(1, samples))
        return (wanted.isEmpty ? [] : [("accuracy", hits / count)]) + [("loss", loss / count)]
    }
}

extension Evaluation? {
    var metrics: [(String, Double)] {
        guard let self else { return [] }
        return (self.accuracy.map { [("val_accuracy", $0)] } ?? []) + [("val_loss", self.loss)]
    }
}
