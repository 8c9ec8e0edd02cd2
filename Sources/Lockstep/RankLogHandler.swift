// Log lines that say which rank speaks.

import Logging
import Streams
import Hosts

/// Writes to standard error; lines of a rank of several carry `[rank r/N host]`.
struct RankLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let prefix: String
    private let words: @Sendable (String) -> String

    init(prefix: String, words: @escaping @Sendable (String) -> String) { (self.prefix, self.words) = (prefix, words) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let level = event.level >= .warning ? "\(event.level): " : ""
        StandardStream.error.write("\(prefix)\(level)\(words("\(event.message)"))\n")
    }
}

extension World {
    /// A logger whose lines carry this rank's name.
    package var logger: Logger {
        Logger(label: "lockstep") { _ in RankLogHandler(prefix: messagePrefix, words: words) }
    }
}
