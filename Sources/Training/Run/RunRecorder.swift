// Rank 0's writing into the run folder. It is handed no communicator. What can't be written ends no run: it is told, and
// tried again at the next save point and at the end.

import Autograd
import Checkpoints
import Foundation
import Optimizers
import Profiling
import Streams

/// Metrics, checkpoints and summary of a run.
final class RunRecorder {
    let settings: RunSettings
    private let faults: FaultPlan
    /// Told as a long save gets on, so that a slow disk is not taken for a stall.
    private let progress: @Sendable () -> Void
    private let monitor: Monitor
    private var folder: RunFolder?
    private var writer: CheckpointWriter?
    /// Told once until rows can be written again.
    private var metricsFailure: CheckpointError?
    /// Why the run was asked to stop.
    private var stopCause: CheckpointError?

    init(
        _ settings: RunSettings, monitor: Monitor, _ faults: FaultPlan, progress: @escaping @Sendable () -> Void
    ) {
        (self.settings, self.monitor, self.faults, self.progress) = (settings, monitor, faults, progress)
    }

    /// Makes the folder, or goes on in it: rows after `step` are dropped, the run writes them again.
    func open(_ columns: MetricsColumns, keepingRowsTo step: Int) throws {
        let (settings, monitor, faults, progress) = (settings, monitor, faults, progress)
        let folder = try RunFolder.create(
            settings.folder, configuration: settings.configuration, columns: columns, resuming: isSameRun,
            takesNextName: settings.takesNextName, warn: settings.warn)
        try folder.truncateMetrics(afterStep: step)
        self.folder = folder
        let known = KnownCheckpoints()
        writer = CheckpointWriter { (snapshot) throws(CheckpointError) in
            do throws(CheckpointError) {
                try RunRecorder.save(snapshot, folder, known, settings.checkpoints, monitor, faults, progress)
            } catch {
                settings.warn("a checkpoint could not be written: \(error); earlier checkpoints are whole")
                throw error
            }
        }
    }

    /// Whether a run in the folder is the one that goes on, and not a stranger to the checkpoint given.
    private var isSameRun: Bool {
        switch settings.resume {
        case .never: false
        case .automatic: true
        case .from(let path): (RunRecorder.plain(path) + "/").hasPrefix(RunRecorder.plain(settings.folder) + "/")
        }
    }

    /// The absolute path without links.
    private static func plain(_ path: String) -> String {
        URL(filePath: expandingHome(path)).resolvingSymlinksInPath().path
    }

    /// Appends a row, or keeps it for later.
    func append(_ row: MetricsRow) {
        do throws(CheckpointError) {
            try folder?.append(row, faults: faults)
            metricsFailure = nil
        } catch {
            if metricsFailure == nil {
                settings.warn("metrics could not be written: \(error); their rows are kept until they can")
            }
            metricsFailure = error
        }
    }

    /// Whether a failure asks all ranks to stop.
    var wantsStop: Bool {
        let failures = [writer?.failure, metricsFailure].compactMap { $0 }
        stopCause = stopCause ?? failures.first(where: \.isTakenOver)
        if settings.checkpoints.onError == .stop { stopCause = stopCause ?? writer?.failure }
        return stopCause != nil
    }

    func writeProfile(_ profile: StepProfile) throws {
        try folder?.writeProfile(text: profile.text, json: try profile.json)
    }

    /// Copies the present moment, after waiting for the former save, and begins to write it.
    func save(_ state: CheckpointState, _ step: TrainingStep, callbackWeights: [(name: String, values: [Float])]) {
        writer?.start { snapshot in
            snapshot.take(
                state, parameters: step.reducer.parameters, optimizer: step.state, callbackWeights: callbackWeights,
                preparation: settings.preparation)
            faults.reach(.snapshot)
        }
        if settings.checkpoints.mode == .sync { waitForWriter() }
    }

    func waitForWriter() { writer?.wait() }

    /// Where the run's files are, once it is open.
    var path: String? { folder?.path }

    /// Ends the run's files, with one more attempt at what could not be written.
    ///
    /// A summary that can't be written is told and no more: metrics and checkpoints hold all of it.
    ///
    /// - Throws: `CheckpointError` when that fails too, or when a failure has stopped the run.
    func finish(summary: String) throws(CheckpointError) {
        waitForWriter()
        if let failure = writer?.failure, !failure.isTakenOver {
            writer?.again()
            waitForWriter()
        }
        if let failure = writer?.failure {
            if failure.isTakenOver { throw failure }
            throw CheckpointError("the run's last checkpoint could not be written: \(failure)")
        }
        if let stopCause {
            throw CheckpointError(
                "stopped since a checkpoint could not be written: \(stopCause); a last attempt has succeeded, go on "
                    + "with `resume: .automatic`")
        }
        try folder?.writeMetrics()
        do throws(CheckpointError) { try folder?.writeSummary(summary) } catch {
            if error.isTakenOver { throw error }
            settings.warn("the summary could not be written: \(error); metrics and checkpoints are whole")
        }
    }

    /// On the writer's thread.
    private static func save(
        _ snapshot: CheckpointSnapshot, _ folder: RunFolder, _ known: KnownCheckpoints, _ policy: CheckpointPolicy,
        _ monitor: Monitor, _ faults: FaultPlan, _ progress: () -> Void
    ) throws(CheckpointError) {
        try folder.claim()
        // A checkpoint never outlives the rows that lead to it.
        try folder.syncMetrics()
        let checkpoint = try snapshot.write(
            in: folder.path, faults: faults, progress: progress
        ) { () throws(CheckpointError) in try folder.claim() }
        known.add(checkpoint)
        try folder.claim()
        let best = Checkpoint.best(in: folder.path, monitor, known)
        folder.link(last: checkpoint, best: policy.keepBest > 0 ? best.first : nil, faults)
        faults.reach(.prune)
        Checkpoint.prune(
            in: folder.path, keepLast: policy.keepLast, keep: Set(best.prefix(policy.keepBest).map(\.name)), known,
            faults: faults)
    }
}
