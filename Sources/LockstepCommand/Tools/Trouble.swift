// The exit statuses of the commands that answer a question about runs: as diff's and cmp's, 0 yes, 1 no, 2 trouble.

import ArgumentParser
import Streams

enum Trouble {
    static let no = ExitCode(1)
    static let status: Int32 = 2

    /// Ends the command, since the question can't be answered.
    static func end(_ message: String) throws -> Never {
        StandardStream.error.write("\(message)\n")
        throw ExitCode(status)
    }
}
