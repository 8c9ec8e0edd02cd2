// Rank 0's writing into the run folder. It is handed no communicator.

import Autograd
import Foundation
import Optimizers

/// Metrics, checkpoints and summary of a run.
final class RunRecorder {
    let settings: RunSettings
    private let faults: FaultPlan
    private var folder: RunFolder?

    init(_ settings: RunSettings, _ faults: FaultPlan) { (self.settings, self.faults) = (settings, faults) }

    /// Makes the folder, or goes on in it: rows after `step` are dropped: the run writes them again.
    func open(resuming: Bool, keepingRowsTo step: Int) throws {
        folder = try RunFolder.create(
            settings.folder, configuration: settings.configuration, resuming: isSameRun)
        if resuming { try folder?.truncateMetrics(afterStep: step) }
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
    private static func plain(_ path: String) -> String { URL(filePath: path).resolvingSymlinksInPath().path }

    func append(_ row: MetricsRow) throws { try folder?.append(row, faults: faults) }

    func writeSummary(_ text: String) throws { try folder?.writeSummary(text) }

    func writeProfile(_ profile: StepProfile) throws {
        try folder?.writeProfile(text: profile.text, json: try profile.json)
    }

    func save(_ state: CheckpointState, _ step: TrainingStep, isBest: Bool) throws {
        let checkpoint = try Checkpoint.write(
            state, parameters: step.reducer.parameters, optimizer: step.state, in: settings.folder, faults: faults)
        try Checkpoint.link("last", to: checkpoint)
        faults.reach(.links)
        if isBest { try Checkpoint.link("best", to: checkpoint) }
        faults.reach(.prune)
        Checkpoint.prune(in: settings.folder, keepLast: settings.keepLast, keep: [], faults: faults)
    }
}
