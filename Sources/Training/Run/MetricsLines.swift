// A metrics file by lines, read so that nothing which was recorded gets lost: what can't be understood is an error that
// names the line. RunFolder shortens files by it, RecordedMetrics reads them.

import Checkpoints
import Foundation
import Streams

/// The lines of metrics.csv or metrics.jsonl.
struct MetricsLines {
    /// A line and its place, counted from 1.
    typealias Line = (number: Int, text: Substring)

    let file: String
    let bytes: Data
    /// Those that have an end, without blank ones.
    let lines: [Line]
    /// What follows the last line end: nothing, unless a write was cut short or an editor left the end away.
    let rest: Line

    /// - Throws: `CheckpointError` where the file can't be read or is no text.
    init(_ file: String) throws(CheckpointError) {
        self.file = file
        bytes = try DurableFile.read(file)
        let text: String
        do { text = try Text.decode(bytes, file: file) } catch { throw CheckpointError(error.description) }
        var numbered = text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .map { Line($0.offset + 1, $0.element) }
        rest = numbered.removeLast()
        lines = numbered.filter { !$0.text.allSatisfy(\.isWhitespace) }
    }

    /// For a line that is not what it must be.
    func unreadable(_ line: Line, expected: String) -> CheckpointError {
        CheckpointError(
            "\(file):\(line.number): expected \(expected), got \(line.text.prefix(100).debugDescription); mend the line, "
                + "or move the file away: a run that goes on begins a new one")
    }
}
