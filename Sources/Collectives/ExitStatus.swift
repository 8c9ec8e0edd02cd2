// How a process of the project ends, in one place: the command, the watchdog and whoever restarts a job agree on it.

/// Exit statuses beside 0, finished, and 64 (EX_USAGE), wrong flags.
package enum ExitStatus {
    /// An error that would come again: configuration, data, model.
    package static let error: Int32 = 1
    /// EX_CONFIG: the same, of a rank whose job `lockstep launch` watches. mpirun ends with 1 for reasons of its own.
    package static let refused: Int32 = 78
    /// Set by `lockstep launch` for its ranks.
    package static let launchedVariable = "LOCKSTEP_LAUNCHED"
    /// EX_SOFTWARE: a rank died or stalled, communication failed, replicas differ. Starting again may help.
    package static let jobFailed: Int32 = 70
    /// EX_TEMPFAIL: stopped by a notice, to be resumed.
    package static let stopped: Int32 = 75
}
