// A run's folder: config.yaml, metrics.csv, metrics.jsonl, summary.txt, and the checkpoints beside them. Rank 0's
// training loop writes it; a resumed run goes on in the same files.

import Foundation

/// The files of one run. Only one process at a time writes a run.
public final class RunFolder: Sendable {
    public let path: String

    private static let configurationFile = "config.yaml"
    private var csvFile: String { path + "/metrics.csv" }
    private var jsonFile: String { path + "/metrics.jsonl" }
    private static let header = MetricsRow.columns.joined(separator: ",") + "\n"

    private init(path: String) { self.path = path }

    /// Makes the folder, with its parents, and writes config.yaml.
    ///
    /// - Parameters:
    ///   - configuration: the text of the resolved config.yaml.
    ///   - resuming: whether a run that is already there is meant.
    /// - Throws: `CheckpointError` for a folder that holds another run or cannot be written.
    public static func create(
        _ path: String, configuration: String, resuming: Bool
    ) throws(CheckpointError) -> RunFolder {
        let traces = [configurationFile, "checkpoints", "metrics.csv"]
        if !resuming, let found = traces.first(where: { FileManager.default.fileExists(atPath: path + "/" + $0) }) {
            throw CheckpointError(
                "\(path) already holds a run (\(found)); continue it with --resume auto, or choose another folder "
                    + "with --run")
        }
        try DurableFile.makeFolder(path)
        TemporaryName.removeLeftovers(in: path)
        try DurableFile.replace(path + "/" + configurationFile, Data(configuration.utf8))
        return RunFolder(path: path)
    }

    /// `runs/MODEL-DATA-20260131-142501`, with -2, -3, ... where that is taken.
    ///
    /// - Parameters:
    ///   - model: a name, or the path of a model file.
    ///   - data: a name, or a path; of paths, the last component without extension counts.
    ///   - date: the run's start, told in `timeZone`.
    public static func defaultPath(
        model: String, data: String, date: Date, timeZone: TimeZone = .current, parent: String = "runs"
    ) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let numbers = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second].map { part in
            let text = String(part ?? 0)
            return text.count < 2 ? "0" + text : text
        }
        let time = numbers[..<3].joined() + "-" + numbers[3...].joined()
        let path = "\(parent)/\(plain(model))-\(plain(data))-\(time)"
        var candidate = path
        var number = 2
        while FileManager.default.fileExists(atPath: candidate) {
            candidate = "\(path)-\(number)"
            number += 1
        }
        return candidate
    }

    /// Appends one row to metrics.csv, after its header, and to metrics.jsonl.
    public func append(_ row: MetricsRow, faults: FaultPlan = .none) throws(CheckpointError) {
        let isNew = ((try? DurableFile.size(csvFile)) ?? 0) == 0
        try DurableFile.append(csvFile, Data(((isNew ? RunFolder.header : "") + row.csv + "\n").utf8))
        faults.reach(.metrics)
        try DurableFile.append(jsonFile, Data((row.json + "\n").utf8))
    }

    /// Drops the rows of later steps, and a last line that was cut, so that the files of a resumed run read like those
    /// of a run that was never interrupted.
    ///
    /// - Parameter step: the step of the checkpoint that the run resumes from; its rows stay.
    public func truncateMetrics(afterStep step: Int) throws(CheckpointError) {
        try keep(in: csvFile, header: RunFolder.header) { line in MetricsRow.step(csv: line).map { $0 <= step } }
        try keep(in: jsonFile, header: "") { line in MetricsRow.step(json: line).map { $0 <= step } }
    }

    /// Writes summary.txt, what a person wants to know of a finished run.
    public func writeSummary(_ text: String) throws(CheckpointError) {
        try DurableFile.replace(path + "/summary.txt", Data(text.utf8))
    }

    /// Writes profile.txt, the table of where a step's time goes, and profile.json, the same for programs.
    func writeProfile(text: String, json: Data) throws(CheckpointError) {
        try DurableFile.replace(path + "/profile.txt", Data(text.utf8))
        try DurableFile.replace(path + "/profile.json", json)
    }

    private func keep(
        in file: String, header: String, where isWanted: (Substring) -> Bool?
    ) throws(CheckpointError) {
        guard FileManager.default.fileExists(atPath: file) else { return }
        let text = String(decoding: try DurableFile.read(file), as: UTF8.self)
        // What follows the last line end is a line that a killed process did not finish.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        let kept = header + lines.filter { isWanted($0) == true }.map { $0 + "\n" }.joined()
        if kept != text { try DurableFile.replace(file, Data(kept.utf8)) }
    }

    /// The name in `text`, which may be a path, in characters that need no quoting in a shell.
    private static func plain(_ text: String) -> String {
        let last = (text as NSString).lastPathComponent as NSString
        let name = String(
            last.deletingPathExtension.map { character in
                character.isASCII && (character.isLetter || character.isNumber || "-_.".contains(character))
                    ? character : "-"
            })
        return name.isEmpty ? "run" : name
    }
}
