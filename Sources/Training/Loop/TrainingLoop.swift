// The loop over epochs and steps: feeds the step, evaluates, asks the callbacks, reports. Every rank runs it with the same
// values and takes the same turns; only rank 0 writes. One epoch is in TrainingLoop+Epoch.

import Autograd
import Collectives
import DataParallel
import Datasets
import Foundation
import Hosts
import Layers
import Optimizers
import Profiling
import Streams
import Tensors
import Watchdog

/// One run of `fit`. The public face is `Model`.
final class TrainingLoop {
    let setup: TrainingSetup
    let step: TrainingStep
    let context: TrainingContext
    let recorder: RunRecorder?
    let sinks: MetricsSinks
    let timelines: RunTimelines
    private let team: WorkerTeam
    let evaluator: Evaluator
    let write: @Sendable (String) -> Void

    var cursor: RunCursor
    var history = History()
    /// Where and when the last checkpoint was taken, and whether one is due that waits for the epoch's end.
    var saves = SavePoints()
    /// Whether an earlier run's state, if there is one, was taken over.
    private var hasBegun = false
    /// Whether this rank has all of the optimizer's state, not only the slices that it updates.
    var stateIsWhole = false
    /// Says where the run goes on, and what is not as it was.
    var resumeNote: String?

    var options: FitOptions { setup.options }
    var world: World { setup.world }
    var status: RankStatus { setup.status }

    /// - Parameter write: takes what rank 0 shows.
    init(_ setup: TrainingSetup, write: @escaping @Sendable (String) -> Void) throws {
        let (world, status) = (setup.world, setup.status)
        team = WorkerTeam(size: setup.plan.threads, spins: setup.placement.parts != nil)
        timelines = try RunTimelines(
            setup.options.timing, network: setup.model.network, threads: setup.plan.threads,
            firstStep: setup.resumed?.state.step ?? setup.model.trained?.step ?? 0, world)
        step = try setup.makeStep(team, timelines)
        context = TrainingContext(isRankZero: world.rank == 0, weights: WeightsAccess(step))
        (context.metricNames, context.directions) = (setup.metricNames + ["learning_rate"], setup.directions)
        evaluator = Evaluator(
            team: team, communicator: world.communicator, status: status, timelines: timelines.threads)
        recorder = setup.settings.map {
            RunRecorder($0, monitor: setup.monitor, setup.options.faults) { status.mark() }
        }
        sinks = MetricsSinks(world.rank == 0 ? setup.options.sinks : []) { world.tell("warning: \($0)") }
        cursor = RunCursor(metricCount: setup.objective.sumCount)
        (self.setup, self.write) = (setup, write)
    }

    deinit { team.stop() }

    func run() throws -> History {
        // Whatever ends the run, the model keeps its weights when the memory of the ranks is gone.
        defer { setup.model.adopt(step, isWhole: hasBegun ? stateIsWhole : nil) }
        world.tell(shortage: step.reducer.shortage)
        try begin()
        hasBegun = true
        try status.during(world.rank == 0 ? .starting : .waiting) {
            try world.onRankZero { try recorder?.open(setup.columns, keepingRowsTo: lastRegularRow) }
        }
        history.runFolder = recorder?.path
        // Whatever ends the run, a checkpoint under way is finished.
        defer { recorder?.waitForWriter() }
        announce()
        let mask = occupyCores()
        defer { CoreSet.restore(mask) }
        context.epoch = cursor.epoch
        context.scheduledLearningRate = scheduledRate
        try call { try $0.trainBegin(context) }
        while cursor.epoch < options.epochs, !context.stopTraining, !isOutOfSteps || epochNeedsItsEnd { try runEpoch() }
        if saves.last.place != place { try saveCheckpoint() }
        history.stopReason = context.stopReason
        if let reason = context.stopReason, world.rank == 0, options.verbosity != .silent {
            write(world.words(reason) + "\n")
        }
        sinks.tell { try $0.runEnds() }
        // Rank 0 waits for the checkpoint to be on the disk, and the others for rank 0.
        try status.during(world.rank == 0 ? .saving : .waiting) {
            try world.onRankZero { try recorder?.finish(summary: summary) }
        }
        try reportTimes()
        // After the last checkpoint, with which the run may go on: the model is the caller's, e.g. with the best weights.
        try call { try $0.trainEnd(context) }
        // The next fit may be on other ranks.
        try status.during(.waiting) { try gatherState() }
        return history
    }

    /// Tells what begins, on the terminal and to the sinks.
    private func announce() {
        guard world.rank == 0 else { return }
        if options.verbosity != .silent {
            write([headline, resumeNote, scheduleNote].compactMap { $0 }.joined(separator: "\n") + "\n")
        }
        let run = RunDescription(
            columns: setup.columns.names, headline: headline, folder: recorder?.path, firstStep: step.state.step)
        sinks.tell { try $0.runBegins(run) }
        for warning in warnings + (setup.placement.warning.map { [$0] } ?? []) {
            StandardStream.error.write("warning: \(world.words(warning))\n")
        }
    }

    /// Keeps every thread on cores of its own.
    ///
    /// - Returns: where this thread, which goes on after the run, was allowed before.
    private func occupyCores() -> CoreSet.Mask? {
        guard let parts = setup.placement.parts?[world.rank] else { return nil }
        let mask = CoreSet.restrictThread(to: parts[0])
        team.run { thread in if thread > 0 { _ = CoreSet.restrictThread(to: parts[thread]) } }
        return mask
    }

    /// Shows and writes what profile and trace were asked for.
    private func reportTimes() throws {
        let profile = try timelines.makeProfile(world.communicator)
        if let profile, options.verbosity != .silent { write(profile.text) }
        try world.onRankZero { if let profile { try recorder?.writeProfile(profile) } }
        try timelines.writeTrace(world)
    }

    var isOutOfSteps: Bool { options.maxSteps.map { step.state.step >= $0 } ?? false }

    /// Whether all batches of the epoch are done, but not its evaluation: the run was stopped there.
    private var epochNeedsItsEnd: Bool { cursor.batchInEpoch == setup.batchesPerEpoch }

    /// Whether the present step has a metrics row besides that of its epoch.
    var isLogged: Bool { options.logEveryNSteps > 0 && step.state.step % options.logEveryNSteps == 0 }

    /// Whether the present step is followed by an evaluation besides that of its epoch.
    var isValidated: Bool {
        options.validateEveryNSteps > 0 && setup.validation != nil && step.state.step % options.validateEveryNSteps == 0
    }

    /// The last step whose row a resumed run keeps: the row of an epoch that was interrupted is not among those of an
    /// uninterrupted run.
    private var lastRegularRow: Int {
        cursor.batchInEpoch > 0 && !isLogged && !isValidated ? step.state.step - 1 : step.state.step
    }

    /// The schedule's rate at this step, as the decimal number it was written as.
    var scheduledRate: Double {
        let rate = setup.model.optimizer.learningRate.rate(at: step.state.step)
        return Double("\(rate)") ?? Double(rate)
    }

    private var summary: String {
        let metrics = cursor.lastMetrics.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        let skipped = cursor.skippedBefore + skippedSteps
        return
            ([headline, "steps: \(step.state.step)", "epochs: \(cursor.epoch)"]
            + (skipped > 0 ? ["steps without an update: \(skipped)"] : []) + metrics
            + ["fingerprint: \(step.reducer.parameters.fingerprint)"]).joined(separator: "\n") + "\n"
    }
}
