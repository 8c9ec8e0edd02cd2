// One epoch: its steps, its validation, its row of metrics, its checkpoint.

import Autograd
import Datasets
import Streams
import Tensors

extension TrainingLoop {
    func runEpoch() throws {
        let order = SampleOrder(
            count: setup.data.count, seed: options.seed, epoch: cursor.epoch, firstStep: cursor.firstStep,
            shuffles: options.shuffle)
        var progress = ProgressReporter(
            style: progressStyle, epochs: options.epochs, batchesPerEpoch: setup.batchesPerEpoch, write: write)
        guard try beginEpoch() else { return }
        progress.beginEpoch(cursor.epoch, batchesDone: cursor.batchInEpoch)
        var clock = EpochClock(step.seconds, samples: cursor.sums.samples)
        let stopped = try runSteps(order, &progress, clock)
        clock.pause(step.seconds)
        if cursor.batchInEpoch == setup.batchesPerEpoch, cursor.sums.samples == 0, !context.stopTraining {
            throw TrainingError(
                "every step of epoch \(cursor.epoch + 1) was skipped, since no loss or gradient was finite: the run has "
                    + "diverged. The earlier checkpoints are kept. Try a smaller `learningRate`, or `clipNorm: 1`",
                .diverged(step: step.state.step))
        }
        let finished =
            try cursor.batchInEpoch == setup.batchesPerEpoch && cursor.sums.samples > 0 && weightsAreFinite()
        timelines.first?.begin(.epochEnd)
        defer { timelines.first?.end() }
        let evaluation = finished ? try evaluate() : nil
        // Abandoned by all ranks: the resumed run does it again.
        let isAbandoned = finished && setup.validation != nil && evaluation == nil
        let metrics = cursor.sums.values(setup.objective)
        progress.endEpoch(
            batchesDone: cursor.batchInEpoch, seconds: clock.seconds, metrics: metrics + validationMetrics(evaluation))
        if finished && !isAbandoned || !finished && !isLogged && cursor.sums.samples > clock.samples {
            record(metrics + validationMetrics(evaluation), clock)
        }
        if finished && !isAbandoned {
            try endEpoch(metrics + validationMetrics(evaluation))
            if saves.isDue || isSaveEpoch { try saveCheckpoint() }
        }
        status.enter(.reporting)
        if try agree() || stopped || isAbandoned {
            // If it was no rank's callback, some rank was asked to stop from outside.
            history.isInterrupted = !context.stopTraining && cursor.epoch < options.epochs
            context.stopTraining = true
        }
    }

    /// - Returns: whether it goes on: no rank wants to stop here.
    private func beginEpoch() throws -> Bool {
        context.epoch = cursor.epoch
        status.begin(epoch: cursor.epoch + 1)
        status.enter(.callbacks)
        context.scheduledLearningRate = scheduledRate
        if cursor.batchInEpoch == 0 { try call { try $0.epochBegin(context) } }
        guard try agree() else { return true }
        // Nothing has happened since the last checkpoint.
        history.isInterrupted = !context.stopTraining
        context.stopTraining = true
        return false
    }

    /// - Returns: whether a rank asked to stop.
    private func runSteps(_ order: SampleOrder, _ progress: inout ProgressReporter, _ clock: EpochClock) throws -> Bool
    {
        var stopped = false
        var batch = order[batch: cursor.batchInEpoch, of: setup.batchSize]
        while cursor.batchInEpoch < setup.batchesPerEpoch, !stopped, !isOutOfSteps {
            let done = step.state.step
            let next = order[batch: cursor.batchInEpoch + 1, of: setup.batchSize]
            stopped = try runStep(batch, next)
            batch = next
            if step.state.step == done { break }
            saves.isDue = saves.isDue || isSaveStep
            progress.step(cursor.batchInEpoch, metrics: cursor.sums.values(setup.objective))
            // At an epoch's last step its end does both.
            let isLast = cursor.batchInEpoch == setup.batchesPerEpoch
            let evaluation = isValidated && !isLast && !stopped ? try evaluate() : nil
            if isLogged || evaluation != nil {
                record(cursor.sums.values(setup.objective) + validationMetrics(evaluation), clock)
            }
            if saves.isDue, !isLast { try saveCheckpoint() }
        }
        return stopped
    }

    /// True when the epoch ends with this step, since a rank asked for it or `TerminateOnNaN` did.
    private func runStep(_ batch: ArraySlice<Int>, _ next: ArraySlice<Int>) throws -> Bool {
        context.scheduledLearningRate = scheduledRate
        if !setup.callbacks.isEmpty {
            status.enter(.callbacks)
            for callback in setup.callbacks { try callback.stepBegin(context) }
        }
        let number = step.state.step + 1
        let penalty = step.parameters.penalty
        stateIsWhole = false
        let report = try step.run(
            known: batch, of: setup.data, next: next, learningRate: Float(context.learningRate), votes: votes)
        let endsRun = report.isSkipped ? try judge(batch, report.denominator, step: number) : false
        if !report.isSkipped { cursor.sums.add(report, penalty: penalty) }
        if step.state.step == number { cursor.batchInEpoch += 1 }
        if endsRun { return true }
        context.step = step.state.step
        context.metrics = [
            "loss": (report.denominator > 0 ? report.lossSum / report.denominator : 0) + penalty,
            "learning_rate": context.learningRate,
        ]
        status.enter(.callbacks)
        options.faults.reach(.step, number: context.step) { step.flipLowestBit() }
        timelines.stepIsDone()
        if options.verifyEvery > 0, step.state.step % options.verifyEvery == 0 { try verifyReplicas() }
        for callback in setup.callbacks { try callback.stepEnd(context) }
        status.enter(.reporting)
        if report.votes.contains(.save) { saves.isDue = true }
        return report.votes.contains(.stop)
    }

    private var votes: StepVotes {
        var votes: StepVotes = []
        if context.stopTraining || options.stopRequested() || recorder?.wantsStop ?? false { votes.insert(.stop) }
        if world.rank == 0, isSaveMinute { votes.insert(.save) }
        return votes
    }

    /// Loss and metrics on the validation data; nil without such data, and when a rank was asked to stop.
    private func evaluate() throws -> Evaluation? {
        guard let validation = setup.validation else { return nil }
        status.enter(.callbacks)
        try call { try $0.validationBegin(context) }
        // A callback's wish to stop waits for the epoch's end.
        let evaluation = try timelines.first.record(.evaluation) {
            try status.during(.evaluation) {
                options.faults.reach(.evaluate)
                return try step.withAverages {
                    try evaluator.evaluate(
                        validation, setup.evaluated, metrics: setup.model.metrics, reduction: options.lossReduction,
                        penalty: step.parameters.penalty, wantsStop: options.stopRequested)
                }
            }
        }
        guard let evaluation else { return nil }
        for (name, value) in validationMetrics(evaluation) { context.metrics[name] = value }
        status.enter(.callbacks)
        try call { try $0.validationEnd(context) }
        return evaluation
    }

    private func validationMetrics(_ evaluation: Evaluation?) -> [(String, Double)] {
        evaluation?.all.map { ("val_" + $0.name, $0.value) } ?? []
    }

    private func endEpoch(_ metrics: [(String, Double)]) throws {
        var row = Dictionary(metrics, uniquingKeysWith: { $1 })
        row["learning_rate"] = context.learningRate
        if skippedSteps > 0 { row["skipped_steps"] = Double(skippedSteps) }
        cursor.skippedBefore += skippedSteps
        context.metrics = row
        cursor.lastMetrics = row
        history.epochs.append(row)
        status.enter(.callbacks)
        try call { try $0.epochEnd(context) }
        _ = try agree()
        cursor.endEpoch()
    }

    /// A row of metrics, for the run's files and the sinks.
    private func record(_ metrics: [(String, Double)], _ clock: EpochClock) {
        guard world.rank == 0, recorder != nil || !options.sinks.isEmpty else { return }
        let row = MetricsRow(
            epoch: cursor.epoch + 1, step: step.state.step, metrics: Dictionary(metrics, uniquingKeysWith: { $1 }),
            learningRate: context.learningRate,
            samplesPerSecond: Double(cursor.sums.samples - clock.samples) / max(1e-9, clock.trainedSeconds),
            seconds: (clock.atPause ?? step.seconds).since(clock.before), fingerprint: step.parameters.fingerprint)
        recorder?.append(row)
        sinks.tell { try $0.write(row) }
    }

    private var progressStyle: ProgressReporter.Style {
        guard world.rank == 0, options.verbosity != .silent else { return .silent }
        if options.verbosity == .progress, let columns = options.terminalColumns { return .live(columns: columns) }
        return .plain
    }
}

/// What an epoch's rows need to know of its begin.
private struct EpochClock {
    private let start = monotonicSeconds()
    private var end: Double?
    let before: PhaseSeconds
    private(set) var atPause: PhaseSeconds?
    /// Those that an earlier process did.
    let samples: Int

    init(_ before: PhaseSeconds, samples: Int) { (self.before, self.samples) = (before, samples) }

    /// The steps are done; what follows is no training.
    mutating func pause(_ seconds: PhaseSeconds) { (end, atPause) = (monotonicSeconds(), seconds) }

    var seconds: Double { monotonicSeconds() - start }
    var trainedSeconds: Double { (end ?? monotonicSeconds()) - start }
}

extension SampleOrder {
    /// The samples of a batch of the epoch; the last may be shorter, and beyond it there are none.
    fileprivate subscript(batch number: Int, of size: Int) -> ArraySlice<Int> {
        let first = min(count, number * size)
        return (first..<min(count, first + size)).map { self[$0] }[...]
    }
}
