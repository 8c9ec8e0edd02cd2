// The loop of `lockstep launch`: start the job, wait for its end, decide, start it again from the newest checkpoint.

import Collectives
import Foundation
import Lockstep

/// Keeps a training job going on as many ranks as there are places for.
struct Launcher {
    /// What the user asked for.
    struct Request {
        var ranks: Int
        var minRanks: Int
        var hostfile: String?
        /// How long to wait for slots to come back.
        var slotWaitSeconds: Double
        var maxRestarts: Int
        var backOffSeconds: Double
        var runFolder: String
        /// Whether the launcher has made the folder, which is no run before somebody trains.
        var isReserved: Bool
        /// Whether the run's first weights are another run's.
        var beginsElsewhere: Bool
        /// What to say where there is no run to go on with.
        var newRunWarning: String?
        /// Of `lockstep`, from `train` on.
        var trainArguments: [String]
        var command: JobCommand
    }

    private let request: Request
    private let log: LaunchLog
    private let inbox = SignalInbox()
    /// Whether the run's folder was not there, or empty, at the beginning.
    private let isNewRun: Bool
    private var incarnation = 0
    /// Whether any incarnation began to train.
    private var hasStarted = false
    /// The last notice: whatever happens then, nothing is restarted.
    private var notice: Job.Notice?

    init(_ request: Request) {
        self.request = request
        log = LaunchLog(runFolder: request.runFolder, isReserved: request.isReserved)
        isNewRun = !FileManager.default.fileExists(atPath: request.runFolder + "/config.yaml")
        Job.adoptOrphans()
    }

    /// - Returns: the exit status, when nothing of the job is left.
    /// - Throws: `TrainingError` where there is no mpirun.
    mutating func run() throws -> Int32 {
        if isNewRun, let warning = request.newRunWarning { log("warning: \(warning)") }
        var checkpoint = newestCheckpoint()
        var policy = RestartPolicy(
            maxRestarts: request.maxRestarts, firstDelay: request.backOffSeconds, step: checkpoint?.state.step ?? 0)
        while true {
            let hosts: Hosts?
            switch waitForSlots() {
            case .found(let found): hosts = found
            case .gaveUp(let status): return status
            }
            incarnation += 1
            let began = Date()
            let ending = try runIncarnation(hosts, from: checkpoint)
            checkpoint = newestCheckpoint()
            log(
                "incarnation \(incarnation) ended after \(Launcher.seconds(Date().timeIntervalSince(began))): "
                    + description(ending, checkpoint))
            switch ending {
            case .finished: return 0
            case .stopped: return ExitStatus.stopped
            case .refused(let status): return status
            case .failed: break
            }
            if let status = stoppedStatus { return status }
            switch policy.jobFailed(checkpointStep: checkpoint?.state.step ?? 0) {
            case .giveUp(let failures):
                log("failed \(failures) times at the same step, after \(place(checkpoint)): not restarted any more")
                return ExitStatus.jobFailed
            case .restart(let delay):
                log(
                    "restart \(policy.failures) of at most \(request.maxRestarts) without a newer checkpoint, in "
                        + Launcher.seconds(delay))
                pause(delay)
            }
            if let status = stoppedStatus { return status }
        }
    }

    /// 75 once a notice came, 130 for the second SIGINT.
    private var stoppedStatus: Int32? {
        switch notice {
        case nil: return nil
        case .stop:
            log("not restarted, since it was told to stop; \(howToGoOn)")
            return ExitStatus.stopped
        case .kill: return 128 + SIGINT
        }
    }

    // MARK: One incarnation

    private mutating func runIncarnation(_ hosts: Hosts?, from checkpoint: Checkpoint?) throws -> Ending {
        let ranks = min(request.ranks, hosts?.total ?? request.ranks)
        let isRestart = incarnation > 1
        log(
            "incarnation \(incarnation): \(ranks) of \(request.ranks) ranks"
                + (hosts.map { " on \($0.argument)" } ?? "")
                + (isRestart ? ", goes on from \(place(checkpoint))" : ""))
        let arguments = request.trainArguments + (isRestart ? resumeArguments(checkpoint) : [])
        let job = try Job(
            "mpirun",
            request.command.arguments(ranks: ranks, hosts: hosts, program: Launcher.ownProgram, arguments),
            ranks: Launcher.ownProgram, environment: request.command.variables)
        var notice = self.notice
        let log = log
        let writer = RunFolder.writer(of: request.runFolder)
        let status = job.wait(inbox, tick: log.flush) {
            log("mpirun (process \(job.process)) does not end although its ranks here have: killed")
        } noticed: { newNotice in
            notice = newNotice
            switch newNotice {
            case .stop(let signal): log("signal \(signal): told the ranks to save and stop")
            case .kill: log("a second SIGINT: killed")
            }
        }
        self.notice = notice
        hasStarted = hasStarted || RunFolder.writer(of: request.runFolder) != writer
        var ending = Ending(waitStatus: status, hasStarted: hasStarted)
        // An mpirun that is just beginning or ending dies of the notice.
        if notice != nil, status & 0x7f == SIGUSR1 { ending = .stopped }
        if status & 0x7f != 0 {
            let removed = JobLeftovers.remove(of: job.process, temporary: request.command.temporaryFolder)
            if removed > 0 { log("removed \(removed) files and folders that mpirun \(job.process) left behind") }
        }
        return ending
    }

    /// Go on from the newest checkpoint: the last of two options wins. A new run that has none yet begins again as if
    /// nothing had been: with another run's checkpoint, if it began with that.
    private func resumeArguments(_ checkpoint: Checkpoint?) -> [String] {
        // Where all checkpoints are damaged or can't be read, `train` says so; nothing is taken away.
        guard checkpoint == nil, isNewRun, (try? Checkpoint.newest(in: request.runFolder)) != nil else {
            return ["--resume", "auto"]
        }
        for name in ["config.yaml", "metrics.csv", "metrics.jsonl"] { unlink("\(request.runFolder)/\(name)") }
        let folder = request.runFolder + "/checkpoints"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        // What is hidden was never finished; anything else is evidence.
        if names.allSatisfy({ $0.hasPrefix(".") }) { try? FileManager.default.removeItem(atPath: folder) }
        return request.beginsElsewhere ? [] : ["--resume", "auto"]
    }

    /// This very program, also where it was started by a name on PATH.
    private static var ownProgram: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    // MARK: Between incarnations

    private enum Slots {
        case found(Hosts?)
        case gaveUp(Int32)
    }

    /// Reads the hostfile until it has slots enough.
    private mutating func waitForSlots() -> Slots {
        guard let hostfile = request.hostfile else { return .found(nil) }
        let deadline = Date(timeIntervalSinceNow: request.slotWaitSeconds)
        var (told, gone) = ("", [String]())
        while true {
            let found: String
            do {
                let hosts = try Hosts(file: hostfile)
                let silent = incarnation == 0 ? [] : request.command.probe.silent(among: hosts.slots.map(\.name))
                if !silent.isEmpty && silent != gone {
                    log("no answer from \(silent.joined(separator: ", ")): goes on without")
                }
                gone = silent
                let present = hosts.without(silent)
                if present.total >= request.minRanks { return .found(present) }
                found =
                    "\(hostfile) has \(present.total) slots"
                    + (silent.isEmpty ? "" : " on hosts that answer")
            } catch {
                if incarnation == 0 {  // a mistake of the user, not a host that is gone
                    log("\(error)")
                    return .gaveUp(ExitStatus.error)
                }
                found = "\(error)"
            }
            if Date() >= deadline {
                log("\(found), and at least \(request.minRanks) are wanted: gave up; \(howToGoOn)")
                return .gaveUp(ExitStatus.jobFailed)
            }
            if found != told {
                log("\(found), waits for at least \(request.minRanks) (\(Launcher.seconds(request.slotWaitSeconds)))")
                told = found
            }
            pause(0.5)
            if let status = stoppedStatus { return .gaveUp(status) }
        }
    }

    /// Waits, unless a notice comes.
    private mutating func pause(_ seconds: Double) {
        let end = Date(timeIntervalSinceNow: seconds)
        while notice == nil, end.timeIntervalSinceNow > 0 {
            guard let signal = inbox.next(withinSeconds: end.timeIntervalSinceNow), signal != SIGCHLD else { continue }
            notice = .stop(signal: signal)
        }
    }

    /// nil also where all are damaged, which `train` refuses.
    private func newestCheckpoint() -> Checkpoint? { try? Checkpoint.newest(in: request.runFolder).checkpoint }

    // MARK: Words

    private func description(_ ending: Ending, _ checkpoint: Checkpoint?) -> String {
        switch ending {
        case .finished: return "finished"
        case .stopped: return "stopped by notice with \(place(checkpoint)); \(howToGoOn)"
        case .refused(let status): return "status \(status), an error that would come again, see above: not restarted"
        case .failed(let reason):
            let reached = max(checkpoint?.state.step ?? 0, RecordedMetrics.lastStep(in: request.runFolder) ?? 0)
            return "\(reason); step \(reached) was recorded, there is \(place(checkpoint))"
        }
    }

    private func place(_ checkpoint: Checkpoint?) -> String {
        checkpoint.map { "checkpoint \($0.name)" } ?? "no checkpoint"
    }

    private var howToGoOn: String {
        FileManager.default.fileExists(atPath: request.runFolder + "/config.yaml")
            ? "go on with: -- train --run \(request.runFolder) --resume auto" : "nothing was trained; start it again"
    }

    private static func seconds(_ value: Double) -> String { String(format: value < 10 ? "%.1f s" : "%.0f s", value) }
}
