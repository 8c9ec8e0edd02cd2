// The lines that a person sees while a run trains, as Keras 3 prints them (keras/src/utils/progbar.py). Rank 0's
// training loop calls it; where the text goes, and how wide a terminal is, the caller says.

import Foundation

/// Where a reporter's text goes: whole lines in plain style, redrawn ones in live style.
package typealias TextSink = (String) -> Void

/// Reports epochs and steps as text.
package struct ProgressReporter {
    package enum Style: Sendable, Hashable {
        /// Nothing at all.
        case silent
        /// For log files: after an `Epoch 1/10` one line for each epoch, no control characters.
        case plain
        /// For terminals: a line with bar and remaining time that is redrawn, at most ten times a second, within this
        /// many columns.
        case live(columns: Int)
    }

    private static let barWidth = 20
    private static let redrawSeconds = 0.1

    private let style: Style
    private let epochs: Int
    private let batchesPerEpoch: Int
    private let write: TextSink
    private let now: () -> Double
    private var firstBatch = 0
    private var startTime = 0.0
    private var lastDrawn: Double?
    private var drawnColumns = 0

    /// - Parameters:
    ///   - epochs: how many the run has in all.
    ///   - batchesPerEpoch: steps in each epoch.
    package init(style: Style, epochs: Int, batchesPerEpoch: Int, write: @escaping TextSink) {
        self.init(style: style, epochs: epochs, batchesPerEpoch: batchesPerEpoch, write: write) {
            Double(DispatchTime.now().uptimeNanoseconds) * 1e-9
        }
    }

    /// With a clock of one's own, in seconds.
    package init(
        style: Style, epochs: Int, batchesPerEpoch: Int, write: @escaping TextSink, now: @escaping () -> Double
    ) {
        self.style = style
        self.epochs = epochs
        self.batchesPerEpoch = batchesPerEpoch
        self.write = write
        self.now = now
    }

    /// Opens an epoch: `Epoch 1/10`.
    ///
    /// - Parameters:
    ///   - epoch: counted from 0.
    ///   - batchesDone: those that an earlier process did, where the run resumes within the epoch.
    package mutating func beginEpoch(_ epoch: Int, batchesDone: Int = 0) {
        firstBatch = batchesDone
        startTime = now()
        lastDrawn = nil
        drawnColumns = 0
        if style != .silent { write("Epoch \(epoch + 1)/\(epochs)\n") }
    }

    /// Tells that `batchesDone` batches of the epoch are done; the metrics are running means.
    package mutating func step(_ batchesDone: Int, metrics: [(String, Double)]) {
        guard case .live(let columns) = style else { return }
        let time = now()
        if let lastDrawn, time - lastDrawn < ProgressReporter.redrawSeconds, batchesDone < batchesPerEpoch { return }
        lastDrawn = time
        let perStep = (time - startTime) / Double(max(1, batchesDone - firstBatch))
        let remaining = ProgressReporter.clock(perStep * Double(max(0, batchesPerEpoch - batchesDone)))
        let line = ProgressReporter.text(
            "\(counter(batchesDone)) \(bar(batchesDone)) \(remaining) ", perStep: perStep, metrics: metrics)
        redraw(String(line.prefix(max(0, columns))), end: "")
    }

    /// Closes the epoch with its final line.
    ///
    /// - Parameters:
    ///   - seconds: how long this process worked on the epoch.
    ///   - metrics: in the order to print, those of the validation too.
    package mutating func endEpoch(batchesDone: Int, seconds: Double, metrics: [(String, Double)]) {
        let perStep = seconds / Double(max(1, batchesDone - firstBatch))
        let total = ProgressReporter.fixed(seconds, 0) + "s"
        switch style {
        case .silent: break
        case .plain:
            write(
                ProgressReporter.text("\(counter(batchesDone)) - \(total) - ", perStep: perStep, metrics: metrics)
                    + "\n")
        case .live:
            let line = ProgressReporter.text(
                "\(counter(batchesDone)) \(bar(batchesDone)) \(total) ", perStep: perStep, metrics: metrics)
            redraw(line, end: "\n")
        }
    }

    /// Draws over the present line, with spaces over what stood beyond the new one.
    private mutating func redraw(_ line: String, end: String) {
        let columns = line.count
        write("\r" + line + String(repeating: " ", count: max(0, drawnColumns - columns)) + end)
        drawnColumns = columns
    }

    private func counter(_ batchesDone: Int) -> String {
        let done = String(batchesDone)
        let total = String(batchesPerEpoch)
        return String(repeating: " ", count: max(0, total.count - done.count)) + done + "/" + total
    }

    /// 20 columns; without colors, what is not done yet is drawn thin.
    private func bar(_ batchesDone: Int) -> String {
        let share = Double(batchesDone) / Double(max(1, batchesPerEpoch))
        let done = min(ProgressReporter.barWidth, max(0, Int(Double(ProgressReporter.barWidth) * share)))
        return String(repeating: "━", count: done) + String(repeating: "─", count: ProgressReporter.barWidth - done)
    }

    private static func text(_ start: String, perStep: Double, metrics: [(String, Double)]) -> String {
        start + duration(perStep) + "/step" + metrics.map { " - \($0): \(number($1))" }.joined()
    }

    /// Four decimals, or an exponent for 0.001 and less, as Keras prints metrics.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : "\(value)" }
        return abs(value) > 1e-3 ? fixed(value, 4) : String(format: "%.4e", value)
    }

    /// The time of one step: `350us`, `1ms`, `2s`.
    package static func duration(_ seconds: Double) -> String {
        if seconds >= 1 || seconds == 0 { return fixed(seconds, 0) + "s" }
        return seconds >= 1e-3 ? fixed(seconds * 1e3, 0) + "ms" : fixed(seconds * 1e6, 0) + "us"
    }

    /// The time that remains: `2s`, `1:05`, `1:01:05`.
    package static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "?" }
        let whole = Int(seconds)
        let two = { (part: Int) in part < 10 ? "0\(part)" : "\(part)" }
        if whole >= 3600 { return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))" }
        return whole >= 60 ? "\(whole / 60):\(two(whole % 60))" : "\(whole)s"
    }

    private static func fixed(_ value: Double, _ decimals: Int) -> String { String(format: "%.\(decimals)f", value) }
}
