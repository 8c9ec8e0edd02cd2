// Saving a run so that another layout can go on with it, and going on.

import Autograd
import Checkpoints
import Collectives
import Foundation
import Hosts
import Streams
import Tensors

extension TrainingLoop {
    /// Begins to write a checkpoint of the present moment. Collective: the optimizer's state lies in slices on all ranks.
    func saveCheckpoint() throws {
        saves = SavePoints(last: SavePoint(place: place, seconds: monotonicSeconds()))
        guard try weightsAreFinite(), let recorder else { return }
        let former = status.enter(world.rank == 0 ? .saving : .waiting)
        timelines.first?.begin(.checkpoint)
        defer {
            timelines.first?.end()
            status.enter(former)
        }
        if options.verifyEvery > 0 { try verifyReplicas() }
        try gatherState()
        guard world.rank == 0 else { return }
        let weights = setup.callbacks.enumerated().compactMap { index, callback in
            callback.savedWeights.map { (name: "\(index).\(callback.name)", values: $0) }
        }
        recorder.save(checkpointState(recorder.settings), step, callbackWeights: weights)
    }

    /// Where the run is.
    var place: SavePoint.Place { .init(step: step.state.step, epoch: cursor.epoch, batchInEpoch: cursor.batchInEpoch) }

    private var policy: CheckpointPolicy? { setup.settings?.checkpoints }

    /// Whether one is due after the present step.
    var isSaveStep: Bool {
        policy.map { $0.everyNSteps > 0 && step.state.step % $0.everyNSteps == 0 } ?? false
    }

    /// Whether one is due at the end of the epoch that has just ended.
    var isSaveEpoch: Bool { policy.map { $0.everyNEpochs > 0 && cursor.epoch % $0.everyNEpochs == 0 } ?? false }

    /// Whether one is due by the clock; rank 0's counts.
    var isSaveMinute: Bool {
        policy.map {
            $0.everyNMinutes > 0 && monotonicSeconds() - saves.last.seconds >= $0.everyNMinutes * 60
        } ?? false
    }

    private func checkpointState(_ settings: RunSettings) -> CheckpointState {
        CheckpointState(
            step: step.state.step, firstStep: cursor.firstStep, epoch: cursor.epoch, batchInEpoch: cursor.batchInEpoch,
            seed: options.seed, shards: setup.plan.shards, batchSize: setup.batchSize, sampleCount: setup.data.count,
            optimizer: setup.model.optimizer.name, model: settings.modelName,
            configuration: settings.configuration, fingerprint: step.reducer.parameters.fingerprint,
            epochLossSum: cursor.sums.loss, epochDenominator: cursor.sums.denominator,
            epochMetricSums: cursor.sums.metrics, epochSamples: cursor.sums.samples,
            learningRateScale: context.learningRateScale, learningRate: context.fixedLearningRate,
            metrics: cursor.lastMetrics, skippedSteps: cursor.skippedBefore,
            callbacks: Dictionary(
                setup.callbacks.enumerated().map { ("\($0).\($1.name)", $1.state) }, uniquingKeysWith: { $1 }),
            dataHash: setup.dataHash, validationHash: setup.validationHash)
    }

    /// Gives every rank all of the optimizer's state. Collective.
    func gatherState() throws {
        try step.gatherState()
        stateIsWhole = true
    }

    /// Takes over where a checkpoint, or an earlier fit of the model, has left off.
    func begin() throws {
        if let resumed = setup.resumed {
            try restore(resumed)
        } else if world.rank == 0, let state = setup.model.trained {
            step.adopt(state)
        }
        try shareState(hasMoments: setup.resumed != nil || setup.model.trained != nil)
        stateIsWhole = true
        if setup.resumed != nil { return }
        cursor.firstStep = step.state.step
        if let settings = setup.settings, settings.resume == .automatic {
            resumeNote = "no checkpoint in \(settings.folder) yet: begins with the first step"
        }
    }

    /// Takes over a checkpoint's cursor on every rank, and its arrays on rank 0, which shares them.
    private func restore(_ point: ResumePoint) throws {
        let state = point.state
        var changes: [(key: String, before: String, now: String)] = []
        // The ranks have agreed on what they are about to do; paths may differ between hosts.
        try world.onRankZero {
            changes = try setup.settings?.changes(from: state.configuration) ?? []
            try requireSameBits(as: state, changes)
            try point.checkpoint?.restore(parameters: step.reducer.parameters, optimizer: step.state)
        }
        step.state.step = state.step
        cursor = RunCursor(state, metricCount: cursor.sums.metrics.count)
        context.step = state.step
        context.isResumed = true
        (context.learningRateScale, context.fixedLearningRate) = (state.learningRateScale, state.learningRate)
        // Another run's checkpoint is none of this folder.
        if setup.settings?.resume == .automatic { saves.last.place = place }
        resumeNote =
            "going on from \(point.checkpoint?.path ?? "rank 0's checkpoint")"
            + changes.map { "\($0.key): \($0.before) -> \($0.now)" }.enumerated()
            .map { ($0 == 0 ? "; changed: " : ", ") + $1 }.joined()
            + (state.otherArithmetic.map { "; it was computed with \($0): the same steps have other bits now" } ?? "")
        for (index, callback) in setup.callbacks.enumerated() {
            callback.savedWeights = nil  // of an earlier run
            if let remembered = state.callbacks["\(index).\(callback.name)"] { callback.state = remembered }
        }
        if state.files[Checkpoint.callbackFile] != nil { try restoreCallbackWeights(point.checkpoint) }
    }

    /// Refuses to go on where the result would have other bits.
    private func requireSameBits(
        as state: CheckpointState, _ changes: [(key: String, before: String, now: String)]
    ) throws {
        let checks: [(key: String, before: String, now: String)] = [
            ("shards", "\(state.shards)", "\(setup.plan.shards)"), ("seed", "\(state.seed)", "\(options.seed)"),
            ("batch-size", "\(state.batchSize)", "\(setup.batchSize)"),
            ("optimizer", state.optimizer, setup.model.optimizer.name),
            ("data (training samples)", "\(state.sampleCount)", "\(setup.data.count)"),
        ]
        var differing = checks.filter { $0.before != $0.now }
        differing += changes.filter { change in
            setup.settings?.changeable.contains(change.key) == false && !checks.contains { $0.key == change.key }
        }
        if let hash = state.dataHash, let dataHash = setup.dataHash, state.sampleCount == setup.data.count,
            hash != dataHash
        {
            differing.append(("data (hash)", "\(hash)", "\(dataHash)"))
        }
        if let hash = state.validationHash, let validationHash = setup.validationHash, hash != validationHash {
            differing.append(("validation data (hash)", "\(hash)", "\(validationHash)"))
        }
        if !differing.isEmpty { throw TrainingError.refusedToGoOn(differing) }
    }

    /// Every rank's callbacks get what rank 0 reads.
    private func restoreCallbackWeights(_ checkpoint: Checkpoint?) throws {
        var saved: [String: [Float]] = [:]
        try world.onRankZero { saved = try checkpoint?.callbackWeights() ?? [:] }
        // A rank may have callbacks of its own.
        let most = Int(try world.communicator.allReduce([Int64(setup.callbacks.count)], .maximum)[0])
        for index in 0..<most {
            let callback = index < setup.callbacks.count ? setup.callbacks[index] : nil
            var values = callback.flatMap { saved["\(index).\($0.name)"] } ?? []
            let count = Int(try world.communicator.allReduce([Int64(values.count)], .maximum)[0])
            if count == 0 { continue }
            if world.rank != 0 { values = Array(repeating: 0, count: count) }
            try values.withUnsafeMutableBytes { try broadcast($0) }
            callback?.savedWeights = values
        }
    }

    /// Gives every rank rank 0's parameters, and its optimizer state where it has any: the others may have trained
    /// elsewhere.
    ///
    /// - Parameter hasMoments: rank 0's answer counts.
    private func shareState(hasMoments: Bool) throws {
        if world.size == 1 { return }
        var known = [step.state.step, hasMoments ? 1 : 0]
        try world.communicator.broadcast(&known, from: 0)
        step.state.step = known[0]
        if known[1] != 0 { for buffer in step.state.buffers { try broadcast(buffer.bytes(0..<buffer.count)) } }
        let values = step.reducer.parameters.values
        try broadcast(values.bytes(0..<values.count))
    }

    private func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
        if world.size > 1 { try world.communicator.broadcast(bytes, from: 0) }
    }
}

extension TrainingError {
    /// Settings that would change the bits of what is to come.
    static func refusedToGoOn(_ differing: [(key: String, before: String, now: String)]) -> TrainingError {
        TrainingError(
            "this run can't go on with other settings, the result would not be the same: "
                + differing.map { "\($0.key): \($0.now) instead of \($0.before)" }.joined(separator: ", ")
                + "; leave them out, or start a new run (`load(_:input:)` begins one with these weights)",
            .otherSettings)
    }
}

/// When and where a run was saved last; in the beginning nowhere.
struct SavePoint {
    struct Place: Equatable {
        var step: Int
        var epoch: Int
        var batchInEpoch: Int
    }

    var place: Place?
    var seconds = monotonicSeconds()
}

/// What is known of a run's checkpoints.
struct SavePoints {
    var last = SavePoint()
    /// Whether one is due that waits for the epoch's end.
    var isDue = false
}

/// Where a run goes on from: the state on every rank, the files on rank 0.
struct ResumePoint {
    let state: CheckpointState
    /// nil on ranks other than 0.
    let checkpoint: Checkpoint?

    /// What `settings.resume` means, nil for a new run. Collective.
    static func find(_ settings: RunSettings?, _ world: World) throws -> ResumePoint? {
        guard let settings, settings.resume != .never else { return nil }
        var checkpoint: Checkpoint?
        var text = ""
        try world.onRankZero {
            switch settings.resume {
            case .never: break
            case .from(let path): checkpoint = try Checkpoint.open(path)
            case .automatic:
                let found = try Checkpoint.newest(in: settings.folder)
                for damaged in found.skipped { settings.warn("passed over \(damaged.path): \(damaged.why)") }
                checkpoint = found.checkpoint
            }
            if let checkpoint { text = String(decoding: try checkpoint.state.json(), as: UTF8.self) }
        }
        text = try gatherTexts(text, world.communicator)[0]
        if text.isEmpty { return nil }
        return ResumePoint(
            state: try CheckpointState(json: Data(text.utf8), file: checkpoint?.path ?? "rank 0's checkpoint"),
            checkpoint: checkpoint)
    }
}
