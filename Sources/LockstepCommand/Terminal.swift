// Whether somebody watches.

import Foundation
import Lockstep

enum Terminal {
    /// Columns of the terminal that shows standard output, nil where there is none. Under a launcher the ranks write to
    /// a pipe or a pseudo-terminal of its own, so the one who started it says in LOCKSTEP_TERMINAL what is at its end.
    static func columns(_ world: World) -> Int? {
        if let told = ProcessInfo.processInfo.environment["LOCKSTEP_TERMINAL"] { return Int(told) }
        return world.isAlone ? ownColumns : nil
    }

    /// Columns of the terminal that this very process writes to.
    static var ownColumns: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }
}
