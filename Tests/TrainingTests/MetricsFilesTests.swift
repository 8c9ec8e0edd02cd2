// metrics.csv and metrics.jsonl as other systems and hands leave them: read as meant, and nothing is ever dropped that
// could not be understood.

import Autograd
import Foundation
import Synchronization
import Testing
import Training

private final class Told: Sendable {
    private let all = Mutex<[String]>([])
    var texts: [String] { all.withLock { $0 } }

    func append(_ text: String) { all.withLock { $0.append(text) } }
}

@Suite struct MetricsFilesTests {
    private static let files = ["metrics.csv", "metrics.jsonl"]
    private static let fingerprint = Fingerprint("00112233445566778899aabbccddeeff")

    private func bytes(in folder: String) -> [Data?] {
        MetricsFilesTests.files.map { FileManager.default.contents(atPath: "\(folder)/\($0)") }
    }

    /// A run with rows of the steps 5, 10 and 15.
    private func makeRun(_ path: String) throws -> RunFolder {
        let run = try RunFolder.create(path, configuration: "", resuming: false)
        for step in [5, 10, 15] {
            try run.append(
                MetricsRow(epoch: 1, step: step, learningRate: 0.1, fingerprint: MetricsFilesTests.fingerprint))
        }
        return run
    }

    private static let foreign: [(name: String, change: @Sendable (String) -> String)] = [
        ("CR LF", { $0.replacing("\n", with: "\r\n") }),
        ("byte order mark and CR LF", { "\u{FEFF}" + $0.replacing("\n", with: "\r\n") }),
        ("CR", { $0.replacing("\n", with: "\r") }),
        ("no end of the last line", { String($0.dropLast()) }),
        ("blank lines", { $0.replacing("\n", with: "\n\n") + " \n" }),
    ]

    @Test(arguments: foreign.indices) func foreignLinesAreReadAsMeant(index: Int) throws {
        let foreign = MetricsFilesTests.foreign[index]
        try withFolder { folder in
            let run = try makeRun(folder + "/run")
            let whole = try RunFolder.create(folder + "/whole", configuration: "", resuming: false)
            for step in [5, 10] {
                try whole.append(
                    MetricsRow(epoch: 1, step: step, learningRate: 0.1, fingerprint: MetricsFilesTests.fingerprint))
            }
            for name in MetricsFilesTests.files {
                let path = "\(run.path)/\(name)"
                try Data(foreign.change(contents(path)).utf8).write(to: URL(filePath: path))
            }
            let steps = try RecordedMetrics(runFolder: run.path).rows.map(\.step)
            #expect(steps == [5, 10, 15], "\(foreign.name)")
            try run.truncateMetrics(afterStep: 10)
            #expect(bytes(in: run.path) == bytes(in: whole.path), "\(foreign.name)")
        }
    }

    /// What a line of the file becomes, what the error says, and whether only the file's own reader minds.
    private static let damages: [(file: String, line: Int, text: String, says: String)] = [
        ("metrics.csv", 2, "1;5;;;;;0,1;;;;;;;", "metrics.csv:3: expected a row of metrics, got \"1;5;"),
        ("metrics.csv", 1, "1,5", "metrics.csv:2: expected a row of metrics, got \"1,5\"; mend the line, or move"),
        ("metrics.csv", 1, "1,five,,,,,0.1,,,,,,,", "metrics.csv:2: expected a row"),
        ("metrics.csv", 3, "1,15,,,,,0.1,,,,,,,1.1E+27", "metrics.csv:4: expected a row"),
        ("metrics.csv", 0, "epoch;step;loss", "metrics.csv:1: expected the columns epoch,step,loss,"),
        ("metrics.csv", 1, "1,5,\u{0}", "metrics.csv:2: expected a row of metrics, got \"1,5,\\0\""),
        ("metrics.jsonl", 1, #"{"epoch":1,"step":10"#, "metrics.jsonl:2: expected a row"),
        ("metrics.jsonl", 0, "step 5", "metrics.jsonl:1: expected a row"),
    ]

    @Test(arguments: damages.indices) func whatIsNoRowIsNeverDropped(index: Int) throws {
        let damage = MetricsFilesTests.damages[index]
        try withFolder { folder in
            let run = try makeRun(folder)
            let path = "\(folder)/\(damage.file)"
            var lines = try contents(path).split(separator: "\n", omittingEmptySubsequences: false)
            lines[damage.line] = damage.text[...]
            try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path))
            let before = bytes(in: folder)
            let found = message { try run.truncateMetrics(afterStep: 5) }
            #expect(found?.contains(damage.says) == true, "\(found ?? "no error")")
            #expect(bytes(in: folder) == before)
        }
    }

    @Test func whatIsNoTextIsNeverDropped() throws {
        try withFolder { folder in
            let run = try makeRun(folder)
            let utf16 = try contents(folder + "/metrics.csv").data(using: .utf16)
            try #require(utf16).write(to: URL(filePath: folder + "/metrics.csv"))
            let found = message { try run.truncateMetrics(afterStep: 5) }
            #expect(found == "\(folder)/metrics.csv:1: this is UTF-16; save the file as UTF-8")
            #expect(FileManager.default.contents(atPath: folder + "/metrics.csv") == utf16)
            #expect(message { _ = try RecordedMetrics(runFolder: folder) } == found)
        }
    }

    /// A line that a killed process did not finish is the one thing that goes, and it is told.
    @Test func aCutLineIsTold() throws {
        try withFolder { folder in
            _ = try makeRun(folder)
            for name in MetricsFilesTests.files {
                try Data((contents("\(folder)/\(name)") + "2,2").utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            }
            let told = Told()
            let run = try RunFolder.create(folder, configuration: "", resuming: true) { told.append($0) }
            // Once: the second time all lines are whole.
            for _ in 0..<2 { try run.truncateMetrics(afterStep: 15) }
            #expect(
                told.texts
                    == MetricsFilesTests.files.map {
                        "\(folder)/\($0): dropped the last line, which was cut: \"2,2\""
                    })
            #expect(try RecordedMetrics(runFolder: folder).rows.map(\.step) == [5, 10, 15])
        }
    }
}
