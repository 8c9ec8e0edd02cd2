// metrics.csv read back: what the tools compare and replay, and how a launcher sees how far a run has come.

import Autograd
import Checkpoints
import Foundation

/// The rows of a run's metrics.csv.
package struct RecordedMetrics: Sendable {
    /// What one row says of the run after `step`.
    package struct Row: Sendable, Equatable {
        package let step: Int
        /// The fields by column, as they are written.
        package let fields: [String: String]

        /// The hash of the weights.
        package var fingerprint: Fingerprint? { fields["fingerprint"].flatMap { Fingerprint($0) } }

        /// nil for a line that does not fit the columns.
        fileprivate init?(_ line: Substring, _ columns: [String]) {
            let fields = RecordedMetrics.fields(line)
            guard fields.count == columns.count else { return nil }
            self.fields = Dictionary(zip(columns, fields), uniquingKeysWith: { $1 })
            guard let step = Int(self.fields["step"] ?? "") else { return nil }
            self.step = step
        }
    }

    package let rows: [Row]

    /// Reads the complete lines; a last one that is cut short does not count.
    ///
    /// - Throws: `CheckpointError` where there is no such file, its header names no step, or a line is no row.
    package init(runFolder: String) throws(CheckpointError) {
        let file = runFolder + "/metrics.csv"
        let found = try MetricsLines(file)
        let columns = found.lines.first.map { RecordedMetrics.fields($0.text) } ?? []
        guard Set(columns).isSuperset(of: ["step", "fingerprint"]), Set(columns).count == columns.count else {
            throw CheckpointError("\(file) is no record of a run: expected a first line with step and fingerprint")
        }
        var rows: [Row] = []
        for line in found.lines.dropFirst() {
            guard let row = Row(line.text, columns) else { throw found.unreadable(line, expected: "a row of metrics") }
            rows.append(row)
        }
        if let last = Row(found.rest.text, columns), last.fingerprint != nil { rows.append(last) }
        self.rows = rows
    }

    private static func fields(_ line: Substring) -> [String] {
        line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }

    /// The step of the last row, nil where nothing is recorded.
    package static func lastStep(in runFolder: String) -> Int? {
        (try? RecordedMetrics(runFolder: runFolder))?.rows.last?.step
    }
}
