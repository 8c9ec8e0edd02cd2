// Names of files and folders that are not finished yet: hidden, and telling which process makes them, so that the
// leftovers of a killed one can be removed. DurableFile and Checkpoint use them.

import Foundation

/// `.tmp.PID.HOST.NAME`, HOST with underscores for its dots.
package enum TemporaryName {
    private static let prefix = ".tmp."

    /// The hidden name under which this process makes `name`.
    package static func make(for name: String) -> String {
        "\(prefix)\(ProcessInfo.processInfo.processIdentifier).\(host).\(name)"
    }

    /// Removes what dead processes left unfinished in `folder`.
    package static func removeLeftovers(in folder: String) {
        for leftover in leftovers(in: folder, foreignSeconds: 3600) {
            try? FileManager.default.removeItem(atPath: leftover.path)
        }
    }

    /// What dead processes left in `folder`, with the names that it was for. One run has one writer, so whatever bears
    /// this process's own number is a leftover too. Of another host's processes nothing is known but the time of the
    /// last change, which must be `foreignSeconds` ago.
    static func leftovers(in folder: String, foreignSeconds: Int) -> [(path: String, name: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().compactMap { name in
            guard name.hasPrefix(prefix) else { return nil }
            let parts = name.dropFirst(prefix.count).split(separator: ".", maxSplits: 2)
            guard parts.count == 3, let process = Int32(parts[0]), process > 0 else { return nil }
            let path = folder + "/" + name
            let isLeftover = parts[1] == host ? isDead(process) : secondsSinceChange(path) > foreignSeconds
            return isLeftover ? (path, String(parts[2])) : nil
        }
    }

    private static func isDead(_ process: Int32) -> Bool {
        process == ProcessInfo.processInfo.processIdentifier || (kill(process, 0) != 0 && errno == ESRCH)
    }

    private static func secondsSinceChange(_ path: String) -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        #if canImport(Darwin)
            return time(nil) - status.st_ctimespec.tv_sec
        #else
            return time(nil) - status.st_ctim.tv_sec
        #endif
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? "host" : String(decoding: bytes, as: UTF8.self).replacing(".", with: "_")
    }
}
