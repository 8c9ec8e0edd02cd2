// What the runs of a series reached: a row each in results.csv, then mean and deviation of each metric.

import Foundation
import Lockstep
import Streams

/// The results of finished runs.
struct SeriesResults {
    private struct Row {
        let run: String
        let fingerprint: String
        let values: [Double]
    }

    private var names: [String] = []
    private var rows: [Row] = []

    static func path(in folder: String) -> String { folder + "/results.csv" }

    /// None.
    init() {}

    /// Those of a series that goes on; none where its file is not as this wrote it.
    init(in folder: String) {
        guard let data = FileManager.default.contents(atPath: SeriesResults.path(in: folder)) else { return }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        names = lines.first.map { Array($0.dropFirst(2)) } ?? []
        rows = lines.dropFirst().compactMap { fields in
            let values = fields.dropFirst(2).compactMap { Double($0) }
            guard values.count == names.count, values.count == fields.count - 2 else { return nil }
            return Row(run: fields[0], fingerprint: fields[1], values: values)
        }
    }

    /// The metrics of a run, nil where it has not finished.
    subscript(run: String) -> [Double]? { rows.first { $0.run == run }?.values }

    /// In place of an earlier result of the same run.
    mutating func add(_ run: String, _ outcome: TrainRun.Outcome) {
        if names != outcome.metrics.map(\.name) { (names, rows) = (outcome.metrics.map(\.name), []) }
        rows.removeAll { $0.run == run }
        rows.append(
            Row(run: run, fingerprint: outcome.fingerprint?.description ?? "", values: outcome.metrics.map(\.value)))
    }

    func write(to folder: String) throws {
        try DurableFile.makeFolder(folder)
        let lines =
            [["run", "fingerprint"] + names] + rows.map { [$0.run, $0.fingerprint] + $0.values.map { "\($0)" } }
        try DurableFile.replace(
            SeriesResults.path(in: folder), Data((lines.map(CSVText.line).joined(separator: "\n") + "\n").utf8))
    }

    /// A line for each run and one for each metric. The deviation is that of a sample: sqrt(sum (x - mean)^2 / (n - 1)).
    func text(of runs: [String]) -> String {
        let shown = runs.compactMap { run in rows.first { $0.run == run } }
        let lines = shown.map { row in
            ([row.run] + zip(names, row.values).map { "\($0): \(ProgressReporter.number($1))" }).joined(
                separator: " - ")
        }
        let summary = names.indices.map { index in
            let values = shown.map { $0.values[index] }
            let mean = values.reduce(0, +) / Double(values.count)
            let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            let deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : 0
            // As many decimals as the mean has, which most often is told in fixed ones.
            let shown = abs(mean) > 1e-3 ? String(format: "%.4f", deviation) : ProgressReporter.number(deviation)
            return "\(names[index]): \(ProgressReporter.number(mean)) ± \(shown)"
        }
        return (lines + ["mean ± deviation of \(shown.count) runs:"] + summary).joined(separator: "\n")
    }
}
