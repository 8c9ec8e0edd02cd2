// What a command has printed is its answer: one that could not be written, as on a full disk, is no success. A run of training
// is: its results are in its folder, and nobody need read what it tells.

import ArgumentParser
import CProcess
import Collectives
import Foundation
import Streams

enum Answer {
    /// Ends the program where what was printed could not be written: status 1, or 2 for commands whose 1 is an answer.
    ///
    /// - Parameter command: nil for help.
    static func finish(_ command: (any ParsableCommand)?) {
        if command is Train || command is Launch { return }
        let code = lockstep_flush_output()
        guard code != 0 else { return }
        StandardStream.error.write("Error: the answer can't be written: \(String(cString: strerror(code)))\n")
        let isQuestion = command is Compare || command is Verify || command is Replay
        Foundation.exit(isQuestion ? Trouble.status : ExitStatus.error)
    }
}
