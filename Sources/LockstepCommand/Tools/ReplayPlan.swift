// Which steps of a run to execute again, from where, and with which settings.

import Foundation
import Lockstep

/// Steps of a run that can be executed again.
struct ReplayPlan {
    /// The fingerprints to confirm, by step.
    let recorded: [Int: Fingerprint]
    private let run: RecordedRun
    /// nil for the seed.
    private let start: Checkpoint?
    private let last: Int
    private let material: ReplayMaterial

    /// - Throws: `TrainingError` where there is no way to the first step, or nothing recorded to compare with, or where
    ///   the data are not those of the run; what keeps data and model from being read.
    init(_ run: RecordedRun, data: String?, from: Int, to: Int?, threads: Int?, _ world: World) throws {
        self.run = run
        let before = run.checkpoints.keys.filter { $0 <= from }.max()
        start = before.flatMap { run.checkpoints[$0] }
        let beginning = before ?? 0
        let end = to ?? run.lastStep
        recorded = run.fingerprints.filter { $0.key > beginning && $0.key >= from && $0.key <= end }
        guard from <= min(end, run.lastStep) else {
            throw TrainingError(
                "there is nothing from step \(from) to \(end) of \(run.path): its last step is \(run.lastStep)")
        }
        guard let last = recorded.keys.max() else {
            throw TrainingError(
                "\(run.path) records no fingerprint of a step from \(max(from, beginning + 1)) to \(end): it has "
                    + "those of \(run.stepsText); --log-every-n-steps writes more of them")
        }
        self.last = last
        for checkpoint in run.checkpoints.values.sorted(by: { $0.state.step < $1.state.step }) {
            guard let other = checkpoint.state.otherArithmetic else { continue }
            throw TrainingError(
                "\(run.path) was computed with \(other), see \(checkpoint.name): the same steps have other bits here, so "
                    + "nothing can be confirmed or refuted; replay it with the version that trained it")
        }
        if start == nil, let weights = run.settings["resume-weights"] {
            throw TrainingError(
                "\(run.path) has no checkpoint at or before step \(from), and it did not begin with the seed but with "
                    + "the weights of \(weights); its checkpoints are of \(run.checkpointsText)")
        }
        material = try ReplayMaterial(run, start, data: data, lastStep: last, threads: threads, world)
    }

    var headline: String {
        "executes steps \((start?.state.step ?? 0) + 1) to \(last) of \(run.path) again, from "
            + (start.map { "checkpoint \($0.name)" } ?? "the seed")
    }

    /// Trains; every rank calls it.
    func execute(_ check: any Callback, _ world: World) throws {
        // A run of its own, which nobody needs any more.
        let folder = FileManager.default.temporaryDirectory.appending(path: "lockstep-replay-\(getpid())").path
        defer { if world.rank == 0 { try? FileManager.default.removeItem(atPath: folder) } }
        var settings = try RunSettings(
            folder: folder, configuration: material.configuration, modelName: material.task.description.encoded())
        settings.resume = start.map { .from($0.path) } ?? .never
        // A rate that follows the validation does so again.
        let follows = material.settings.training.reduceRatePatience != nil
        let task = material.task
        try task.description.makeModel().compile(
            optimizer: material.optimizer, loss: task.loss, metrics: task.metrics
        ).fit(
            material.data.train, validationData: follows ? material.data.validation : nil,
            callbacks: (follows ? material.settings.rateCallbacks : []) + [check], options: material.options,
            settings: settings, on: world)
    }
}

/// What steps are executed again with: the run's own settings and model, and its data.
private struct ReplayMaterial {
    let configuration: String
    let settings: ResolvedSettings
    let task: TrainingTask
    let data: LoadedData
    let options: FitOptions
    let optimizer: Optimizer

    /// - Throws: `TrainingError` where the data are not the run's, or what keeps data and model from being read.
    init(
        _ run: RecordedRun, _ start: Checkpoint?, data: String?, lastStep: Int, threads: Int?, _ world: World
    ) throws {
        configuration = start?.state.configuration ?? run.configuration
        var settings = try ResolvedSettings([ConfigurationFile(text: configuration, file: run.path).layer.handedOn])
        settings.set(\.output.verbose, .silent)
        settings.set(\.training.maxSteps, lastStep)
        settings.set(\.execution.threads, threads)
        if let data { settings.set(\.data.data, data) }
        let anyCheckpoint = start ?? run.checkpoints.values.first
        let name = settings.model.model
        let model =
            try anyCheckpoint.map { try ModelDescription(of: $0) }
            ?? (AutomaticModel.fits(name) ? nil : ModelDescription(name))
        self.data = try settings.load(DataSource(settings.data.data), known: anyCheckpoint?.knownPreparation())
        task = try TrainingTask(settings, self.data.train, self.data.preparation, model)
        options = try settings.fitOptions(world)
        optimizer = try settings.makeOptimizer(sampleCount: self.data.train.count, options)
        self.settings = settings
        let hash = self.data.train.fingerprint
        if let recorded = run.dataHash, recorded != hash {
            throw TrainingError(
                "\(settings.data.data) holds other training data than the run's: hash \(hash), the run's had \(recorded); say "
                    + "where the run's are by now with --data")
        }
    }
}
