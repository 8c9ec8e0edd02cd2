// The exact text of a run's progress, with a clock that the test sets.

import Testing
import Training

@Suite struct ProgressReporterTests {
    private final class Terminal {
        var time = 100.0
        var writes: [String] = []
        var text: String { writes.joined() }

        func reporter(_ style: ProgressReporter.Style, batches: Int = 1875) -> ProgressReporter {
            ProgressReporter(
                style: style, epochs: 10, batchesPerEpoch: batches, write: { self.writes.append($0) },
                now: { self.time })
        }
    }

    private static let metrics = [
        ("accuracy", 0.95123), ("loss", 0.1623), ("val_accuracy", 0.97), ("val_loss", 0.00012345),
    ]

    @Test func plainIsOneLineForAnEpoch() {
        let terminal = Terminal()
        var reporter = terminal.reporter(.plain)
        for epoch in 0..<2 {
            reporter.beginEpoch(epoch)
            for batch in 1...1875 { reporter.step(batch, metrics: ProgressReporterTests.metrics) }
            reporter.endEpoch(batchesDone: 1875, seconds: 2.1, metrics: ProgressReporterTests.metrics)
        }
        let line =
            "1875/1875 - 2s - 1ms/step - accuracy: 0.9512 - loss: 0.1623 - val_accuracy: 0.9700 - "
            + "val_loss: 1.2345e-04\n"
        #expect(terminal.text == "Epoch 1/10\n" + line + "Epoch 2/10\n" + line)
    }

    @Test func silentWritesNothing() {
        let terminal = Terminal()
        var reporter = terminal.reporter(.silent)
        reporter.beginEpoch(0)
        reporter.step(1, metrics: [])
        reporter.endEpoch(batchesDone: 1, seconds: 1, metrics: [])
        #expect(terminal.writes.isEmpty)
    }

    @Test func liveIsRedrawn() {
        let terminal = Terminal()
        var reporter = terminal.reporter(.live(columns: 60), batches: 200)
        reporter.beginEpoch(2)
        terminal.time += 1
        reporter.step(1, metrics: [("loss", 2.5)])
        terminal.time += 0.05
        reporter.step(2, metrics: [("loss", 2.4)])
        terminal.time += 0.95
        reporter.step(100, metrics: [("loss", 1), ("accuracy", 0.5)])
        reporter.step(200, metrics: [("loss", 0.5)])
        reporter.endEpoch(batchesDone: 200, seconds: 65.4, metrics: [("loss", 0.5), ("val_loss", 0.25)])
        let half = String(repeating: "━", count: 10)
        #expect(
            terminal.writes == [
                "Epoch 3/10\n",
                "\r  1/200 ──────────────────── 3:19 1s/step - loss: 2.5000",
                "\r100/200 \(half)────────── 2s 20ms/step - loss: 1.0000 - a",
                "\r200/200 \(half)\(half) 0s 10ms/step - loss: 0.5000    ",
                "\r200/200 \(half)\(half) 65s 327ms/step - loss: 0.5000 - val_loss: 0.2500\n",
            ])
    }

    @Test func liveStaysWithinItsColumnsAndRate() {
        let terminal = Terminal()
        var reporter = terminal.reporter(.live(columns: 40), batches: 10_000)
        reporter.beginEpoch(0)
        for batch in 1..<10_000 {
            terminal.time += 0.001
            reporter.step(batch, metrics: ProgressReporterTests.metrics)
        }
        let lines = terminal.writes.dropFirst()
        #expect((90...101).contains(lines.count))
        #expect(lines.allSatisfy { $0.count == 41 && $0.hasPrefix("\r") && !$0.contains("\n") })
    }

    @Test func aResumedEpochCountsOnlyItsOwnBatches() {
        let terminal = Terminal()
        var reporter = terminal.reporter(.plain, batches: 200)
        reporter.beginEpoch(0, batchesDone: 190)
        reporter.endEpoch(batchesDone: 200, seconds: 1, metrics: [])
        #expect(terminal.text == "Epoch 1/10\n200/200 - 1s - 100ms/step\n")
    }

    @Test func numbersAreKerass() {
        let numbers: [(Double, String)] = [
            (0.95125, "0.9513"), (12, "12.0000"), (0, "0.0000e+00"), (0.001, "1.0000e-03"), (0.0011, "0.0011"),
            (-0.5, "-0.5000"), (-1e-5, "-1.0000e-05"), (.nan, "nan"), (.infinity, "inf"), (-.infinity, "-inf"),
        ]
        for (value, text) in numbers { #expect(ProgressReporter.number(value) == text) }
        let durations = [(0.00035, "350us"), (0.001, "1ms"), (0.0216, "22ms"), (1, "1s"), (2.4, "2s"), (0, "0s")]
        for (seconds, text) in durations { #expect(ProgressReporter.duration(seconds) == text) }
        let clocks = [(2.9, "2s"), (59, "59s"), (65, "1:05"), (3665, "1:01:05"), (.infinity, "?"), (.nan, "?")]
        for (seconds, text) in clocks { #expect(ProgressReporter.clock(seconds) == text) }
    }
}
