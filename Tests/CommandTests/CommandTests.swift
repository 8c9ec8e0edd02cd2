// The suite of all tests that run the command `lockstep` in fresh processes, and what they share. One at a time: they
// start more processes than a machine has cores.

import Foundation
import TestSupport
import Testing

@Suite(.serialized)
struct CommandTests {}

/// Runs `lockstep` plain, or on `ranks` ranks under mpirun.
func lockstep(
    ranks: Int? = nil, _ arguments: [String], environment: [String: String] = [:], timeoutSeconds: Int = 60
) throws -> ProcessResult {
    guard let ranks else {
        return try runProcess(
            try builtProduct("lockstep"), arguments, environment: environment, timeoutSeconds: Double(timeoutSeconds))
    }
    return try runUnderMPI(
        ranks: ranks, "lockstep", arguments, environment: environment, timeoutSeconds: timeoutSeconds)
}

/// Trains, and expects that it works.
///
/// - Returns: the fingerprint that the command printed.
func train(ranks: Int? = nil, threads: Int = 1, _ arguments: [String], run: String) throws -> String {
    let result = try lockstep(
        ranks: ranks, ["train", "--verbose", "2", "--threads", "\(threads)", "--run", run] + arguments)
    try #require(result.status == 0, "\(arguments): \(result.standardOutput)\(result.standardError)")
    let lines = result.lines.filter { $0.hasPrefix("fingerprint ") }
    try #require(lines.count == 1, "expected one fingerprint line: \(result.standardOutput)")
    let fingerprint = String(lines[0].dropFirst("fingerprint ".count))
    #expect(fingerprint.count == 32 && fingerprint.allSatisfy(\.isHexDigit), "\(fingerprint)")
    return fingerprint
}

extension ProcessResult {
    /// Standard output by lines; a rank's pseudo-terminal may end them in CR LF.
    var lines: [String] { standardOutput.split(whereSeparator: \.isNewline).map(String.init) }
}

/// Hands `body` an empty folder, which is removed afterwards.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
}

func write(_ text: String, to path: String) throws { try Data(text.utf8).write(to: URL(filePath: path)) }

func read(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
}

/// metrics.csv, each row by column.
func metrics(_ run: String) throws -> [[String: String]] {
    let lines = try read(run + "/metrics.csv").split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return try lines.dropFirst().map { fields in
        try #require(fields.count == lines[0].count, "\(fields)")
        return Dictionary(uniqueKeysWithValues: zip(lines[0], fields))
    }
}

/// The columns of metrics.csv that depend on the configuration alone.
func deterministicMetrics(_ run: String) throws -> [[String]] {
    let columns = [
        "epoch", "step", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "fingerprint",
    ]
    return try metrics(run).map { row in try columns.map { try #require(row[$0]) } }
}
