// What a run is, before its first step: looked at, agreed on between the ranks, and fixed. `TrainingLoop` runs it.

import Autograd
import Checkpoints
import Collectives
import DataParallel
import Datasets
import Hosts
import Layers
import Optimizers
import Profiling
import Streams
import Tensors
import Watchdog

/// The parts of one run of `fit`, checked.
struct TrainingSetup {
    let model: Model
    let data: any Dataset
    let validation: (any Dataset)?
    let options: FitOptions
    let callbacks: [any Callback]
    let world: World
    let settings: RunSettings?
    /// Where this rank is, for its watchdog.
    let status: RankStatus

    let batchSize: Int
    let plan: ShardPlan
    let automaticShards: AutomaticShards
    let placement: CorePlacement
    /// Where it goes on from a checkpoint.
    let resumed: ResumePoint?
    /// What the model makes of a batch in training, and of one that is evaluated.
    let objective: ModelObjective
    let evaluated: ModelObjective
    /// What makes one checkpoint better than another.
    let monitor: Monitor
    /// Whether any rank has a `TerminateOnNaN`: what is not finite, all ranks judge alike.
    let terminatesOnNaN: Bool
    /// The hashes of the data for checkpoints, taken once; nil where none are written.
    let dataHash: Fingerprint?
    let validationHash: Fingerprint?

    /// Collective.
    init(
        model: Model, data: any Dataset, validation: (any Dataset)?, options: FitOptions, callbacks: [any Callback],
        world: World, settings: RunSettings?, status: RankStatus
    ) throws {
        if let defect = model.optimizer.defect { throw TrainingError(defect, .setting("optimizer")) }
        batchSize = try options.batchSize.resolved(count: data.count)
        let output = try model.check(data)
        if let defect = model.optimizer.defect(forPaths: model.network.allParameters().map(\.path))
            ?? options.transforms.lazy.compactMap({ $0.defect(sample: data.input.shape) }).first
        {
            throw TrainingError(defect, .unfit)
        }
        if let validation {
            if validation.count == 0 {
                throw TrainingError("validation data: \(validation.name) has no samples", .unfit)
            }
            do { _ = try model.check(validation) } catch { throw TrainingError("validation data: \(error)", .unfit) }
        }
        if world.size > 1 {
            let facts = ReplicaAgreement.platform(world.communicator)
            let agreement = try TrainingLoop.agreement(model, data, validation, options, settings)
            try status.during(.waiting) { try ReplicaAgreement(agreement.facts + facts).check(world.communicator) }
        }
        resumed = try ResumePoint.find(settings, world)
        let places = try world.places()
        automaticShards = AutomaticShards(model.network, input: data.input.shape, output: output)
        plan = try TrainingLoop.makePlan(options, batchSize, resumed?.state.shards, automaticShards, places, world)
        if let defect = BatchStatistics(of: model.network).defect(plan, batchSize: batchSize) {
            throw TrainingError(defect, .unfit)
        }
        placement = CorePlacement(places, threads: plan.threads)
        objective = ModelObjective(
            model.network, model.loss, model.metrics, output: output, input: data.input.shape, scale: data.target.scale,
            capacity: StepReport.metricCapacity)
        evaluated = ModelObjective(
            model.network, model.loss, model.metrics, output: output, input: data.input.shape,
            scale: (validation ?? data).target.scale)
        terminatesOnNaN =
            try world.communicator.allReduce([callbacks.contains { $0 is TerminateOnNaN } ? 1 : 0], .maximum)[0] > 0
        dataHash = settings == nil ? nil : data.fingerprint
        validationHash = settings == nil ? nil : validation?.fingerprint
        (self.model, self.data, self.validation, self.options) = (model, data, validation, options)
        (self.callbacks, self.world, self.settings, self.status) = (callbacks, world, settings, status)
        let names = TrainingSetup.names(model, objective, validation)
        monitor = try (settings?.checkpoints ?? CheckpointPolicy())
            .check(metrics: names.validation + names.training, directions: TrainingSetup.directions(model))
    }

    /// The metrics of every epoch by name: the validation's first, as they are preferred to watch.
    private static func names(
        _ model: Model, _ objective: ModelObjective, _ validation: (any Dataset)?
    ) -> (training: [String], validation: [String]) {
        (
            ["loss"] + objective.sums.map(\.metric.name),
            validation == nil ? [] : (["loss"] + model.metrics.map(\.name)).map { "val_" + $0 }
        )
    }

    private static func directions(_ model: Model) -> [String: Bool] {
        let own = [("loss", false)] + model.metrics.map { ($0.name, $0.largerIsBetter) }
        return Dictionary(
            own + own.map { ("val_" + $0.0, $0.1) }, uniquingKeysWith: { $1 })
    }

    var metricNames: [String] {
        let names = TrainingSetup.names(model, objective, validation)
        return names.validation + names.training
    }

    var directions: [String: Bool] { TrainingSetup.directions(model) }

    /// Columns that there would be without validation data too, so that a run's files do not depend on it.
    var columns: MetricsColumns {
        let training = ["loss"] + objective.sums.map(\.metric.name)
        return MetricsColumns(metrics: training + (["loss"] + model.metrics.map(\.name)).map { "val_" + $0 })
    }

    var batchesPerEpoch: Int {
        min((data.count + batchSize - 1) / batchSize, options.limitTrainBatches ?? Int.max)
    }

    /// The network's parameters, the reducer and the step over them. Nothing throws once it is made: what the ranks share is
    /// left in order by the loop. Collective.
    func makeStep(_ team: WorkerTeam, _ timelines: RunTimelines) throws -> TrainingStep {
        let network = model.network
        let reducer = try GradientReducer(
            plan: plan, communicator: world.communicator, team: team, hostOf: world.hostOf, status: status,
            timelines: timelines.threads, exchangeTimeline: timelines.exchange
        ) {
            try network.makeParameterBuffer(input: data.input.shape, seed: options.seed, allocate: $0)
        }
        return TrainingStep(
            reducer: reducer, team: team, optimizer: model.optimizer, seed: options.seed,
            onNonFinite: options.onNonFinite, transforms: options.transforms,
            isAllOrNothing: network.readsIndices || terminatesOnNaN,
            reduction: objective.reduction(options.lossReduction), timelines: timelines.threads
        ) { [objective] in objective($0, $1) }
    }
}
