// Whether somebody watches.

import Foundation

enum Terminal {
    /// Columns of the terminal that shows standard output, nil where there is none. A launcher that pipes the output
    /// to a terminal says so in LOCKSTEP_TERMINAL.
    static var columns: Int? {
        if let told = ProcessInfo.processInfo.environment["LOCKSTEP_TERMINAL"] { return Int(told) }
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 else { return 80 }
        // mpirun gives its ranks a pseudo-terminal without columns, whatever its own output is: a log file, mostly.
        guard size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
