// The step for a training loop of one's own (Examples/OwnModel): it makes its reducer, and looks at what it is given.

import Autograd
import Collectives
import DataParallel
import Datasets
import Hosts
import Layers
import Optimizers
import Streams
import Tensors

/// What a step for a loop of one's own has beyond that of `fit`.
struct OwnParts {
    /// Freed with what the reducer made with it.
    var communicator: (any Communicator)?
    /// What is wrong with samples, for a loop that has not looked at all of them.
    var defect: (any Dataset, ArraySlice<Int>) -> String? = { _, _ in nil }
}

extension TrainingStep {
    /// For a training loop of your own: places the network's parameters, with rank 0's values on all ranks, and divides
    /// the shards among the ranks of `world`. Collective: every rank gives the same arguments. End with `close`.
    ///
    /// - Parameters:
    ///   - input: the shape of a sample, without the batch axis.
    ///   - batchSize: samples of a whole batch; a shorter one is cut over fewer shards.
    ///   - shards: a power of two; the result's bits depend on it, and on nothing else of the layout. Workers beyond them
    ///     only update. nil means what it does in `FitOptions`.
    ///   - threads: of each rank.
    public convenience init(
        network: any Layer, input: Shape, optimizer: Optimizer, loss: Loss, metrics: [Metric] = [],
        batchSize: Int, shards: Int? = nil, threads: Int = 1, seed: UInt64 = 0, transforms: [any Transform] = [],
        on world: World = .alone
    ) throws {
        let output = try network.build(input)
        let plan = try ShardPlan(
            shards: shards ?? AutomaticShards(network, input: input, output: output)(batchSize: batchSize),
            ranks: world.size, threads: threads, batchSize: batchSize)
        if let defect = optimizer.defect ?? optimizer.defect(forPaths: network.allParameters().map(\.path))
            ?? transforms.lazy.compactMap({ $0.defect(sample: input) }).first
            ?? loss.defect(of: network, input: input) ?? BatchStatistics(of: network).defect(plan, batchSize: batchSize)
        {
            throw TrainingError(defect, .unfit)
        }
        let objective = ModelObjective(
            network, loss, metrics, output: output, input: input, capacity: StepReport.metricCapacity)
        let team = WorkerTeam(size: threads)
        let communicator = try world.communicator.duplicate()
        let reducer = try GradientReducer(plan: plan, communicator: communicator, team: team, hostOf: world.hostOf) {
            allocate in
            try withIEEEArithmetic { try network.makeParameterBuffer(input: input, seed: seed, allocate: allocate) }
        }
        world.tell(shortage: reducer.shortage)
        try communicator.broadcast(reducer.parameters.values.bytes(reducer.parameters.all), from: 0)
        self.init(
            reducer: reducer, team: team, optimizer: optimizer, seed: seed, transforms: transforms,
            isAllOrNothing: network.readsIndices, reduction: objective.reduction(.mean)
        ) { objective($0, $1) }
        own.communicator = communicator
        own.defect = { data, numbers in
            data.input.shape == input
                ? data.defect(network, output: output, loss: loss, in: numbers)
                : "the model was made for samples \(input), \(data.name) has \(data.input.shape)"
        }
    }

    /// Ends the training: moves the parameters into memory of their own, and frees what the ranks share. Collective;
    /// afterwards no step can be run.
    public func close() throws {
        reducer.release()
        try own.communicator?.close()
        own.communicator = nil
    }
}
