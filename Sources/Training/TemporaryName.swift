// Names of files and folders that are not finished yet: hidden, and telling which process makes them, so that the
// leftovers of a killed one can be removed. DurableFile and Checkpoint use them.

import Foundation

/// `.tmp.PID.HOST.NAME`.
package enum TemporaryName {
    private static let prefix = ".tmp."

    /// The hidden name under which this process makes `name`.
    package static func make(for name: String) -> String {
        "\(prefix)\(ProcessInfo.processInfo.processIdentifier).\(host).\(name)"
    }

    /// Removes what dead processes left unfinished in `folder`. One run has one writer, so whatever bears this
    /// process's own number is a leftover too. Of another host's processes nothing is known: theirs go after an hour.
    package static func removeLeftovers(in folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names.sorted() where name.hasPrefix(prefix) {
            let path = folder + "/" + name
            if isLeftover(name, path: path) { try? FileManager.default.removeItem(atPath: path) }
        }
    }

    private static func isLeftover(_ name: String, path: String) -> Bool {
        let rest = name.dropFirst(prefix.count)
        guard let end = rest.firstIndex(of: "."), let process = Int32(rest[..<end]), process > 0 else { return false }
        if rest[rest.index(after: end)...].hasPrefix(host + ".") {
            if process == ProcessInfo.processInfo.processIdentifier { return true }
            return kill(process, 0) != 0 && errno == ESRCH
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return false }
        var now = timeval()
        gettimeofday(&now, nil)
        #if canImport(Darwin)
            let changed = status.st_mtimespec.tv_sec
        #else
            let changed = status.st_mtim.tv_sec
        #endif
        return now.tv_sec - changed > 3600
    }

    private static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
