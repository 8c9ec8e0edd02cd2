// How a process of the project ends, in one place: the command, the watchdog and whoever restarts a job agree on it.

/// Exit statuses beside 0, finished, and 64 (EX_USAGE), wrong flags.
public enum ExitStatus {
    /// An error that would come again: configuration, data, model.
    public static let error: Int32 = 1
    /// EX_CONFIG: the same, of a rank whose job `lockstep launch` watches. mpirun ends with 1 for reasons of its own.
    public static let refused: Int32 = 78
    /// Set by `lockstep launch` for its ranks.
    public static let launchedVariable = "LOCKSTEP_LAUNCHED"
    /// EX_SOFTWARE: a rank died or stalled, communication failed, replicas differ. Starting again may help.
    public static let jobFailed: Int32 = 70
    /// EX_TEMPFAIL: stopped by a notice, to be resumed.
    public static let stopped: Int32 = 75
}
