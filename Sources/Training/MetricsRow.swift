// One line of a run's record: the columns of metrics.csv and the keys of metrics.jsonl, in one place so that both
// always agree. The training loop makes rows, RunFolder appends them.

import Autograd
import Foundation

/// The metrics of one epoch, or of a stretch of steps; what was not measured is nil.
public struct MetricsRow: Sendable {
    /// The columns in their order.
    public static let columns = [
        "epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "samples_per_second",
        "data_seconds", "forward_seconds", "backward_seconds", "communication_seconds", "update_seconds", "fingerprint",
    ]

    public var epoch: Int
    /// Optimizer steps done since the run began.
    public var step: Int
    public var loss: Double?
    public var accuracy: Double?
    public var valLoss: Double?
    public var valAccuracy: Double?
    public var learningRate: Double
    public var samplesPerSecond: Double?
    public var dataSeconds: Double?
    public var forwardSeconds: Double?
    public var backwardSeconds: Double?
    public var communicationSeconds: Double?
    public var updateSeconds: Double?
    /// The hash of the weights after `step`.
    public var fingerprint: Fingerprint?

    public init(
        epoch: Int, step: Int, loss: Double? = nil, accuracy: Double? = nil, valLoss: Double? = nil,
        valAccuracy: Double? = nil, learningRate: Double, samplesPerSecond: Double? = nil, dataSeconds: Double? = nil,
        forwardSeconds: Double? = nil, backwardSeconds: Double? = nil, communicationSeconds: Double? = nil,
        updateSeconds: Double? = nil, fingerprint: Fingerprint? = nil
    ) {
        self.epoch = epoch
        self.step = step
        self.loss = loss
        self.accuracy = accuracy
        self.valLoss = valLoss
        self.valAccuracy = valAccuracy
        self.learningRate = learningRate
        self.samplesPerSecond = samplesPerSecond
        self.dataSeconds = dataSeconds
        self.forwardSeconds = forwardSeconds
        self.backwardSeconds = backwardSeconds
        self.communicationSeconds = communicationSeconds
        self.updateSeconds = updateSeconds
        self.fingerprint = fingerprint
    }

    /// The CSV line without its end; empty fields for nil, all digits that a double needs.
    package var csv: String { fields.map(\.text).joined(separator: ",") }

    /// The JSON object on one line; no key for nil, and strings for what JSON has no number for (`"nan"`, `"inf"`).
    package var json: String {
        let pairs = zip(MetricsRow.columns, fields).filter { !$1.text.isEmpty }.map { column, field in
            "\"\(column)\":" + (field.isNumber ? field.text : "\"\(field.text)\"")
        }
        return "{\(pairs.joined(separator: ","))}"
    }

    /// The step of a CSV line, nil for a line that is cut or none.
    static func step(csv line: Substring) -> Int? {
        let fields = line.split(separator: ",", omittingEmptySubsequences: false)
        guard fields.count == columns.count, fields[13].isEmpty || Fingerprint(String(fields[13])) != nil else {
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

    private typealias Field = (text: String, isNumber: Bool)

    private var fields: [Field] {
        let numbers: [Double?] = [
            loss, accuracy, valLoss, valAccuracy, learningRate, samplesPerSecond, dataSeconds, forwardSeconds,
            backwardSeconds, communicationSeconds, updateSeconds,
        ]
        return [("\(epoch)", true), ("\(step)", true)]
            + numbers.map { number -> Field in
                guard let number else { return ("", true) }
                return number.isNaN ? ("nan", false) : ("\(number)", number.isFinite)
            } + [(fingerprint?.description ?? "", false)]
    }
}
