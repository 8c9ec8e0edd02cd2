// The table of a profile, in the manner of torch.profiler's.

import Foundation
import Streams

extension StepProfile {
    /// At most 80 columns, unless a layer's name needs more.
    package var text: String {
        let inMilliseconds = stepSeconds >= 0.01
        let unit = inMilliseconds ? "ms" : "us"
        func time(_ seconds: Double?) -> String {
            seconds.map { inMilliseconds ? fixed($0 * 1e3, 2) : fixed($0 * 1e6, 1) } ?? ""
        }
        let header = ["part of a step", "forward", "backward", "\(unit) a step", "share", "GFLOP/s", "of peak"]
        let cells = rows.map { row in
            [
                row.type.isEmpty ? row.name : "\(row.name) (\(row.type))", time(row.forwardSeconds),
                time(row.backwardSeconds), time(row.seconds), fixed(row.share * 100, 1) + " %",
                row.flopsPerSecond.map { fixed($0 * 1e-9, 1) } ?? "",
                row.shareOfPeak.map { fixed($0 * 100, 0) + " %" } ?? "",
            ]
        }
        let total = [
            "step", "", "", time(stepSeconds), "100.0 %", fixed(flopsPerSecond * 1e-9, 1),
            fixed(flopsPerSecond / peakFlopsPerSecond * 100, 0) + " %",
        ]
        let table = TextTable([header, total] + cells, leftColumns: 1)
        let lines =
            [table.rule, table.line(header), table.rule] + cells.map(table.line)
            + [table.rule, table.line(total), table.rule]
        return headline + lines.map { $0 + "\n" }.joined()
            + waits.map {
                "\($0.name), \(unit) a step: least \(time($0.minimum)), median \(time($0.median)), "
                    + "most \(time($0.maximum))\n"
            }.joined()
            + (overlap.map {
                "exchange between hosts: under way for \(time($0.underWaySeconds)) \(unit) a step, "
                    + "\(fixed($0.hiddenShare * 100, 0)) % of it hidden\n"
            } ?? "")
    }

    private var headline: String {
        let workers = ranks * threads
        return "Profile of \(steps) steps after the first"
            + (workers > 1 ? ", mean of \(ranks) x \(threads) workers (ranks x threads)" : "")
            + "; a core's peak: \(fixed(peakFlopsPerSecond * 1e-9, 1)) GFLOP/s, measured\n"
    }

    private func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}
