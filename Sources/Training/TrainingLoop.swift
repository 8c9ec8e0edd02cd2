// The loop over epochs and steps: shuffles, feeds the step, evaluates, asks the callbacks, reports. Every rank runs it
// with the same values and takes the same turns; only rank 0 writes.

import Autograd
import Collectives
import DataParallel
import Datasets
import Foundation
import Layers
import Optimizers
import Streams
import Tensors

/// One run of `fit`. The public face is `Model`.
final class TrainingLoop {
    let model: Model
    let data: Samples
    let validation: Samples?
    let options: FitOptions
    let callbacks: [any Callback]
    let world: World
    let settings: RunSettings?
    let batchSize: Int
    let plan: ShardPlan
    let step: TrainingStep
    let context: TrainingContext
    let recorder: RunRecorder?
    private let team: WorkerTeam
    /// Where this rank is, for its watchdog.
    let status: RankStatus
    private let evaluator: Evaluator
    let timelines: RunTimelines
    private let placement: CorePlacement
    private let write: @Sendable (String) -> Void

    /// Where it goes on from a checkpoint.
    let resumed: ResumePoint?
    /// Where this run began; with an earlier `fit` of the model not at 0.
    var firstStep = 0
    var epoch = 0
    var batchInEpoch = 0
    /// Sums over the unfinished epoch.
    var sums = EpochSums()
    var history = History()
    /// Those of the last finished epoch, be it of an earlier process.
    var lastMetrics: [String: Double] = [:]
    /// Steps of finished epochs whose update was skipped.
    var skippedBefore = 0
    /// The hashes of the data for checkpoints, taken once; nil where none are written.
    let dataHash: Fingerprint?
    let validationHash: Fingerprint?
    /// Where the last checkpoint was taken.
    var lastSave = SavePoint()
    /// Whether one is due that waits for the epoch's end.
    var saveIsDue = false
    /// Whether any rank has a `TerminateOnNaN`: what is not finite, all ranks judge alike.
    let terminatesOnNaN: Bool
    /// Whether an earlier run's state, if there is one, was taken over.
    private var hasBegun = false
    /// Whether this rank has all of the optimizer's state, not only the slices that it updates.
    var stateIsWhole = false
    /// Says where the run goes on, and what is not as it was.
    var resumeNote: String?

    init(
        model: Model, data: Samples, validation: Samples?, options: FitOptions, callbacks: [any Callback],
        world: World, settings: RunSettings?, status: RankStatus, write: @escaping @Sendable (String) -> Void
    ) throws {
        if let defect = model.optimizer.defect { throw TrainingError(defect) }
        let batchSize = try options.batchSize.resolved(count: data.count)
        let network = model.network
        try model.check(data)
        let paths = network.allParameters().map(\.path)
        if let defect = options.augmentation.defect(sample: data.inputShape)
            ?? model.optimizer.defect(forPaths: paths)
        {
            throw TrainingError(defect)
        }
        if let validation {
            do { try model.check(validation) } catch { throw TrainingError("validation data: \(error)") }
        }
        if world.size > 1 {
            let facts = ReplicaAgreement.platform(world.communicator)
            let agreement = try TrainingLoop.agreement(model, data, validation, options, settings)
            try status.during(.waiting) { try ReplicaAgreement(agreement.facts + facts).check(world.communicator) }
        }
        resumed = try ResumePoint.find(settings, world)
        let places = try world.places()
        let plan = try TrainingLoop.makePlan(options, batchSize, resumed?.state.shards, places, world)
        if let defect = BatchStatistics(of: network).defect(plan, batchSize: batchSize) { throw TrainingError(defect) }
        placement = CorePlacement(places, threads: plan.threads)
        let team = WorkerTeam(size: plan.threads, spins: placement.parts != nil)
        timelines = try RunTimelines(
            options.timing, network: network, threads: plan.threads,
            firstStep: resumed?.state.step ?? model.trained?.step ?? 0, world)
        let names = model.metrics.isEmpty ? ["loss"] : ["loss", "accuracy"]
        let metricNames = (validation == nil ? [] : names.map { "val_" + $0 }) + names
        let monitor = try (settings?.checkpoints ?? CheckpointPolicy())
            .check(metrics: metricNames)
        terminatesOnNaN =
            try world.communicator.allReduce([callbacks.contains { $0 is TerminateOnNaN } ? 1 : 0], .maximum)[0] > 0
        // Nothing throws from here on: what the ranks share is left in order by `run`.
        let reducer = try GradientReducer(
            plan: plan, communicator: world.communicator, team: team, hostOf: world.hostOf, status: status,
            timelines: timelines.threads, exchangeTimeline: timelines.exchange
        ) {
            try network.makeParameterBuffer(input: data.inputShape, seed: options.seed, allocate: $0)
        }
        step = TrainingStep(
            reducer: reducer, team: team, optimizer: model.optimizer, seed: options.seed,
            onNonFinite: options.onNonFinite, augmentation: options.augmentation,
            isAllOrNothing: network.readsIndices || terminatesOnNaN, timelines: timelines.threads,
            objective: model.loss.objective(network))
        context = TrainingContext(isRankZero: world.rank == 0, weights: WeightsAccess { reducer.parameters })
        context.metricNames = metricNames + ["learning_rate"]
        evaluator = Evaluator(
            network: network, team: team, communicator: world.communicator, status: status,
            timelines: timelines.threads)
        recorder = settings.map {
            RunRecorder($0, monitor: monitor, options.faults) { status.mark() }
        }
        dataHash = settings == nil ? nil : data.fingerprint
        validationHash = settings == nil ? nil : validation?.fingerprint
        (self.model, self.data, self.validation, self.options) = (model, data, validation, options)
        (self.callbacks, self.world, self.settings, self.plan) = (callbacks, world, settings, plan)
        (self.batchSize, self.team, self.status, self.write) = (batchSize, team, status, write)
    }

    deinit { team.stop() }

    var batchesPerEpoch: Int {
        min((data.count + batchSize - 1) / batchSize, options.limitTrainBatches ?? Int.max)
    }

    // MARK: The run

    func run() throws -> History {
        // Whatever ends the run, the model keeps its weights when the memory of the ranks is gone.
        defer { model.adopt(step, isWhole: hasBegun ? stateIsWhole : nil) }
        world.tell(shortage: step.reducer.shortage)
        try begin()
        hasBegun = true
        try status.during(world.rank == 0 ? .starting : .waiting) {
            try world.onRankZero { try recorder?.open(keepingRowsTo: lastRegularRow) }
        }
        history.runFolder = recorder?.path
        // Whatever ends the run, a checkpoint under way is finished.
        defer { recorder?.waitForWriter() }
        if options.verbosity != .silent && world.rank == 0 {
            write([headline, resumeNote, scheduleNote].compactMap { $0 }.joined(separator: "\n") + "\n")
        }
        let mask = occupyCores()
        defer { CoreSet.restore(mask) }
        context.epoch = epoch
        context.scheduledLearningRate = scheduledRate
        try call { try $0.trainBegin(context) }
        while epoch < options.epochs, !context.stopTraining, !isOutOfSteps || epochNeedsItsEnd { try runEpoch() }
        if lastSave.place != place { try saveCheckpoint() }
        history.stopReason = context.stopReason
        if let reason = context.stopReason, world.rank == 0, options.verbosity != .silent { write(reason + "\n") }
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

    /// Says what is likely not meant so, and keeps every thread on cores of its own.
    ///
    /// - Returns: where this thread, which goes on after the run, was allowed before.
    private func occupyCores() -> CoreSet.Mask? {
        if world.rank == 0 {
            for warning in warnings + (placement.warning.map { [$0] } ?? []) {
                StandardStream.error.write("warning: \(warning)\n")
            }
        }
        guard let parts = placement.parts?[world.rank] else { return nil }
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

    private var isOutOfSteps: Bool { options.maxSteps.map { step.state.step >= $0 } ?? false }

    /// Whether all batches of the epoch are done, but not its evaluation: the run was stopped there.
    private var epochNeedsItsEnd: Bool { batchInEpoch == batchesPerEpoch }

    /// Whether the present step has a metrics row besides that of its epoch.
    private var isLogged: Bool { options.logEveryNSteps > 0 && step.state.step % options.logEveryNSteps == 0 }

    /// The last step whose row a resumed run keeps: the row of an epoch that was interrupted is not among those of an
    /// uninterrupted run.
    private var lastRegularRow: Int { batchInEpoch > 0 && !isLogged ? step.state.step - 1 : step.state.step }

    private func runEpoch() throws {
        let order = sampleOrder(epoch: epoch)
        var progress = ProgressReporter(
            style: progressStyle, epochs: options.epochs, batchesPerEpoch: batchesPerEpoch, write: write)
        context.epoch = epoch
        status.begin(epoch: epoch + 1)
        status.enter(.callbacks)
        context.scheduledLearningRate = scheduledRate
        if batchInEpoch == 0 { try call { try $0.epochBegin(context) } }
        if try agree() {
            // Nothing has happened since the last checkpoint.
            history.isInterrupted = !context.stopTraining
            context.stopTraining = true
            return
        }
        progress.beginEpoch(epoch, batchesDone: batchInEpoch)
        let start = monotonicSeconds()
        let (secondsBefore, samplesBefore) = (step.seconds, sums.samples)
        var stopped = false
        while batchInEpoch < batchesPerEpoch, !stopped, !isOutOfSteps {
            let done = step.state.step
            stopped = try runStep(order)
            if step.state.step == done { break }
            saveIsDue = saveIsDue || isSaveStep
            progress.step(batchInEpoch, metrics: sums.metrics(model.metrics))
            if isLogged {
                try record(sums.metrics(model.metrics), nil, start, secondsBefore, samplesBefore)
            }
            if saveIsDue, batchInEpoch < batchesPerEpoch { try saveCheckpoint() }
        }
        let trained = (monotonicSeconds() - start, step.seconds.since(secondsBefore))
        if batchInEpoch == batchesPerEpoch, sums.samples == 0, !context.stopTraining {
            throw TrainingError(
                "every step of epoch \(epoch + 1) was skipped, since no loss or gradient was finite: the run has "
                    + "diverged. The earlier checkpoints are kept. Try a smaller --learning-rate, or --clip-norm 1")
        }
        let finished = try batchInEpoch == batchesPerEpoch && sums.samples > 0 && weightsAreFinite()
        timelines.first?.begin(.epochEnd)
        defer { timelines.first?.end() }
        let evaluation = finished ? try evaluate() : nil
        // Abandoned by all ranks: the resumed run does it again.
        let isAbandoned = finished && validation != nil && evaluation == nil
        let metrics = sums.metrics(model.metrics)
        progress.endEpoch(
            batchesDone: batchInEpoch, seconds: monotonicSeconds() - start,
            metrics: metrics + evaluation.metrics)
        if finished && !isAbandoned || !finished && !isLogged && sums.samples > samplesBefore {
            try record(metrics, evaluation, monotonicSeconds() - trained.0, secondsBefore, samplesBefore)
        }
        if finished && !isAbandoned {
            try endEpoch(metrics, evaluation)
            if saveIsDue || isSaveEpoch { try saveCheckpoint() }
        }
        status.enter(.reporting)
        if try agree() || stopped || isAbandoned {
            // If it was no rank's callback, some rank was asked to stop from outside.
            history.isInterrupted = !context.stopTraining && epoch < options.epochs
            context.stopTraining = true
        }
    }

    /// Loss and accuracy on the validation data; nil without such data, and when a rank was asked to stop.
    private func evaluate() throws -> Evaluation? {
        guard let validation else { return nil }
        // A callback's wish to stop waits for the epoch's end.
        return try timelines.first.record(.evaluation) {
            try status.during(.evaluation) {
                options.faults.reach(.evaluate)
                return try evaluator.evaluate(
                    validation, loss: model.loss, metrics: model.metrics, wantsStop: options.stopRequested)
            }
        }
    }

    /// True when the epoch ends with this step, since a rank asked for it or `TerminateOnNaN` did.
    private func runStep(_ order: [Int32]) throws -> Bool {
        context.scheduledLearningRate = scheduledRate
        let rest = order.dropFirst(batchInEpoch * batchSize)
        let (number, batch) = (step.state.step + 1, rest.prefix(batchSize))
        stateIsWhole = false
        let report = try step.run(
            known: batch, of: data, next: rest.dropFirst(batchSize).prefix(batchSize),
            learningRate: Float(context.learningRate), votes: votes)
        let endsRun = report.isSkipped ? try judge(batch, step: number) : false
        if !report.isSkipped { sums.add(report) }
        if step.state.step == number { batchInEpoch += 1 }
        if endsRun { return true }
        context.step = step.state.step
        context.metrics = ["loss": report.lossSum / Double(report.samples), "learning_rate": context.learningRate]
        status.enter(.callbacks)
        options.faults.reach(.step, number: context.step) { step.flipLowestBit() }
        timelines.stepIsDone()
        if options.verifyEvery > 0, step.state.step % options.verifyEvery == 0 { try verifyReplicas() }
        for callback in callbacks { try callback.stepEnd(context) }
        status.enter(.reporting)
        if report.votes.contains(.save) { saveIsDue = true }
        return report.votes.contains(.stop)
    }

    private var votes: StepVotes {
        var votes: StepVotes = []
        if context.stopTraining || options.stopRequested() || recorder?.wantsStop ?? false { votes.insert(.stop) }
        if world.rank == 0, isSaveMinute { votes.insert(.save) }
        return votes
    }

    private func endEpoch(_ metrics: [(String, Double)], _ evaluation: Evaluation?) throws {
        var row = Dictionary(uniqueKeysWithValues: metrics + evaluation.metrics)
        row["learning_rate"] = context.learningRate
        if skippedSteps > 0 { row["skipped_steps"] = Double(skippedSteps) }
        skippedBefore += skippedSteps
        context.metrics = row
        lastMetrics = row
        history.epochs.append(row)
        status.enter(.callbacks)
        try call { try $0.epochEnd(context) }
        _ = try agree()
        epoch += 1
        batchInEpoch = 0
        sums = EpochSums()
    }

    /// The schedule's rate at this step, as the decimal number it was written as.
    private var scheduledRate: Double {
        let rate = model.optimizer.learningRate.rate(at: step.state.step)
        return Double("\(rate)") ?? Double(rate)
    }

    /// The order of samples in an epoch: a Fisher-Yates shuffle drawn from (seed, epoch, first step), equal on every rank,
    /// and another one in every `fit` of a model.
    private func sampleOrder(epoch: Int) -> [Int32] {
        var order = (0..<Int32(data.count)).map { $0 }
        guard options.shuffle else { return order }
        var random = RandomStream(
            seed: options.seed, purpose: .shuffle, a: UInt32(epoch), b: UInt32(truncatingIfNeeded: firstStep))
        for index in stride(from: data.count - 1, to: 0, by: -1) {
            order.swapAt(index, random.integer(below: index + 1))
        }
        return order
    }

    // MARK: Reporting

    private func record(
        _ metrics: [(String, Double)], _ evaluation: Evaluation?, _ start: Double, _ secondsBefore: PhaseSeconds,
        _ samplesBefore: Int
    ) throws {
        guard let recorder, world.rank == 0 else { return }
        let seconds = step.seconds.since(secondsBefore)
        let values = Dictionary(uniqueKeysWithValues: metrics)
        recorder.append(
            MetricsRow(
                epoch: epoch + 1, step: step.state.step, loss: values["loss"], accuracy: values["accuracy"],
                valLoss: evaluation?.loss, valAccuracy: evaluation?.accuracy,
                learningRate: context.learningRate,
                samplesPerSecond: Double(sums.samples - samplesBefore) / max(1e-9, monotonicSeconds() - start),
                dataSeconds: seconds.data, forwardSeconds: seconds.forward, backwardSeconds: seconds.backward,
                communicationSeconds: seconds.communication, updateSeconds: seconds.update,
                fingerprint: step.reducer.parameters.fingerprint))
    }

    private var progressStyle: ProgressReporter.Style {
        guard world.rank == 0, options.verbosity != .silent else { return .silent }
        if options.verbosity == .progress, let columns = options.terminalColumns { return .live(columns: columns) }
        return .plain
    }

    private var summary: String {
        let metrics = lastMetrics.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        return
            ([headline, "steps: \(step.state.step)", "epochs: \(epoch)"] + skippedText + metrics
            + ["fingerprint: \(step.reducer.parameters.fingerprint)"]).joined(separator: "\n") + "\n"
    }

    private var skippedText: [String] {
        let skipped = skippedBefore + skippedSteps
        return skipped > 0 ? ["steps without an update: \(skipped)"] : []
    }
}
