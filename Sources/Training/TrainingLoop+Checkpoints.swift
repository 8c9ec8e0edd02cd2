// Saving a run so that another layout can go on with it, and going on.

import Autograd
import Collectives
import DataParallel
import Foundation
import Tensors

extension TrainingLoop {
    /// Writes a checkpoint of the present moment. Collective: the optimizer's state lies in slices on all ranks.
    func saveCheckpoint() throws {
        guard let recorder else { return }
        try requireFiniteWeights()
        if options.verifyEvery > 0 { try verifyReplicas() }
        for buffer in step.state.buffers { try step.reducer.gather(buffer) }
        let state = checkpointState(recorder.settings)
        try world.onRankZero {
            let value = state.metrics["val_loss"] ?? state.metrics["loss"]
            let isBest = batchInEpoch == 0 && value.map { $0.isFinite && $0 < (best ?? .infinity) } ?? false
            if isBest { best = value }
            var state = state
            state.best = best
            try recorder.save(state, step, isBest: isBest)
        }
    }

    private func checkpointState(_ settings: RunSettings) -> CheckpointState {
        CheckpointState(
            step: step.state.step, epoch: epoch, batchInEpoch: batchInEpoch, seed: options.seed, shards: plan.shards,
            batchSize: batchSize, sampleCount: data.count, optimizer: model.optimizer.name, model: settings.modelName,
            configuration: settings.configuration, fingerprint: step.reducer.parameters.fingerprint,
            epochLossSum: sums.loss, epochHits: sums.hits, epochSamples: sums.samples,
            learningRateScale: context.learningRateScale, metrics: history.epochs.last ?? [:], best: best,
            callbacks: Dictionary(
                callbacks.enumerated().map { ("\($0).\($1.name)", $1.state) }, uniquingKeysWith: { $1 }),
            history: history.epochs)
    }

    /// Takes over a checkpoint's cursor on every rank, and its arrays on rank 0, which shares them.
    func restore(_ point: ResumePoint) throws {
        let state = point.state
        // The weights first: that tells best what is wrong with a checkpoint of another model.
        try world.onRankZero { try point.checkpoint?.restore(parameters: step.reducer.parameters, optimizer: nil) }
        let checks: [(String, String, String)] = [
            ("seed", "\(state.seed)", "\(options.seed)"), ("batch-size", "\(state.batchSize)", "\(batchSize)"),
            ("optimizer", state.optimizer, model.optimizer.name),
            ("number of training samples", "\(state.sampleCount)", "\(data.count)"),
        ]
        var differing = checks.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.2) instead of \($0.1)" }
        differing +=
            settings?.changes(from: state.configuration).filter { $0.key != "seed" && $0.key != "batch-size" }
            .map { "\($0.key): \($0.now) instead of \($0.before)" } ?? []
        guard differing.isEmpty else {
            throw TrainingError(
                "this run can't go on from its checkpoint with other settings, the result would not be the same: "
                    + differing.joined(separator: ", ") + "; use the checkpoint's values, or start a new run")
        }
        try world.onRankZero {
            try point.checkpoint?.restore(parameters: step.reducer.parameters, optimizer: step.state)
        }
        for buffer in step.state.buffers { try broadcast(buffer.bytes(0..<buffer.count)) }
        step.state.step = state.step
        (epoch, batchInEpoch, best) = (state.epoch, state.batchInEpoch, state.best)
        sums = EpochSums(loss: state.epochLossSum, hits: state.epochHits, samples: state.epochSamples)
        history = History(epochs: state.history)
        context.step = state.step
        context.learningRateScale = state.learningRateScale
        for (index, callback) in callbacks.enumerated() {
            if let remembered = state.callbacks["\(index).\(callback.name)"] { callback.state = remembered }
        }
    }

    /// Gives every rank rank 0's parameters.
    func shareWeights() throws {
        let values = step.reducer.parameters.values
        try broadcast(values.bytes(0..<values.count))
    }

    private func broadcast(_ bytes: UnsafeMutableRawBufferPointer) throws {
        if world.size > 1 { try world.communicator.broadcast(bytes, from: 0) }
    }
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
                let found = Checkpoint.newest(in: settings.folder)
                for damaged in found.skipped {
                    FileHandle.standardError.write(Data("passed over \(damaged.path): \(damaged.why)\n".utf8))
                }
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
