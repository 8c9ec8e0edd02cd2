// The trace of a run in Chrome's Trace Event Format, which chrome://tracing and ui.perfetto.dev show: all ranks on one
// time line, a process for each rank, a track for each of its threads. Rank 0 writes it at the end of a run.

import Checkpoints
import Collectives
import Foundation
import Streams
import Tensors

/// What one thread did.
struct ThreadTrace: Sendable {
    let rank: Int
    let thread: Int
    let name: String
    let host: String
    let spans: [Timeline.Span]
    /// Spans that were not kept.
    let dropped: Int
    /// What to add to this rank's clock to have rank 0's.
    let clock: ClockOffset
}

/// Writes the events of one thread after the other, so that never more than one is held as text.
struct TraceFile {
    private let path: String
    private let temporary: String
    private let names: [Activity: (name: String, category: String)]
    private var origin: Int64?
    private var notes: [String] = []
    private var isFirst = true
    private var pieceCount = 0

    /// - Parameter accounts: the names of what a timeline calls by number.
    init(_ path: String, accounts: [String]) throws(CheckpointError) {
        let path = expandingHome(path)
        let (folder, name) = DurableFile.split(path)
        self.path = path
        temporary = folder + "/" + TemporaryName.make(for: name)
        var names: [Activity: (String, String)] = [
            .step: ("step", "step"), .data: ("data", "compute"), .addition: ("add gradients", "compute"),
            .waitForThreads: ("wait for threads", "wait"), .exchange: ("exchange, wait for ranks", "exchange"),
            .update: ("update", "compute"), .epochEnd: ("end of epoch", "epoch"),
            .evaluation: ("evaluation", "epoch"), .checkpoint: ("checkpoint", "epoch"), .piece: ("piece", "piece"),
        ]
        for (number, account) in accounts.enumerated() {
            let prefix = number == 0 ? "" : account + " "
            names[.forward(number)] = (prefix + "forward", "forward")
            names[.backward(number)] = (prefix + "backward", "backward")
        }
        self.names = names
        try DurableFile.makeFolder(folder)
        unlink(temporary)
        try DurableFile.create(temporary, Data("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n".utf8))
    }

    /// Makes the file's folder now, rather than fail at the end of a long run.
    static func check(_ path: String) throws(CheckpointError) {
        let folder = DurableFile.split(expandingHome(path)).folder
        try DurableFile.makeFolder(folder)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: expandingHome(path), isDirectory: &isFolder), isFolder.boolValue {
            throw CheckpointError("can't write the trace \(path): it is a folder; name a file in it")
        }
        guard access(folder, W_OK) == 0 else { throw DurableFile.failure("write", path) }
    }

    /// Adds a thread; those of rank 0 come first.
    mutating func append(_ trace: ThreadTrace) throws(CheckpointError) {
        let origin = origin ?? trace.spans.map(\.start).min() ?? 0
        self.origin = origin
        var lines: [String] = []
        if trace.thread == 0 {
            lines.append(metadata("process_name", trace, "\"name\":\("rank \(trace.rank) (\(trace.host))".jsonQuoted)"))
            lines.append(metadata("process_sort_index", trace, "\"sort_index\":\(trace.rank)"))
            if let note = trace.clock.note { notes.append("rank \(trace.rank) on \(trace.host): \(note)") }
        }
        lines.append(metadata("thread_name", trace, "\"name\":\"\(trace.name)\""))
        if trace.dropped > 0 {
            notes.append(
                "rank \(trace.rank), \(trace.name): \(trace.dropped) spans more than fit were left out")
        }
        // A parent ends after its children, so it comes later in the timeline; viewers want it first.
        for span in trace.spans.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
            let (name, category) = names[span.activity] ?? ("other", "other")
            let start = span.start + trace.clock.nanoseconds - origin
            func event(_ phase: String, at time: Int64) -> String {
                "{\"name\":\(name.jsonQuoted),\"cat\":\"\(category)\",\"ph\":\(phase),\"ts\":\(microseconds(time)),"
                    + "\"pid\":\(trace.rank),\"tid\":\(trace.thread),\"args\":{\"step\":\(span.step + 1)}}"
            }
            if span.activity == .piece {
                // Pieces overlap, and only asynchronous events may.
                pieceCount += 1
                let id = "\"id\":\"0x\(String(pieceCount, radix: 16))\""
                lines.append(event("\"b\",\(id)", at: start))
                lines.append(event("\"e\",\(id)", at: start + span.end - span.start))
            } else {
                lines.append(event("\"X\",\"dur\":\(microseconds(span.end - span.start))", at: start))
            }
        }
        let text = (isFirst ? "" : ",\n") + lines.joined(separator: ",\n")
        isFirst = false
        try DurableFile.append(temporary, Data(text.utf8))
    }

    /// Leaves nothing behind.
    func remove() { unlink(temporary) }

    /// Puts the file into place.
    func close() throws(CheckpointError) {
        let text = notes.isEmpty ? "all ranks on one host, one clock" : notes.joined(separator: "; ")
        try DurableFile.append(temporary, Data("\n],\"otherData\":{\"clocks\":\(text.jsonQuoted)}}\n".utf8))
        try DurableFile.sync(temporary)
        try DurableFile.rename(temporary, to: path)
        try DurableFile.syncFolder(DurableFile.split(path).folder)
    }

    private func metadata(_ kind: String, _ trace: ThreadTrace, _ arguments: String) -> String {
        "{\"name\":\"\(kind)\",\"ph\":\"M\",\"pid\":\(trace.rank),\"tid\":\(trace.thread),\"args\":{\(arguments)}}"
    }

    /// With three decimals, so without rounding.
    private func microseconds(_ nanoseconds: Int64) -> String {
        let (whole, rest) = abs(nanoseconds).quotientAndRemainder(dividingBy: 1000)
        let decimals = String(rest)
        return (nanoseconds < 0 ? "-" : "") + "\(whole).\(String(repeating: "0", count: 3 - decimals.count))\(decimals)"
    }
}
