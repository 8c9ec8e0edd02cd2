// What `lockstep launch` tells: on standard error, and in RUN/launch.log as soon as there is a run.

import Foundation
import Lockstep
import Streams

/// Lines with their time. The run's folder is left to `train` to make: a command that it refuses leaves none behind.
final class LaunchLog {
    private let runFolder: String
    /// Whether the folder was made before the run, to keep its name free.
    private let isReserved: Bool
    private var unwritten = ""

    init(runFolder: String, isReserved: Bool) { (self.runFolder, self.isReserved) = (runFolder, isReserved) }

    func callAsFunction(_ text: String) {
        let line = "\(LaunchLog.stamp()) launch: \(text)\n"
        StandardStream.error.write(line)
        unwritten += line
        flush()
    }

    /// Writes what waits for the run's folder.
    func flush() {
        if unwritten.isEmpty || isReserved && RunFolder.writer(of: runFolder) == nil { return }
        let descriptor = open(runFolder + "/launch.log", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { return }
        // The log is for people: where it can't be written, standard error still has it.
        _ = unwritten.withCString { write(descriptor, $0, strlen($0)) }
        close(descriptor)
        unwritten = ""
    }

    /// Local time, e.g. `2026-01-31 14:25:01`.
    private static func stamp() -> String {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        let count = strftime(&text, text.count, "%Y-%m-%d %H:%M:%S", &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
