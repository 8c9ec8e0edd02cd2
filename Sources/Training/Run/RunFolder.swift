// A run's folder: config.yaml, metrics.csv, metrics.jsonl, summary.txt, and the checkpoints beside them. Rank 0's
// training loop writes it; a resumed run goes on in the same files.

import Checkpoints
import Foundation
import Streams
import Synchronization

/// The files of one run. Only one process at a time writes a run: the last one that has begun.
package final class RunFolder: Sendable {
    package let path: String

    private static let configurationFile = "config.yaml"
    private static let incarnationFile = "incarnation"
    var csvFile: String { path + "/metrics.csv" }
    var jsonFile: String { path + "/metrics.jsonl" }
    private let configuration: String
    private let columns: MetricsColumns
    /// Names this process, in the file `incarnation`.
    private let incarnation: String
    let warn: @Sendable (String) -> Void
    /// Whether it was told that links can't be made.
    let hasNoLinks = Mutex(false)
    /// Rows that are not written yet.
    private let pending = Mutex<(csv: Data, json: Data)>((Data(), Data()))
    private let claiming = Mutex<Void>(())

    private init(
        path: String, configuration: String, columns: MetricsColumns, warn: @escaping @Sendable (String) -> Void
    ) {
        (self.path, self.configuration, self.columns, self.warn) = (path, configuration, columns, warn)
        let process = ProcessInfo.processInfo
        incarnation = "\(UUID().uuidString), process \(process.processIdentifier) on \(process.hostName)\n"
    }

    /// Makes the folder, with its parents, writes config.yaml, and claims the run for this process.
    ///
    /// - Parameters:
    ///   - configuration: the text of the resolved config.yaml.
    ///   - columns: those of its metrics files.
    ///   - resuming: whether a run that is already there is meant.
    ///   - takesNextName: adds -2, -3, ... to the name where there is such a folder.
    ///   - warn: is told when the folder had to be made again, and when there are no links.
    /// - Throws: `CheckpointError` for a folder that holds another run or cannot be written, or is part of a run.
    package static func create(
        _ path: String, configuration: String, columns: MetricsColumns = MetricsColumns(), resuming: Bool,
        takesNextName: Bool = false, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(CheckpointError) -> RunFolder {
        var path = expandingHome(path)
        if takesNextName {
            path = try makeNew(path)
        } else if DurableFile.isFolder(path) {
            try requireNoPart(path)
        }
        let traces = [configurationFile, "checkpoints", "metrics.csv"]
        if !resuming, let found = traces.first(where: { FileManager.default.fileExists(atPath: path + "/" + $0) }) {
            throw CheckpointError(
                "\(path) already holds a run (\(found)); continue it with `resume: .automatic`, or choose another folder "
                    + "with `folder`")
        }
        let folder = RunFolder(path: path, configuration: configuration, columns: columns, warn: warn)
        try folder.requireWritable()
        try folder.begin()
        return folder
    }

    private func begin() throws(CheckpointError) {
        try DurableFile.makeFolder(path)
        TemporaryName.removeLeftovers(in: path)
        try DurableFile.replace(path + "/" + RunFolder.configurationFile, Data(configuration.utf8))
        try DurableFile.replace(path + "/" + RunFolder.incarnationFile, Data(incarnation.utf8))
    }

    /// Names the process that has begun to write the run last; nil for a folder without one.
    package static func writer(of path: String) -> String? {
        try? String(contentsOfFile: path + "/" + incarnationFile, encoding: .utf8)
    }

    /// Makes sure that the run is still this process's. One that was stopped and outlived by its successor must not
    /// touch the successor's files. A folder that was removed is made again.
    func claim() throws(CheckpointError) {
        try claiming.withLock { _ throws(CheckpointError) in
            let file = path + "/" + RunFolder.incarnationFile
            var status = stat()
            if stat(file, &status) != 0, errno == ENOENT {
                try begin()
                return warn("\(path) was removed and has been made again; what it held is gone")
            }
            let found = String(decoding: try DurableFile.read(file, atMost: 4096), as: UTF8.self)
            guard found == incarnation else {
                throw CheckpointError(
                    "\(path) belongs to another run by now (\(found.split(separator: "\n").first ?? "unknown")): this one "
                        + "stops and leaves its files alone", .takenOver)
            }
        }
    }

    /// `runs/MODEL-DATA-20260131-142501`. Runs that begin in the same second have the same: see `makeNew`.
    ///
    /// - Parameters:
    ///   - model: a name, or the path of a model file.
    ///   - data: a name, or a path; of paths, the last component without extension counts.
    ///   - date: the run's start, told in `timeZone`.
    package static func defaultPath(
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
        return "\(parent)/\(plain(model))-\(plain(data))-\(time)"
    }

    /// Appends one row to metrics.csv, after its header, and to metrics.jsonl.
    ///
    /// - Throws: `CheckpointError`; the row is kept then, and written with the next one.
    package func append(_ row: MetricsRow, faults: FaultPlan = .none) throws(CheckpointError) {
        pending.withLock { pending in
            pending.csv += Data((columns.csv(row) + "\n").utf8)
            pending.json += Data((columns.json(row) + "\n").utf8)
        }
        try writeMetrics(faults)
    }

    /// Writes the rows that could not be written so far.
    func writeMetrics(_ faults: FaultPlan = .none) throws(CheckpointError) {
        try pending.withLock { pending throws(CheckpointError) in
            if pending.json.isEmpty { return }
            try claim()
            if !pending.csv.isEmpty {
                try DurableFile.append(csvFile, pending.csv, heading: Data((columns.header + "\n").utf8))
                pending.csv = Data()
            }
            faults.reach(.metrics)
            try DurableFile.append(jsonFile, pending.json)
            pending.json = Data()
        }
    }

    /// Makes the rows durable.
    func syncMetrics() throws(CheckpointError) {
        try DurableFile.sync(csvFile)
        try DurableFile.sync(jsonFile)
    }

    /// Drops the rows of later steps, and a last line that was cut, so that the files of a resumed run read like those
    /// of a run that was never interrupted.
    ///
    /// - Parameter step: the step of the checkpoint that the run resumes from; its rows stay.
    /// - Throws: `CheckpointError` for a line that is no row, with all files as they were.
    package func truncateMetrics(afterStep step: Int) throws(CheckpointError) {
        let csv = try shortened(csvFile, header: columns.header, toStep: step, columns.step(csv:))
        let json = try shortened(jsonFile, header: nil, toStep: step, MetricsColumns.step(json:))
        if let csv { try DurableFile.replace(csvFile, csv) }
        if let json { try DurableFile.replace(jsonFile, json) }
    }

    /// Writes summary.txt, what a person wants to know of a finished run.
    package func writeSummary(_ text: String) throws(CheckpointError) {
        try claim()
        try DurableFile.replace(path + "/summary.txt", Data(text.utf8))
    }

    /// Writes profile.txt, the table of where a step's time goes, and profile.json, the same for programs.
    func writeProfile(text: String, json: Data) throws(CheckpointError) {
        try claim()
        try DurableFile.replace(path + "/profile.txt", Data(text.utf8))
        try DurableFile.replace(path + "/profile.json", json)
    }

    /// What a metrics file is to hold, with rows up to a step; nil where it is so already, or absent.
    ///
    /// - Parameter stepOf: a row's step, nil for what is no row.
    private func shortened(
        _ file: String, header: String?, toStep step: Int, _ stepOf: (Substring) -> Int?
    ) throws(CheckpointError) -> Data? {
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let found = try MetricsLines(file)
        var lines = found.lines
        let rest = found.rest.text
        if stepOf(rest) != nil || rest == header ?? "" {
            lines.append(found.rest)
        } else if !rest.allSatisfy(\.isWhitespace) {
            warn("\(file): dropped the last line, which was cut: \(rest.prefix(100).debugDescription)")
        }
        lines.removeAll { $0.text.isEmpty }
        var kept: [Substring] = []
        if let header {
            if let first = lines.first, first.text != header {
                throw found.unreadable(first, expected: "the columns \(header)")
            }
            lines = Array(lines.dropFirst())
            kept.append(header[...])
        }
        for line in lines {
            guard let row = stepOf(line.text) else { throw found.unreadable(line, expected: "a row of metrics") }
            if row <= step { kept.append(line.text) }
        }
        let data = Data(kept.map { $0 + "\n" }.joined().utf8)
        return data == found.bytes ? nil : data
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
