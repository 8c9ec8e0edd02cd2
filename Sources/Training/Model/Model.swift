// The high-level API: a network, compiled with an optimizer, a loss and metrics, that can be fitted, evaluated, asked
// and saved; the equivalent of a compiled `keras.Model`.

import Autograd
import Checkpoints
import DataParallel
import Datasets
import Foundation
import Hosts
import Layers
import Optimizers
import Streams
import Tensors
import Watchdog

extension Layer {
    /// Fixes how the network is trained and what is reported; the equivalent of `keras.Model.compile`.
    public func compile(optimizer: Optimizer = .adam(), loss: Loss, metrics: [Metric] = []) -> Model {
        Model(self, optimizer: optimizer, loss: loss, metrics: metrics)
    }
}

/// A network with the means to train it.
public final class Model {
    package let network: any Layer
    package let optimizer: Optimizer
    package let loss: Loss
    package let metrics: [Metric]
    /// What the last `fit` left, so that the next one goes on from there.
    private(set) var trained: OptimizerSnapshot?
    /// The parameters, once the network has been built.
    private var parameters: ParameterBuffer?

    init(_ network: any Layer, optimizer: Optimizer, loss: Loss, metrics: [Metric]) {
        self.network = network
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
    }

    /// Trains on the ranks of `world`; every rank calls it with the same arguments. Called again, it goes on with weights
    /// and optimizer state as they are, on these ranks or others, and sees the samples in new orders. After an error
    /// everything uses the weights of the last step that was completed. The optimizer's state goes on after it where all
    /// ranks have it, as after a loss that is not finite, or where no step was made; else it begins anew.
    ///
    /// - Parameters:
    ///   - data: the training set. Each epoch sees every sample once.
    ///   - validationData: evaluated after every epoch.
    ///   - settings: the run's folder, nil to keep no files.
    /// - Throws: `TrainingError`, `ShapeError`, `CheckpointError` and others that say what to change.
    @discardableResult
    public func fit(
        _ data: any Dataset, validationData: (any Dataset)? = nil, callbacks: [any Callback] = [],
        options: FitOptions, settings: RunSettings? = nil, on world: World = .alone
    ) throws -> History {
        try fit(
            data, validationData: validationData, callbacks: callbacks, options: options, settings: settings,
            on: world, write: writeToStandardOutput)
    }

    /// `fit` for a caller with a place of its own for what rank 0 shows.
    @discardableResult
    package func fit(
        _ data: any Dataset, validationData: (any Dataset)? = nil, callbacks: [any Callback] = [],
        options: FitOptions, settings: RunSettings? = nil, on world: World = .alone,
        write: @escaping @Sendable (String) -> Void
    ) throws -> History {
        try options.check()
        return try world.watched(stallSeconds: options.stallTimeout, isBeingEnded: options.stopRequested) {
            try fit(
                data, validationData: validationData, callbacks: callbacks, options: options, settings: settings,
                on: $0, status: $1, write: write)
        }
    }

    /// `fit` for a caller that has the ranks watched already; `options` are checked.
    package func fit(
        _ data: any Dataset, validationData: (any Dataset)?, callbacks: [any Callback], options: FitOptions,
        settings: RunSettings?, on world: World, status: RankStatus,
        write: @escaping @Sendable (String) -> Void = writeToStandardOutput
    ) throws -> History {
        try Platform.requireKernels()
        return try withIEEEArithmetic {
            let setup = try TrainingSetup(
                model: self, data: data, validation: validationData, options: options, callbacks: callbacks,
                world: world, settings: settings, status: status)
            return try TrainingLoop(setup) { text in
                // A pager or a paused terminal is no stall; a file that can't be written is.
                status.during(StandardStream.output.hasReader ? .output : .reporting) { write(text) }
            }.run()
        }
    }

    /// Trains with the most used settings named as in Keras.
    ///
    /// - Parameters:
    ///   - batchSize: global, over all ranks.
    ///   - verbose: 0 silent, 1 progress, 2 one line per epoch.
    @discardableResult
    public func fit(
        _ data: any Dataset, epochs: Int = 1, batchSize: BatchSize = 32, validationData: (any Dataset)? = nil,
        callbacks: [any Callback] = [], shuffle: Bool = true, seed: UInt64 = 0, shards: Int? = nil,
        threads: Int? = nil, verbose: Verbosity = .progress, on world: World = .alone
    ) throws -> History {
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shuffle, options.seed) = (epochs, batchSize, shuffle, seed)
        (options.shards, options.threads, options.verbosity) = (shards, threads, verbose)
        options.terminalColumns = world.isAlone && isatty(STDOUT_FILENO) == 1 ? 80 : nil
        return try fit(data, validationData: validationData, callbacks: callbacks, options: options, on: world)
    }

    /// Builds the network for `data`; returns the shape of its output.
    ///
    /// - Throws: `TrainingError` where loss or metrics don't fit its outputs or targets.
    func check(_ data: any Dataset) throws -> Shape {
        let output = try network.build(data.input.shape)
        let defect =
            Metric.defect(names: metrics.map(\.name)) ?? data.defect(network, output: output, loss: loss)
            ?? loss.defect(of: network, input: data.input.shape) ?? maskDefect(data, output)
            ?? metrics.lazy.compactMap {
                $0.defect(
                    self.loss, output: output, target: data.target.shape, data: data.name,
                    firstTarget: data.firstTarget(where:))
            }.first
        if let defect { throw TrainingError(defect, .unfit) }
        return output
    }

    /// Why positions that the network itself masks would count: how many there are in a step has to follow from the data.
    private func maskDefect(_ data: any Dataset, _ output: Shape) -> String? {
        let input = data.input.shape
        guard output.rank >= 2, input.rank > 0, output[0] == input[0], data.count > 0, data.length(of: 0) == nil,
            network(Tape(.inference).constant(.zeros(input.prepending(1)))).mask != nil
        else { return nil }
        return
            "the model masks positions of its own and answers for each one, but samples of \(data.name) have no lengths, "
            + "so that loss and metrics would count the masked ones: tell `lengths` of the samples, or mask nothing"
    }

    /// Loss and metrics over `data`, each sample once; equal on all ranks.
    public func evaluate(
        _ data: any Dataset, reduction: LossReduction = .mean, threads: Int? = nil, on world: World = .alone
    ) throws -> Evaluation {
        try evaluate(data, reduction: reduction, threads: threads, on: world, status: RankStatus())
    }

    /// `evaluate` for a caller that has the ranks watched.
    ///
    /// - Parameter classes: whether to tell which classes are taken for which.
    package func evaluate(
        _ data: any Dataset, reduction: LossReduction = .mean, threads: Int?, classes: Bool = false, on world: World,
        status: RankStatus
    ) throws -> Evaluation {
        guard data.count > 0 else { throw TrainingError("can't evaluate on an empty set", .unfit) }
        if let threads, !(1...ShardPlan.mostThreads).contains(threads) {
            throw TrainingError(
                "evaluate: expected 1 to \(ShardPlan.mostThreads) threads, got \(threads)", .setting("threads"))
        }
        try build(input: data.input.shape)
        let output = try check(data)
        // Which rank computes what follows from the number of threads, so all have the same.
        let agreed = try status.during(.waiting) {
            try world.communicator.allReduce([Int64(try threads ?? world.coresPerRank())], .minimum)[0]
        }
        let team = WorkerTeam(size: Int(agreed))
        defer { team.stop() }
        let evaluator = Evaluator(team: team, communicator: world.communicator, status: status)
        let objective = ModelObjective(
            network, loss, metrics, output: output, input: data.input.shape, scale: data.target.scale,
            countsClasses: classes)
        return try status.during(.evaluation) {
            try withIEEEArithmetic {
                try evaluator.evaluate(
                    data, objective, metrics: metrics, reduction: reduction, penalty: parameters!.penalty)!
            }
        }
    }

    /// The network's output for `inputs [count, ...]`: `[count, output...]`; logits, where it ends with them. Of no rows,
    /// none.
    ///
    /// - Parameter mask: which positions each sample has, `[count, positions]`; nil for all.
    public func predict(_ inputs: Tensor, mask: Tensor? = nil) throws -> Tensor {
        try predict(inputs, mask) { $0.value }
    }

    /// `predict` with probabilities in the place of logits.
    package func predictProbabilities(_ inputs: Tensor, mask: Tensor? = nil) throws -> Tensor {
        try predict(inputs, mask, read: loss.probabilities)
    }

    func predict(_ inputs: Tensor, _ mask: Tensor?, read: (Variable) -> Tensor) throws -> Tensor {
        guard inputs.shape.rank > 0 else {
            throw TrainingError("predict: expected inputs [count, ...], got a single number", .unfit)
        }
        let output = try build(input: inputs.shape.dropFirst())
        guard inputs.shape[0] > 0 else { return .zeros(output.prepending(0)) }
        let team = WorkerTeam(size: 1)
        let evaluator = Evaluator(team: team, communicator: World.alone.communicator)
        return try withIEEEArithmetic { try evaluator.predict(inputs, mask: mask, network, read: read) }
    }

    /// A Keras-style table of layers for samples of shape `input`.
    public func summary(input: Shape) throws -> String { try network.summary(input: input) }

    /// Writes the weights to a safetensors file, complete or not at all.
    public func save(_ path: String) throws {
        guard let parameters else { throw TrainingError("save: the model has no weights yet; fit or build it first") }
        try parameters.save(expandingHome(path))
    }

    /// Reads weights for samples of shape `input`: of a file that `save` wrote, of a checkpoint, or of a run's newest one.
    public func load(_ path: String, input: Shape) throws {
        if Model.isFolder(path) { return try load(Checkpoint.open(path), input: input) }
        _ = try build(input: input)
        try parameters!.load(expandingHome(path))
    }

    /// Places the parameters for samples of shape `input`, drawn from `seed`, unless that is done; returns the output's
    /// shape. `fit` draws them from its own seed when this has not been called before.
    @discardableResult
    public func build(input: Shape, seed: UInt64 = 0) throws -> Shape {
        try Platform.requireKernels()
        let output = try network.build(input)
        if parameters == nil {
            parameters = try withIEEEArithmetic { try network.makeParameterBuffer(input: input, seed: seed) }
        }
        return output
    }

    /// The parameters, placed for samples of shape `input`.
    func buffer(input: Shape) throws -> ParameterBuffer {
        try build(input: input)
        return parameters!
    }

    /// Reads a checkpoint's weights, for samples of shape `input`.
    package func load(_ checkpoint: Checkpoint, input: Shape) throws {
        try build(input: input)
        try checkpoint.restore(parameters: parameters!, optimizer: nil)
    }

    /// Takes the moving averages that the last `fit` left for the weights, as Keras does at the end of training; nothing
    /// where the optimizer kept none.
    public func useAverages() {
        _ = exchangeAverages()
    }

    /// Runs `body` with the moving averages of the last `fit` for the weights, where the optimizer kept any.
    package func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        let weights = exchangeAverages()
        defer { if let weights { parameters?.exchangeTrainable(with: weights) } }
        return try body()
    }

    /// Puts the averages into the weights' place, and returns these.
    private func exchangeAverages() -> FlatBuffer? {
        guard let average = trained?.average, let parameters else { return nil }
        let buffer = FlatBuffer(count: average.count)
        _ = buffer[0..<average.count].update(fromContentsOf: average)
        parameters.exchangeTrainable(with: buffer)
        return buffer
    }

    /// Reads a checkpoint's weights, or the moving averages of them, for samples of shape `input`.
    package func load(_ checkpoint: Checkpoint, input: Shape, averages: Bool) throws {
        guard averages else { return try load(checkpoint, input: input) }
        try build(input: input)
        try checkpoint.restoreAverages(parameters: parameters!)
    }

    /// Keeps what a run left, in memory that does not depend on the run's ranks.
    ///
    /// - Parameter isWhole: whether this rank has all of the optimizer's state, which lies in slices on all ranks; nil
    ///   where the run has not begun.
    func adopt(_ step: TrainingStep, isWhole: Bool?) {
        step.reducer.release()
        parameters = step.parameters
        if let isWhole { trained = isWhole ? OptimizerSnapshot(step.state) : nil }
    }

    /// The hash of all weights.
    public var fingerprint: Fingerprint? { parameters?.fingerprint }
}

/// An optimizer's state outside of a run.
struct OptimizerSnapshot {
    let step: Int
    let buffers: [[Float]]
    /// The moving averages of the parameters, where there are any.
    let average: [Float]?

    init(_ state: OptimizerState) {
        step = state.step
        average = state.average.map { Array($0[0..<$0.count]) }
        buffers = state.buffers.map { Array($0[0..<$0.count]) }
    }
}

/// The default sink of what a run shows. It takes turns with `print`; what nobody can read is no reason to end a run.
@Sendable package func writeToStandardOutput(_ text: String) {
    print(text, terminator: "")
    fflush(nil)
}
