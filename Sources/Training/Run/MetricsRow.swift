// One line of a run's record: the columns of metrics.csv and the keys of metrics.jsonl, in one place so that both
// always agree. The training loop makes rows, sinks take them.

import Autograd
import Foundation

/// The metrics of one epoch, or of a stretch of steps.
public struct MetricsRow: Sendable {
    /// Epochs count from 1.
    public var epoch: Int
    /// Optimizer steps done since the run began.
    public var step: Int
    /// By Keras's names: `loss`, `accuracy`, `val_loss`, ...; what was not measured is absent.
    public var metrics: [String: Double]
    package var learningRate: Double
    package var samplesPerSecond: Double?
    /// Where thread 0 spent the time.
    package var seconds: PhaseSeconds?
    /// The hash of the weights after `step`.
    package var fingerprint: Fingerprint?

    package init(
        epoch: Int, step: Int, metrics: [String: Double] = [:], learningRate: Double, samplesPerSecond: Double? = nil,
        seconds: PhaseSeconds? = nil, fingerprint: Fingerprint? = nil
    ) {
        (self.epoch, self.step, self.metrics, self.learningRate) = (epoch, step, metrics, learningRate)
        (self.samplesPerSecond, self.seconds, self.fingerprint) = (samplesPerSecond, seconds, fingerprint)
    }

    /// What a column of `MetricsColumns` holds, as metrics.csv has it; empty for what was not measured.
    public func text(_ column: String) -> String { field(column).text }

    typealias Field = (text: String, isNumber: Bool)

    fileprivate func field(_ column: String) -> Field {
        let number: Double? =
            switch column {
            case "epoch": Double(epoch)
            case "step": Double(step)
            case "learning_rate": learningRate
            case "samples_per_second": samplesPerSecond
            case "data_seconds": seconds?.data
            case "forward_seconds": seconds?.forward
            case "backward_seconds": seconds?.backward
            case "communication_seconds": seconds?.communication
            case "update_seconds": seconds?.update
            default: metrics[column]
            }
        if column == "epoch" || column == "step" { return ("\(Int(number ?? 0))", true) }
        if column == "fingerprint" { return (fingerprint?.description ?? "", false) }
        guard let number else { return ("", true) }
        return number.isNaN ? ("nan", false) : ("\(number)", number.isFinite)
    }
}

/// The columns of a run, which follow from its metrics.
package struct MetricsColumns: Sendable, Hashable {
    /// In their order.
    package let names: [String]

    /// - Parameter metrics: their names as the run tells them, such as `loss`, `accuracy`, `val_loss`, `val_accuracy`.
    package init(metrics: [String] = ["loss", "accuracy", "val_loss", "val_accuracy"]) {
        names =
            ["epoch", "step"] + metrics + [
                "learning_rate", "samples_per_second", "data_seconds", "forward_seconds", "backward_seconds",
                "communication_seconds", "update_seconds", "fingerprint",
            ]
    }

    /// The first line of a CSV file, without its end.
    package var header: String { names.joined(separator: ",") }

    /// The CSV line without its end; empty fields for what was not measured, all digits that a double needs.
    package func csv(_ row: MetricsRow) -> String { names.map { row.field($0).text }.joined(separator: ",") }

    /// The JSON object on one line; no key for what was not measured, and strings for what JSON has no number for (`"nan"`,
    /// `"inf"`).
    package func json(_ row: MetricsRow) -> String {
        let pairs = names.map { ($0, row.field($0)) }.filter { !$1.text.isEmpty }.map { column, field in
            "\"\(column)\":" + (field.isNumber ? field.text : "\"\(field.text)\"")
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// The step of a CSV line, nil for a line that is cut or none.
    func step(csv line: Substring) -> Int? {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == names.count, fields.last!.isEmpty || Fingerprint(String(fields.last!)) != nil else {
            return nil
        }
        return Int(fields[1])
    }

    /// The step of a JSON line, nil for a line that is cut or none.
    static func step(json line: Substring) -> Int? {
        struct Row: Decodable {
            let epoch: Int
            let step: Int
            let learningRate: Double
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(Row.self, from: Data(line.utf8)).step
    }
}
