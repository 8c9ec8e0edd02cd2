// When a failed job is started again, and how an incarnation's end is understood. No processes here: the launcher asks.

import Collectives

/// How an incarnation of a job ended.
enum Ending: Equatable {
    case finished
    /// By notice, with a checkpoint.
    case stopped
    /// It would end the same way again: flags (64), configuration, data, model (1), a start that mpirun refuses (1).
    case refused(Int32)
    /// A restart may help; the text says what happened.
    case failed(String)

    /// EX_USAGE, which ArgumentParser exits with.
    private static let usage: Int32 = 64

    /// - Parameters:
    ///   - waitStatus: mpirun's, as wait(2) gives it. Its exit status is that of the rank which ended the job; 1 also
    ///     where mpirun was told to end, or a host was lost.
    ///   - hasStarted: whether mpirun has ever started ranks that got as far as to train.
    init(waitStatus: Int32, hasStarted: Bool) {
        let signal = waitStatus & 0x7f
        let status = (waitStatus >> 8) & 0xff
        switch status {
        case _ where signal != 0: self = .failed("mpirun was killed by signal \(signal)")
        case 0: self = .finished
        case ExitStatus.stopped: self = .stopped
        case ExitStatus.refused: self = .refused(ExitStatus.error)
        case Ending.usage: self = .refused(status)
        case ExitStatus.error where !hasStarted: self = .refused(status)
        case ExitStatus.jobFailed:
            self = .failed("a rank died or stalled, or the ranks lost touch or agreement (status \(status))")
        case 129...(128 + 64): self = .failed("a rank was killed by signal \(status - 128) (status \(status))")
        default: self = .failed("mpirun or a rank ended with status \(status); a host may be out of reach")
        }
    }
}

/// Counts the failures since the run last got further.
struct RestartPolicy {
    enum Decision: Equatable {
        case restart(afterSeconds: Double)
        /// As many failures in a row at the same step.
        case giveUp(failures: Int)
    }

    /// The delay doubles up to this.
    static let longestDelay = 60.0

    /// Restarts in a row that may fail to bring the run further.
    let maxRestarts: Int
    let firstDelay: Double
    private(set) var failures = 0
    private var step: Int

    /// - Parameter step: where the first incarnation starts.
    init(maxRestarts: Int, firstDelay: Double, step: Int) {
        (self.maxRestarts, self.firstDelay, self.step) = (maxRestarts, firstDelay, step)
    }

    /// - Parameter step: the newest checkpoint's: what is before it is never lost again.
    mutating func jobFailed(checkpointStep: Int) -> Decision {
        failures = checkpointStep > step ? 1 : failures + 1
        step = max(step, checkpointStep)
        if failures > maxRestarts { return .giveUp(failures: failures) }
        var delay = firstDelay
        for _ in 1..<failures where delay < RestartPolicy.longestDelay { delay *= 2 }
        return .restart(afterSeconds: min(delay, RestartPolicy.longestDelay))
    }
}
