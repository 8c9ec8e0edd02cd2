// One training step, the page to read first: shards -> forward -> loss -> backward -> canonical reduction -> update.
// docs/one-step.md follows it down to the kernels.

import Autograd
import Collectives
import DataParallel
import Datasets
import Layers
import Optimizers
import Tensors

/// What a model makes of one shard: the losses `[samples]` on the shard's tape, and how many samples it got right.
public typealias Objective = (_ tape: Tape, _ shard: Batch) -> (losses: Variable, hits: Int)

/// Computes steps on this rank's threads, in lockstep with the other ranks.
public final class TrainingStep {
    public let reducer: GradientReducer
    public let optimizer: Optimizer
    public let state: OptimizerState
    /// Where thread 0 has spent its time since the start.
    public internal(set) var seconds = PhaseSeconds()
    private let seed: UInt64
    private let team: WorkerTeam
    private let workspaces: [Workspace]
    private let objective: Objective

    public init(
        reducer: GradientReducer, team: WorkerTeam, optimizer: Optimizer, seed: UInt64,
        timelines: [Timeline] = [], objective: @escaping Objective
    ) {
        self.reducer = reducer
        self.team = team
        self.optimizer = optimizer
        self.seed = seed
        self.objective = objective
        state = optimizer.makeState(count: reducer.parameters.trainable.count)
        workspaces = (0..<team.size).map { Workspace(timeline: timelines.isEmpty ? nil : timelines[$0]) }
    }

    /// Computes one step on the given samples, the whole global batch. Every rank calls it with the same arguments.
    ///
    /// - Parameter wantsStop: whether this rank wants to end; the report says whether any rank did.
    public func run(
        _ batch: ArraySlice<Int32>, of data: Samples, learningRate: Float, wantsStop: Bool = false
    ) throws -> StepReport {
        let step = state.step
        team.run { thread in
            let timeline = workspaces[thread].timeline
            timeline?.step = step
            timeline?.begin(.step)
            for task in reducer.tasks(ofThread: thread) {
                compute(task, thread, batch, data, step, wantsStop)
                reducer.shardIsDone(task, onThread: thread)
            }
            reducer.reduce(onThread: thread, wantsNorm: optimizer.clipNorm != nil) { range, gradients, norm in
                let start = monotonicSeconds()
                update(range, gradients, norm, learningRate, step)
                if thread == 0 { seconds.update += monotonicSeconds() - start }
            }
            if thread == 0 { timeline?.begin(.waitForThreads) } else { timeline?.end() }
        }
        // Thread 0 has waited for the others, and its step ends.
        for _ in 0..<2 { workspaces[0].timeline?.end() }
        seconds.communication = reducer.exchangeSeconds
        try reducer.check()
        state.step = step + 1
        return StepReport(record: reducer.parameters.values[reducer.parameters.record], samples: batch.count)
    }

    /// Forward and backward pass of one shard, into its gradient buffer.
    private func compute(
        _ task: WorkerSchedule.Task, _ thread: Int, _ batch: ArraySlice<Int32>, _ data: Samples, _ step: Int,
        _ wantsStop: Bool
    ) {
        let parameters = reducer.parameters
        let gradients = reducer.gradients(ofThread: thread, task)
        let positions = reducer.plan.samples(ofShard: task.shard, count: batch.count)
        var (loss, hits, times) = (Float(0), 0, PhaseSeconds())
        if positions.isEmpty {
            gradients[0..<gradients.count].update(repeating: 0)
        } else {
            let start = monotonicSeconds()
            let numbers = batch[(batch.startIndex + positions.lowerBound)..<(batch.startIndex + positions.upperBound)]
            let timeline = workspaces[thread].timeline
            let shard = timeline.record(.data) { data.batch(numbers, in: workspaces[thread]) }
            let ready = monotonicSeconds()
            let fraction = Float(positions.count) / Float(batch.count)
            let tape = Tape(
                .training,
                context: StepContext(seed: seed, step: step, shard: task.shard, fraction: fraction),
                workspace: workspaces[thread], buffer: parameters, gradients: gradients)
            let result = timeline.record(.forward(0)) { objective(tape, shard) }
            let computed = monotonicSeconds()
            // Weighted by the step's sample count, so that shards of unequal size count exactly.
            timeline.record(.backward(0)) { tape.backward(from: result.losses, weight: 1 / Float(batch.count)) }
            loss = timeline.record(.forward(0)) { result.losses.value.sum().scalar }
            hits = result.hits
            times = PhaseSeconds(
                data: ready - start, forward: computed - ready, backward: monotonicSeconds() - computed)
        }
        StepReport.write(loss: loss, hits: hits, wantsStop: wantsStop, to: gradients[parameters.record])
        if thread == 0 { seconds.add(times) }
    }

    /// Applies the reduced gradient to one worker's slice: the optimizer, the running statistics, the step's record.
    private func update(
        _ range: Range<Int>, _ gradients: FlatBuffer, _ norm: Double?, _ learningRate: Float, _ step: Int
    ) {
        let parameters = reducer.parameters
        let trainable = range.clamped(to: parameters.trainable)
        if !trainable.isEmpty {
            optimizer.update(
                trainable, values: parameters.values, gradients: gradients, state: state, learningRate: learningRate,
                step: step + 1, gradientScale: norm.map(optimizer.gradientScale(norm:)) ?? 1)
        }
        parameters.updateStatistics(range, observations: gradients)
        let record = range.clamped(to: parameters.record)
        if !record.isEmpty {
            parameters.values[record].baseAddress!.update(from: gradients[record].baseAddress!, count: record.count)
        }
    }
}

/// What all ranks know about a step after its reduction.
public struct StepReport: Sendable {
    /// The sum of the samples' losses.
    public let lossSum: Double
    /// Samples that the model got right before the update.
    public let hits: Double
    public let samples: Int
    /// Whether any rank wants to stop.
    public let stop: Bool

    init(record: UnsafeMutableBufferPointer<Float>, samples: Int) {
        lossSum = Double(record[0])
        hits = Double(record[1])
        stop = record[2] > 0
        self.samples = samples
    }

    /// Writes a shard's part; the reduction adds up the parts.
    static func write(loss: Float, hits: Int, wantsStop: Bool, to record: UnsafeMutableBufferPointer<Float>) {
        record.update(repeating: 0)
        record[0] = loss
        record[1] = Float(hits)
        record[2] = wantsStop ? 1 : 0
    }
}

/// Seconds of wall-clock time by phase, on thread 0.
public struct PhaseSeconds: Sendable {
    public var data = 0.0
    public var forward = 0.0
    public var backward = 0.0
    public var communication = 0.0
    public var update = 0.0

    mutating func add(_ other: PhaseSeconds) {
        data += other.data
        forward += other.forward
        backward += other.backward
        communication += other.communication
        update += other.update
    }

    func since(_ earlier: PhaseSeconds) -> PhaseSeconds {
        PhaseSeconds(
            data: data - earlier.data, forward: forward - earlier.forward, backward: backward - earlier.backward,
            communication: communication - earlier.communication, update: update - earlier.update)
    }
}

extension TrainingStep {
    /// Goes on with the optimizer state of an earlier run of the same model.
    func adopt(_ snapshot: OptimizerSnapshot) {
        state.step = snapshot.step
        for (buffer, values) in zip(state.buffers, snapshot.buffers) where values.count == buffer.count {
            _ = buffer[0..<buffer.count].update(fromContentsOf: values)
        }
    }
}

extension TrainingStep {
    /// For tests: an error that memory or an exchange might make, in this rank's replica alone.
    func flipLowestBit() {
        let value = parameters.values.pointer
        value.pointee = Float(bitPattern: value.pointee.bitPattern ^ 1)
    }
}

extension TrainingStep {
    /// For a training loop of your own: places the network's parameters, equal on all ranks, and divides the shards
    /// among the ranks of `world`. Collective: every rank gives the same arguments.
    ///
    /// - Parameters:
    ///   - input: the shape of a sample, without the batch axis.
    ///   - shards: a power of two, at least the number of workers; the result's bits depend on it, and on nothing else
    ///     of the layout.
    ///   - threads: of each rank.
    public convenience init(
        network: any Layer, input: Shape, optimizer: Optimizer, loss: Loss, shards: Int, threads: Int = 1,
        seed: UInt64 = 0, on world: World = .alone
    ) throws {
        if let defect = optimizer.defect { throw TrainingError(defect) }
        let plan = try ShardPlan(shards: shards, ranks: world.size, threads: threads)
        let team = WorkerTeam(size: threads)
        let reducer = try GradientReducer(plan: plan, communicator: world.communicator, team: team) {
            try network.makeParameterBuffer(input: input, seed: seed, allocate: $0)
        }
        self.init(reducer: reducer, team: team, optimizer: optimizer, seed: seed, objective: loss.objective(network))
    }

    /// The network's parameters; after a step every rank has all of them.
    public var parameters: ParameterBuffer { reducer.parameters }
}

extension Loss {
    /// What `network` makes of a shard under this loss.
    func objective(_ network: any Layer) -> Objective {
        { tape, shard in
            let predictions = network(tape.constant(shard.inputs))
            return (self(predictions, shard.targets), hits(predictions.value, shard.targets))
        }
    }
}
