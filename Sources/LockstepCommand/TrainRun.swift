// A run of `lockstep train`, from its settings to the end of its training.

import Foundation
import Lockstep
import Streams

/// What is to be trained, and what it goes on from.
struct TrainRun {
    private let settings: ResolvedSettings
    /// Of these what was given now, by flags and configurations.
    private let given: ResolvedSettings
    /// The newest checkpoint of the run that goes on.
    private let checkpoint: Checkpoint?
    /// The text of config.yaml, where the run that goes on has no checkpoint yet.
    private let formerConfiguration: String?
    /// The settings of the run that goes on.
    private let former: SettingsLayer?
    /// Whether it is one of several runs, which are asked for their results.
    private let isInSeries: Bool

    /// - Parameter flags: the given ones, on top of the configuration file's and those of the run that is resumed.
    init(_ flags: SettingsLayer, inSeries: Bool = false) throws {
        isInSeries = inSeries
        let configured = try ResolvedSettings(flags: flags)
        given = configured
        checkpoint = try TrainRun.checkpoint(configured.run)
        var former: SettingsLayer?
        var text: String?
        if let checkpoint {
            former = try checkpoint.settingsLayer()
        } else if configured.run.resume == .automatic, let path = configured.run.run.map({ $0 + "/config.yaml" }),
            FileManager.default.fileExists(atPath: path)
        {
            let found = try Text.decode(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
            former = try ConfigurationFile(text: found, file: path).layer
            text = found
        }
        formerConfiguration = text
        self.former = former
        settings = former.map { configured.onTop(of: $0.handedOn) } ?? configured
    }

    /// The checkpoint that `--resume` goes on from, nil for a new run.
    private static func checkpoint(_ run: ResolvedGroup<RunFolderSettings>) throws -> Checkpoint? {
        switch run.resume {
        case .never: return nil
        case .automatic: return try run.run.flatMap { try Checkpoint.newest(in: $0).checkpoint }
        case .from(let path): return try Checkpoint.open(path)
        }
    }

    /// What became of a run.
    struct Outcome {
        /// Whether a signal stopped it before its end.
        let isInterrupted: Bool
        /// Of the final weights, where it is one of a series that ended.
        var metrics: [(name: String, value: Double)] = []
        var fingerprint: Fingerprint?
    }

    func execute(_ world: World, _ signals: StopSignals) throws -> Outcome {
        var options = try settings.fitOptions(world)
        options.stopRequested = { signals.stopRequested }
        options.faults = try FaultPlan(world)
        try options.check()
        // From here on, since a file system may be stuck where the data are.
        return try world.watched(stallSeconds: options.stallTimeout, isBeingEnded: options.stopRequested) {
            try execute($0, options, $1)
        }
    }

    private func execute(_ world: World, _ options: FitOptions, _ status: RankStatus) throws -> Outcome {
        var options = options
        let chosen = try modelDescription()
        let source = try DataSource(settings.data.data)
        try SettingsTable.all.requireUse(of: given, in: settings, for: source)
        let loaded = try status.during(.loading) {
            options.faults.reach(.load)
            let known = try checkpoint?.knownPreparation()
            let staged = try source.staged(in: settings.data.stage, world, status)
            try settings.decodePictures(staged, known, world, status)
            return try settings.load(staged, known: known, status: status)
        }
        try settings.checkAugmentations(of: loaded.train)
        let task = try TrainingTask(settings, loaded.train, loaded.preparation, chosen)
        if let language = loaded.preparation as? LanguagePreparation { try task.requireContinuing(language) }
        let model = try task.description.makeModel().compile(
            optimizer: settings.makeOptimizer(sampleCount: loaded.train.count, options), loss: task.loss,
            metrics: task.metrics)
        options.shards =
            try options.shards ?? checkpoint?.state.shards
            ?? model.automaticShards(
                for: loaded.train.input.shape, batchSize: options.batchSize.resolved(count: loaded.train.count))
        let folder = settings.run.run ?? RunFolder.defaultPath(model: task.name, data: source.name, date: Date())
        let record = try self.record(in: folder, task, loaded, options, world)
        if checkpoint == nil, let weights = settings.model.resumeWeights {
            try begin(model, with: weights, loaded, options, world)
        }
        if world.rank == 0, options.verbosity != .silent { tellBegin(task, loaded) }
        let history = try model.fit(
            loaded.train, validationData: loaded.validation, callbacks: settings.callbacks, options: options,
            settings: record, on: world, status: status)
        func evaluation(on data: any Dataset) throws -> Evaluation {
            try model.withAverages {
                try model.evaluate(
                    data, reduction: options.lossReduction, threads: options.threads, on: world, status: status)
            }
        }
        let test = history.isInterrupted ? nil : try loaded.test.map(evaluation)
        if world.rank == 0 {
            if options.verbosity != .silent, !history.isInterrupted {
                tellResult(test, task, loaded)
                if !isInSeries, loaded.preparation is LanguagePreparation {
                    print("go on with: lockstep generate \(history.runFolder ?? folder) --prompt TEXT")
                } else if !isInSeries, let preparation = loaded.preparation {
                    let isOfLines = (preparation as? TextPreparation).map { $0.column == nil } ?? false
                    let example =
                        preparation is PicturePreparation ? "PICTURE.png" : isOfLines ? "FILE.txt" : "FILE.csv"
                    print("predict with: lockstep predict \(history.runFolder ?? folder) \(example)")
                }
            }
            tellEnd(history, history.runFolder ?? folder, model.fingerprint, world)
        }
        guard isInSeries, !history.isInterrupted else { return Outcome(isInterrupted: history.isInterrupted) }
        let metrics =
            try evaluation(on: loaded.validation).all.map { ("val_\($0.name)", $0.value) }
            + (test?.all.map { ("test_\($0.name)", $0.value) } ?? [])
        return Outcome(isInterrupted: false, metrics: metrics, fingerprint: model.fingerprint)
    }

    /// Gives the model the weights of a run, a checkpoint or a file. Layers that are not there begin anew, from the run's seed,
    /// and are told.
    private func begin(
        _ model: Model, with weights: String, _ loaded: LoadedData, _ options: FitOptions, _ world: World
    ) throws {
        let input = loaded.train.input.shape
        try model.build(input: input, seed: options.seed)
        let transfer =
            weights.hasSuffix(".safetensors")
            ? try model.loadMatching(weights, input: input)
            : try model.loadMatching(Checkpoint.open(weights), input: input)
        if world.rank == 0, options.verbosity != .silent, !transfer.isWhole {
            print(transfer.description, terminator: "")
        }
    }

    /// The model to train, nil for one that fits the data. A run that goes on has its own, since a model file may be gone
    /// or changed by now.
    private func modelDescription() throws -> ModelDescription? {
        let name = settings.model.model
        if let checkpoint {
            let own = try ResolvedSettings([checkpoint.settingsLayer()]).model.model
            if RunSettings.absolute("model", name) == RunSettings.absolute("model", own) {
                return try ModelDescription(of: checkpoint)
            }
        }
        return AutomaticModel.fits(name) ? nil : try ModelDescription(name)
    }

    /// Where and how the run is kept, and what it goes on from.
    private func record(
        in folder: String, _ task: TrainingTask, _ loaded: LoadedData, _ options: FitOptions, _ world: World
    ) throws -> RunSettings {
        var resolved = settings
        resolved.set(\.training.shards, options.shards)
        // A run of an earlier version recorded neither, and goes on with what follows from the targets.
        if former?.values["loss"] != nil || former == nil { resolved.set(\.training.loss, task.loss.name) }
        if former?.values["metrics"] != nil || former == nil {
            resolved.set(\.training.metrics, task.metrics.map(\.name))
        }
        if case .named(let name) = task.description { resolved.set(\.model.model, name.rawValue) }
        var record = try RunSettings(
            folder: folder, configuration: resolved.configuration(), modelName: task.description.encoded())
        record.preparation = loaded.preparation.map { DataPreparation.json($0) }
        record.takesNextName = settings.run.run == nil
        record.changeable = settings.changeable
        record.paths = SettingsTable.paths
        record.meaning = { SettingsTable.meaning($0, $1) }
        record.checkpoints = settings.checkpointPolicy
        record.warn = { world.logger.warning("\($0)") }
        record.resume = settings.run.resume
        if settings.run.resume == .automatic && settings.run.run == nil {
            throw TrainingError("--resume auto needs --run DIR, the run to go on with")
        }
        if world.rank == 0, let earlier = formerConfiguration { try record.require(sameBitsAs: earlier) }
        let isLaunched = ProcessInfo.processInfo.environment[ExitStatus.launchedVariable] != nil
        if world.rank == 0, !isLaunched, checkpoint == nil, formerConfiguration == nil {
            if let warning = settings.newRunWarning { world.logger.warning("\(warning)") }
        }
        return record
    }

    private func tellEnd(_ history: History, _ folder: String, _ fingerprint: Fingerprint?, _ world: World) {
        if settings.output.verbose != .silent, let fingerprint {
            print("fingerprint \(fingerprint)\nrun folder \(folder)")
        }
        if let notice = checkpoint.flatMap({ nothingLeftNotice($0.state) }) { world.logger.notice("\(notice)") }
        if history.isInterrupted, !isInSeries {
            world.logger.notice("stopped by a signal; go on with: lockstep train --run \(folder) --resume auto")
        }
    }

    /// Why a run that goes on from `state` has no step to make, nil where it has.
    private func nothingLeftNotice(_ state: CheckpointState) -> String? {
        if let maxSteps = settings.training.maxSteps, state.step >= maxSteps {
            return "nothing to train: \(state.step) steps are done; a larger --max-steps trains more"
        }
        guard state.epoch >= settings.training.epochs else { return nil }
        let ways =
            settings.optimizer.schedule == .constant
            ? "--epochs N with a larger N trains more"
            : "its learning rate has come to its end; --resume-weights begins a new run with its weights"
        return "nothing to train: all \(state.epoch) epochs of this run are done; \(ways)"
    }
}

extension ResolvedSettings {
    /// What to say where `--resume auto` finds no run: perhaps its name is mistyped.
    var newRunWarning: String? {
        guard self.run.resume == .automatic, let folder = self.run.run else { return nil }
        return "--resume auto: there is no run in \(folder), so a new one begins there"
    }
}
