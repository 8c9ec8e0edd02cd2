// From flags to the values that training takes, and back to a configuration file.

import ArgumentParser
import Foundation
import Lockstep
import Streams

extension Train {
    /// What a run goes on from: its newest checkpoint, or where it has none yet, its configuration.
    struct Former {
        var checkpoint: Checkpoint?
        /// The text of config.yaml.
        var configuration: String?
    }

    /// These flags on top of the configuration file's and of the run that is resumed, and what it goes on from.
    func withBaseConfiguration() throws -> (settings: Train, former: Former) {
        let given = CommandLineWords.all.drop { $0 != "train" }.dropFirst().map { $0 }
        let file = try configurationFile()
        let configured = try onTop(of: file, given)
        var former = Former(checkpoint: try configured.resumedCheckpoint())
        let run: [String]
        if let checkpoint = former.checkpoint {
            run = try checkpoint.settings()
        } else if configured.resume == "auto", let path = configured.runFolder.map({ $0 + "/config.yaml" }),
            FileManager.default.fileExists(atPath: path)
        {
            let text = try Text.decode(Data(contentsOf: URL(fileURLWithPath: path)), file: path)
            former.configuration = text
            run = try ConfigurationFile(text: text, file: path).arguments
        } else {
            return (configured, former)
        }
        // How far and on what the run went so far is no setting of what is trained.
        let ownWay = ["--max-steps=", "--threads=", "--verbose="]
        let base = run.filter { setting in !ownWay.contains { setting.hasPrefix($0) } }
        return (try onTop(of: base + file, given), former)
    }

    /// The settings of `--config`, as arguments.
    func configurationFile() throws -> [String] { try config.map { try ConfigurationFile($0).arguments } ?? [] }

    /// The flags `given` after `base`, which they win over.
    func onTop(of base: [String], _ given: [String]) throws -> Train {
        if base.isEmpty { return self }
        do { return try Train.parse(base + given) } catch {
            throw TrainingError("\(config ?? "the run's configuration"): \(Train.message(for: error))")
        }
    }

    /// The checkpoint that `--resume` goes on from, nil for a new run.
    private func resumedCheckpoint() throws -> Checkpoint? {
        switch resume {
        case nil: return nil
        case "auto": return try runFolder.flatMap { try Checkpoint.newest(in: $0).checkpoint }
        case let path?: return try Checkpoint.open(path)
        }
    }

    /// The model to train. A run that goes on has its own, since a model file may be gone or changed by now.
    private func modelDescription(_ checkpoint: Checkpoint?) throws -> ModelDescription {
        let own = try checkpoint?.settings().first { $0.hasPrefix("--model=") }?.dropFirst("--model=".count)
        if let checkpoint, let own, RunSettings.absolute("model", model) == RunSettings.absolute("model", String(own)) {
            return try ModelDescription(of: checkpoint)
        }
        return try ModelDescription(model)
    }

    /// - Returns: whether a signal stopped the run before its end.
    func train(_ world: World, from former: Former, _ signals: StopSignals) throws -> Bool {
        var options = try makeOptions(world)
        options.stopRequested = { signals.stopRequested }
        options.faults = try FaultPlan(world)
        try options.check()
        // From here on, since a file system may be stuck where the data are.
        return try world.watched(stallSeconds: stallTimeout, isBeingEnded: options.stopRequested) {
            try train($0, from: former, options, $1)
        }
    }

    private func train(
        _ world: World, from former: Former, _ options: FitOptions, _ status: RankStatus
    ) throws -> Bool {
        var options = options
        let checkpoint = former.checkpoint
        let description = try modelDescription(checkpoint)
        let source = try DataSource(data)
        let (train, validation) = try status.during(.loading) {
            options.faults.reach(.load)
            return try loadData(source.staged(in: stage, world, status))
        }
        options.shards =
            try options.shards ?? checkpoint?.state.shards
            ?? ShardPlan.automaticShards(batchSize: options.batchSize.resolved(count: train.count))
        let network = try description.makeModel()
        let compiled = network.compile(
            optimizer: try makeOptimizer(sampleCount: train.count, options), loss: .sparseCategoricalCrossentropy,
            metrics: [.accuracy])
        let folder = try runFolder ?? RunFolder.defaultPath(model: description.name, data: train.name, date: Date())
        var settings = RunSettings(
            folder: folder, configuration: try resolvedConfiguration(source, options),
            modelName: try description.encoded())
        settings.takesNextName = runFolder == nil
        settings.changeable = Train.changeable(schedule: schedule)
        settings.checkpoints = try checkpointPolicy()
        settings.warn = { world.logger.warning("\($0)") }
        settings.resume = resume.map { $0 == "auto" ? .automatic : .from($0) } ?? .never
        if resume == "auto" && runFolder == nil {
            throw TrainingError("--resume auto needs --run DIR, the run to go on with")
        }
        if world.rank == 0, let earlier = former.configuration { try settings.require(sameBitsAs: earlier) }
        let isLaunched = ProcessInfo.processInfo.environment[ExitStatus.launchedVariable] != nil
        if world.rank == 0, !isLaunched, checkpoint == nil, former.configuration == nil {
            if let warning = newRunWarning { world.logger.warning("\(warning)") }
        }
        let callbacks = earlyStoppingPatience.map { [EarlyStopping(patience: $0)] } ?? []
        if checkpoint == nil, let resumeWeights {
            if resumeWeights.hasSuffix(".safetensors") {
                try compiled.load(resumeWeights, input: train.input.shape)
            } else {
                try compiled.load(try Checkpoint.open(resumeWeights), input: train.input.shape)
            }
        }
        let history = try compiled.fit(
            train, validationData: validation, callbacks: callbacks, options: options,
            settings: settings, on: world, status: status)
        let used = history.runFolder ?? folder
        if world.rank == 0, options.verbosity != .silent, let fingerprint = compiled.fingerprint {
            print("fingerprint \(fingerprint)\nrun folder \(used)")
        }
        if world.rank == 0, let notice = checkpoint.flatMap({ nothingLeftNotice($0.state) }) {
            world.logger.notice("\(notice)")
        }
        if world.rank == 0, history.isInterrupted {
            world.logger.notice("stopped by a signal; go on with: lockstep train --run \(used) --resume auto")
        }
        return history.isInterrupted
    }

    /// What to say where `--resume auto` finds no run: perhaps its name is mistyped.
    var newRunWarning: String? {
        guard resume == "auto", let runFolder else { return nil }
        return "--resume auto: there is no run in \(runFolder), so a new one begins there"
    }

    /// Why a run that goes on from `state` has no step to make, nil where it has.
    private func nothingLeftNotice(_ state: CheckpointState) -> String? {
        if let maxSteps, state.step >= maxSteps {
            return "nothing to train: \(state.step) steps are done; a larger --max-steps trains more"
        }
        guard state.epoch >= epochs else { return nil }
        let ways =
            schedule == "constant"
            ? "--epochs N with a larger N trains more"
            : "its learning rate has come to its end; --resume-weights begins a new run with its weights"
        return "nothing to train: all \(state.epoch) epochs of this run are done; \(ways)"
    }

    private func checkpointPolicy() throws -> CheckpointPolicy {
        var policy = CheckpointPolicy()
        policy.everyNSteps = checkpointEveryNSteps
        policy.everyNMinutes = checkpointEveryNMinutes
        policy.everyNEpochs = checkpointEveryNEpochs
        (policy.keepLast, policy.keepBest, policy.monitor) = (keepLast, keepBest, monitor)
        policy.mode = try word(checkpointMode, "--checkpoint-mode")
        policy.onError = try word(onCheckpointError, "--on-checkpoint-error")
        return policy
    }

    private func word<Choice: RawRepresentable<String> & CaseIterable>(_ text: String, _ flag: String) throws -> Choice
    {
        guard let choice = Choice(rawValue: text) else {
            let known = Choice.allCases.map(\.rawValue).joined(separator: " or ")
            throw TrainingError("\(flag) must be \(known), got '\(text)'")
        }
        return choice
    }

    private func loadData(_ source: DataSource) throws -> (train: ImageDataset, validation: ImageDataset) {
        let (train, test) = try source.load()
        guard let validationSplit else { return (train, test) }
        return try train.split(validationFraction: validationSplit)
    }

    private func makeOptions(_ world: World) throws -> FitOptions {
        var options = FitOptions()
        guard let size = BatchSize(batchSize) else {
            throw TrainingError("--batch-size must be a number or 'full', got '\(batchSize)'")
        }
        guard let verbosity = Verbosity(rawValue: verbose) else {
            throw TrainingError("--verbose must be 0, 1 or 2, got \(verbose)")
        }
        if let earlyStoppingPatience, earlyStoppingPatience < 0 {
            throw TrainingError("--early-stopping-patience must be 0 or more, got \(earlyStoppingPatience)")
        }
        options.batchSize = size
        options.verbosity = verbosity
        options.epochs = epochs
        options.shards = try number(shards, "--shards")
        options.threads = try number(threads, "--threads")
        options.seed = seed
        let augmentation = Augmentation(
            translation: randomTranslation, rotation: randomRotation, zoom: randomZoom)
        options.transforms = augmentation.isIdentity ? [] : [augmentation]
        options.limitTrainBatches = limitTrainBatches
        options.maxSteps = maxSteps
        options.logEveryNSteps = logEveryNSteps
        guard let policy = NonFinitePolicy(rawValue: onNan) else {
            throw TrainingError("--on-nan must be stop or skip, got '\(onNan)'")
        }
        options.onNonFinite = policy
        options.verifyEvery = verifyEvery
        options.stallTimeout = stallTimeout
        options.terminalColumns = Terminal.columns(world)
        options.timing.profile = profile
        options.timing.trace = trace
        options.timing.tracedSteps = try tracedSteps()
        return options
    }

    private func tracedSteps() throws -> ClosedRange<Int>? {
        guard let traceSteps else { return nil }
        let ends = traceSteps.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], 1 <= first, first <= last else {
            throw TrainingError("--trace-steps must be FIRST-LAST, counted from 1, got '\(traceSteps)'")
        }
        guard trace != nil else { throw TrainingError("--trace-steps needs --trace FILE") }
        return first...last
    }

    private func number(_ text: String, _ flag: String) throws -> Int? {
        if text == "auto" { return nil }
        guard let value = Int(text), value > 0 else {
            throw TrainingError("\(flag) must be 'auto' or a positive number, got '\(text)'")
        }
        return value
    }

    private func makeOptimizer(sampleCount: Int, _ options: FitOptions) throws -> Optimizer {
        let rate = learningRate ?? (optimizer == "sgd" ? 0.01 : 0.001)
        var result: Optimizer
        switch optimizer {
        case "sgd":
            result = .sgd(momentum: momentum ?? 0, nesterov: nesterov, weightDecay: weightDecay ?? 0)
        case "adam": result = .adam(weightDecay: weightDecay ?? 0)
        case "adamw": result = .adamW(weightDecay: weightDecay ?? 0.004)
        case "rmsprop": result = .rmsprop(momentum: momentum ?? 0, weightDecay: weightDecay ?? 0)
        default: throw TrainingError("unknown --optimizer '\(optimizer)': expected sgd, adam, adamw or rmsprop")
        }
        if momentum != nil, optimizer.hasPrefix("adam") {
            throw TrainingError("--momentum is for sgd and rmsprop; \(optimizer) has its own moments")
        }
        if nesterov, optimizer != "sgd" { throw TrainingError("--nesterov is for sgd, not \(optimizer)") }
        result.learningRate = try makeSchedule(rate, sampleCount, options)
        (result.clipNorm, result.clipValue) = (clipNorm, clipValue)
        return result
    }

    private static let mostWarmUpSteps = 1 << 32

    private func makeSchedule(_ rate: Float, _ sampleCount: Int, _ options: FitOptions) throws -> LearningRateSchedule {
        let batch = try options.batchSize.resolved(count: sampleCount)
        let perEpoch = min((sampleCount + batch - 1) / batch, limitTrainBatches ?? Int.max)
        let steps = epochs.multipliedClamped(by: perEpoch)
        // One beyond the run is told at its start: a short trial of a recipe is no mistake.
        guard (0...Train.mostWarmUpSteps).contains(warmUpSteps) else {
            throw TrainingError("--warm-up-steps must be 0 to \(Train.mostWarmUpSteps), got \(warmUpSteps)")
        }
        let main: LearningRateSchedule
        switch schedule {
        case "constant": main = .constant(rate)
        case "cosine": main = .cosine(rate: rate, decaySteps: max(1, steps - warmUpSteps), alpha: 0)
        default: throw TrainingError("unknown --schedule '\(schedule)': expected constant or cosine")
        }
        return warmUpSteps > 0 ? .warmUp(steps: warmUpSteps, from: 0, then: main) : main
    }

    /// Every setting that is not a default of absence, as YAML that `--config` takes.
    private func resolvedConfiguration(_ source: DataSource, _ options: FitOptions) throws -> String {
        let settings: [(String, String?)] = [
            ("model", RunSettings.absolute("model", model)), ("data", source.description), ("epochs", "\(epochs)"),
            ("batch-size", batchSize),
            ("optimizer", optimizer), ("learning-rate", learningRate.map { "\($0)" }),
            ("momentum", momentum.map { "\($0)" }), ("nesterov", nesterov ? "true" : nil),
            ("weight-decay", weightDecay.map { "\($0)" }), ("clip-norm", clipNorm.map { "\($0)" }),
            ("clip-value", clipValue.map { "\($0)" }), ("schedule", schedule), ("warm-up-steps", "\(warmUpSteps)"),
            ("random-translation", randomTranslation != 0 ? "\(randomTranslation)" : nil),
            ("random-rotation", randomRotation != 0 ? "\(randomRotation)" : nil),
            ("random-zoom", randomZoom != 0 ? "\(randomZoom)" : nil),
            ("seed", "\(seed)"), ("shards", options.shards.map { "\($0)" } ?? shards), ("threads", threads),
            ("max-steps", maxSteps.map { "\($0)" }),
            ("validation-split", validationSplit.map { "\($0)" }),
            ("limit-train-batches", limitTrainBatches.map { "\($0)" }),
            ("early-stopping-patience", earlyStoppingPatience.map { "\($0)" }),
            ("resume-weights", resumeWeights.map { RunSettings.absolute("resume-weights", $0) }),
            ("checkpoint-every-n-steps", "\(checkpointEveryNSteps)"),
            ("checkpoint-every-n-minutes", "\(checkpointEveryNMinutes)"),
            ("checkpoint-every-n-epochs", "\(checkpointEveryNEpochs)"),
            ("keep-last", "\(keepLast)"), ("keep-best", "\(keepBest)"), ("monitor", monitor),
            ("checkpoint-mode", checkpointMode), ("on-checkpoint-error", onCheckpointError),
            ("log-every-n-steps", "\(logEveryNSteps)"), ("on-nan", onNan == "stop" ? nil : onNan),
            ("verify-every", "\(verifyEvery)"), ("stall-timeout", "\(stallTimeout)"),
            ("verbose", "\(verbose)"),
        ]
        return try RunSettings.text(settings.compactMap { key, value in value.map { (key, $0) } })
    }
}

extension Checkpoint {
    /// The settings of its run, as arguments.
    func settings() throws -> [String] {
        try ConfigurationFile(text: state.configuration, file: path).arguments
    }
}

extension Train {
    /// The settings that change no bits of what is to come.
    static func changeable(schedule: String?) -> Set<String> {
        let names: Set = [
            "threads", "verbose", "log-every-n-steps", "max-steps", "data", "early-stopping-patience", "stall-timeout",
            "verify-every",
        ]
        // A cosine schedule ends with the last epoch, so its rates depend on the number of epochs.
        return names.union(checkpointing).union(schedule == "constant" ? ["epochs"] : [])
    }

    /// What `replay` trains with: the data, the options and the optimizer that these settings mean.
    func parts(_ world: World) throws -> (data: ImageDataset, options: FitOptions, optimizer: Optimizer) {
        let (data, _) = try loadData(DataSource(self.data))
        let options = try makeOptions(world)
        return (data, options, try makeOptimizer(sampleCount: data.count, options))
    }
}

extension FaultPlan {
    /// What shall go wrong in a test; see CONTRIBUTING.md.
    convenience init(_ world: World) throws(TrainingError) {
        let environment = ProcessInfo.processInfo.environment
        try self.init(
            environment["LOCKSTEP_FAULT"] ?? "", rank: world.rank, onceIn: environment["LOCKSTEP_FAULT_ONCE_IN"])
    }
}
