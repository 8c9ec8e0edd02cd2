// metrics.csv read back: what the tools compare and replay, and how a launcher sees how far a run has come.

import Autograd
import Foundation

/// The rows of a run's metrics.csv.
public struct RecordedMetrics: Sendable {
    /// What one row says of the run after `step`.
    public struct Row: Sendable, Equatable {
        public let step: Int
        /// The fields by column, as they are written.
        public let fields: [String: String]

        /// The hash of the weights.
        public var fingerprint: Fingerprint? { fields["fingerprint"].flatMap { Fingerprint($0) } }
    }

    public let rows: [Row]

    /// Reads the complete lines; a last one that is cut short does not count.
    ///
    /// - Throws: `CheckpointError` where there is no such file or its header names no step.
    public init(runFolder: String) throws(CheckpointError) {
        let file = runFolder + "/metrics.csv"
        let text = String(decoding: try DurableFile.read(file), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        guard let columns = lines.first, Set(columns).isSuperset(of: ["step", "fingerprint"]),
            Set(columns).count == columns.count
        else { throw CheckpointError("\(file) is no record of a run: expected a first line with step and fingerprint") }
        rows = lines.dropFirst().compactMap { fields in
            let named = Dictionary(zip(columns, fields), uniquingKeysWith: { $1 })
            guard fields.count == columns.count, let step = Int(named["step"] ?? "") else { return nil }
            return Row(step: step, fields: named)
        }
    }

    /// The step of the last row, nil where nothing is recorded.
    public static func lastStep(in runFolder: String) -> Int? {
        (try? RecordedMetrics(runFolder: runFolder))?.rows.last?.step
    }
}
