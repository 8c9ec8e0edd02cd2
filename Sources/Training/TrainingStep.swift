// One training step, the page to read first: shards -> forward -> loss -> backward -> canonical reduction -> update.
// docs/one-step.md follows it down to the kernels.

import Autograd
import Collectives
import DataParallel
import Datasets
import Layers
import Optimizers
import Synchronization
import Tensors

/// What a model makes of one shard: the losses `[samples]` on the shard's tape, and how many samples it got right, of
/// one with several positions the share. Called by several threads at a time.
public typealias Objective = @Sendable (_ tape: Tape, _ shard: Batch) -> (losses: Variable, hits: Double)

/// Computes steps on this rank's threads, in lockstep with the other ranks. Those threads work on parts of their own;
/// `run` and `close` belong to one thread at a time.
public final class TrainingStep: @unchecked Sendable {
    public let reducer: GradientReducer
    public let optimizer: Optimizer
    public let state: OptimizerState
    /// Where thread 0 has spent its time since the start.
    public internal(set) var seconds = PhaseSeconds()
    /// That of a step that made its own; freed with what the reducer made with it.
    private var communicator: (any Communicator)?
    let onNonFinite: NonFinitePolicy
    private let isAllOrNothing: Bool
    /// Whether some rank computes no shard, and so has no record to vote in.
    private let someRankIsIdle: Bool
    /// What of the present step's data can't be used, as this rank's threads found it.
    let refusals = Mutex<[String]>([])
    /// What is wrong with samples, for a loop that has not looked at all of them.
    private(set) var defect: (Samples, ArraySlice<Int32>) -> String? = { _, _ in nil }
    private let seed: UInt64
    private let augmentation: Augmentation
    let team: WorkerTeam
    private let workspaces: [Workspace]
    private let objective: Objective

    /// - Parameter isAllOrNothing: whether between hosts, too, no part of a step is applied where any is NaN or infinite,
    ///   which an objective needs that can meet data it can't use (`Tape.refused`). It delays the update between hosts
    ///   until all sums are known.
    public init(
        reducer: GradientReducer, team: WorkerTeam, optimizer: Optimizer, seed: UInt64,
        onNonFinite: NonFinitePolicy = .stop, augmentation: Augmentation = Augmentation(), isAllOrNothing: Bool = true,
        timelines: [Timeline] = [], objective: @escaping Objective
    ) {
        self.reducer = reducer
        self.team = team
        self.optimizer = optimizer
        self.seed = seed
        self.augmentation = augmentation
        (self.onNonFinite, self.isAllOrNothing) = (onNonFinite, isAllOrNothing || onNonFinite == .skip)
        someRankIsIdle = (0..<reducer.plan.ranks).contains {
            reducer.plan.shards(ofRank: $0, reducer.placement).isEmpty
        }
        self.objective = objective
        state = optimizer.makeState(count: reducer.parameters.trainable.count)
        workspaces = (0..<team.size).map { Workspace(timeline: timelines.isEmpty ? nil : timelines[$0]) }
    }

    /// Computes one step on the given samples, the whole global batch, which exist and are of use: see `run(_:of:)`.
    func run(
        known batch: ArraySlice<Int32>, of data: Samples, next: ArraySlice<Int32>, learningRate: Float,
        votes: StepVotes
    ) throws -> StepReport {
        let step = state.step
        reducer.status.begin(step: step + 1)
        reducer.exchangeTimeline?.step = step
        reducer.beginStep(wantsNorm: optimizer.clipNorm != nil, isAllOrNothing: isAllOrNothing) {
            [self] range, gradients, norm, isFinite in
            update(range, gradients, norm, isFinite, learningRate, step)
        }
        team.run { thread in
            let timeline = workspaces[thread].timeline
            timeline?.step = step
            timeline?.begin(.step)
            for task in reducer.tasks(ofThread: thread) {
                compute(task, thread, batch, data, step, votes)
                data.prefetch(samples(ofShard: task.shard, next))
                reducer.status.mark()
            }
            reducer.reduce(onThread: thread)
            if thread == 0 { timeline?.begin(.waitForThreads) } else { timeline?.end() }
        }
        // Thread 0 has waited for the others, and its step ends.
        for _ in 0..<2 { workspaces[0].timeline?.end() }
        seconds.communication = reducer.exchangeSeconds
        seconds.update = reducer.updateSeconds
        try reducer.endStep()
        let parameters = reducer.parameters
        var report = StepReport(
            record: parameters.values[parameters.record], samples: batch.count, isSkipped: reducer.isSpoilt)
        if someRankIsIdle { report.votes = try agreed(votes) }
        if report.refusedShards > 0 { throw try refusal(step) }
        if !reducer.isSpoilt || onNonFinite == .skip { state.step = step + 1 }
        return report
    }

    /// What any rank wants.
    private func agreed(_ votes: StepVotes) throws -> StepVotes {
        let all = try reducer.communicator.allReduce([Int64(votes.rawValue & 1), Int64(votes.rawValue >> 1)], .maximum)
        return StepVotes(rawValue: Int(all[0] | all[1] << 1))
    }

    /// Whether the last step, if it was not finite, was applied nowhere.
    var leavesNoTrace: Bool {
        reducer.knowsBeforeUpdate || isAllOrNothing || optimizer.clipNorm != nil
            || !parameters.values[parameters.record][0].isFinite
    }

    private func samples(ofShard shard: Int, _ batch: ArraySlice<Int32>) -> ArraySlice<Int32> {
        let positions = reducer.plan.samples(ofShard: shard, count: batch.count)
        return batch.dropFirst(positions.lowerBound).prefix(positions.count)
    }

    /// Forward and backward pass of one shard, into its gradient buffer.
    ///
    /// - Parameter isRepeated: whether the pass only looks for what was not finite, with nobody to exchange with.
    /// - Returns: the sum of the losses.
    @discardableResult
    func compute(
        _ task: WorkerSchedule.Task, _ thread: Int, _ batch: ArraySlice<Int32>, _ data: Samples, _ step: Int,
        _ votes: StepVotes, isRepeated: Bool = false
    ) -> Float {
        let parameters = reducer.parameters
        let gradients = reducer.gradients(ofThread: thread, task)
        let numbers = samples(ofShard: task.shard, batch)
        var (loss, hits, times) = (Float(0), 0.0, PhaseSeconds())
        var isRefused = false
        var added: [Range<Int>] = []
        if numbers.isEmpty {
            gradients[0..<gradients.count].update(repeating: 0)
        } else {
            let start = monotonicSeconds()
            enter(.data, thread)
            let timeline = workspaces[thread].timeline
            let shard = timeline.record(.data) {
                augmentation(
                    data.batch(known: numbers, in: workspaces[thread]), samples: numbers, seed: seed, step: step)
            }
            let ready = monotonicSeconds()
            enter(.forward, thread)
            let fraction = Float(numbers.count) / Float(batch.count)
            let tape = Tape(
                .training,
                context: StepContext(seed: seed, step: step, shard: task.shard, fraction: fraction),
                workspace: workspaces[thread], buffer: parameters, gradients: gradients,
                addingTo: isRepeated ? nil : reducer.leftHalf(ofThread: thread, task))
            let result = timeline.record(.forward(0)) { objective(tape, shard) }
            isRefused = tape.refused.map { note($0, data, numbers) } ?? false
            let computed = monotonicSeconds()
            enter(.backward, thread)
            loss = timeline.record(.forward(0)) { result.losses.value.sum().scalar }
            hits = result.hits
            if loss.isFinite && !isRefused || isRepeated {
                // Weighted by the step's sample count, so that shards of unequal size count exactly.
                timeline.record(.backward(0)) {
                    tape.backward(
                        from: result.losses, weight: 1 / Float(batch.count),
                        parameterIsFinal: isRepeated ? nil : reducer.parameterIsFinal(task, onThread: thread))
                }
                added = tape.added
            } else {
                tape.discard()
                // Whichever part of the sums is looked at, it says that there is no step to make. What lies between
                // parameters is never written again.
                for parameter in parameters.parameters { gradients[parameter.range].update(repeating: .nan) }
            }
            times = PhaseSeconds(
                data: ready - start, forward: computed - ready, backward: monotonicSeconds() - computed)
        }
        StepReport.write(loss: loss, hits: hits, votes: votes, isRefused: isRefused, to: gradients[parameters.record])
        if !isRepeated { reducer.shardIsDone(task, added: added, onThread: thread) }
        if thread == 0 { seconds.add(times) }
        return loss
    }

    /// Tells the watchdog where thread 0 is.
    private func enter(_ phase: RunPhase, _ thread: Int) {
        if thread == 0 { reducer.status.enter(phase) }
    }

    /// Applies the reduced gradient to one worker's slice: the optimizer, the running statistics, the step's record.
    private func update(
        _ range: Range<Int>, _ gradients: FlatBuffer, _ norm: Double?, _ isFinite: Bool, _ learningRate: Float,
        _ step: Int
    ) {
        let parameters = reducer.parameters
        let trainable = range.clamped(to: parameters.trainable)
        if !trainable.isEmpty && isFinite {
            optimizer.update(
                trainable, values: parameters.values, gradients: gradients, state: state, learningRate: learningRate,
                step: step + 1, gradientScale: norm.map(optimizer.gradientScale(norm:)) ?? 1)
        }
        if isFinite { parameters.updateStatistics(range, observations: gradients) }
        let record = range.clamped(to: parameters.record)
        if !record.isEmpty {
            parameters.values[record].baseAddress!.update(from: gradients[record].baseAddress!, count: record.count)
        }
    }
}

/// What a rank wants all ranks to do together after a step. It rides in the step's record, so that to agree costs no
/// communication.
public struct StepVotes: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// To end the run.
    public static let stop = StepVotes(rawValue: 1)
    /// To write a checkpoint.
    public static let save = StepVotes(rawValue: 2)
    static let count = 2
}

/// What all ranks know about a step after its reduction.
public struct StepReport: Sendable {
    /// The sum of the samples' losses.
    public let lossSum: Double
    /// Samples that the model got right before the update.
    public let hits: Double
    public let samples: Int
    /// What any rank wants.
    public internal(set) var votes: StepVotes
    /// Whether no update was made, since not all was finite.
    public let isSkipped: Bool
    /// Shards with data that can't be used.
    let refusedShards: Int

    init(record: UnsafeMutableBufferPointer<Float>, samples: Int, isSkipped: Bool) {
        lossSum = Double(record[0])
        hits = Double(record[1])
        votes = StepVotes((0..<StepVotes.count).filter { record[2 + $0] > 0 }.map { StepVotes(rawValue: 1 << $0) })
        refusedShards = Int(record[4])
        self.isSkipped = isSkipped
        self.samples = samples
    }

    /// Writes a shard's part; the reduction adds up the parts, and counts ranks with large sums in the last place.
    static func write(
        loss: Float, hits: Double, votes: StepVotes, isRefused: Bool, to record: UnsafeMutableBufferPointer<Float>
    ) {
        record.update(repeating: 0)
        record[0] = loss
        record[1] = Float(hits)
        for index in 0..<StepVotes.count { record[2 + index] = votes.contains(StepVotes(rawValue: 1 << index)) ? 1 : 0 }
        record[4] = isRefused ? 1 : 0
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
    /// Gives every rank all of the optimizer's state, of which each has updated a slice. Collective.
    func gatherState() throws(CommunicationError) {
        for buffer in state.buffers { try reducer.gather(buffer) }
    }

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
    /// For a training loop of your own: places the network's parameters, with rank 0's values on all ranks, and divides
    /// the shards among the ranks of `world`. Collective: every rank gives the same arguments. End with `close`.
    ///
    /// - Parameters:
    ///   - input: the shape of a sample, without the batch axis.
    ///   - batchSize: samples of a whole batch; a shorter one is cut over fewer shards.
    ///   - shards: a power of two; the result's bits depend on it, and on nothing else of the layout. Workers beyond them
    ///     only update. nil takes the largest one, at most 64, that leaves 16 samples a shard.
    ///   - threads: of each rank.
    public convenience init(
        network: any Layer, input: Shape, optimizer: Optimizer, loss: Loss, batchSize: Int, shards: Int? = nil,
        threads: Int = 1, seed: UInt64 = 0, augmentation: Augmentation = Augmentation(), on world: World = .alone
    ) throws {
        _ = try network.build(input)
        let plan = try ShardPlan(
            shards: shards ?? ShardPlan.automaticShards(batchSize: batchSize), ranks: world.size, threads: threads,
            batchSize: batchSize)
        if let defect = optimizer.defect ?? augmentation.defect(sample: input) ?? loss.defect(of: network, input: input)
            ?? BatchStatistics(of: network).defect(plan, batchSize: batchSize)
        {
            throw TrainingError(defect)
        }
        let team = WorkerTeam(size: threads)
        let communicator = try world.communicator.duplicate()
        let reducer = try GradientReducer(plan: plan, communicator: communicator, team: team, hostOf: world.hostOf) {
            allocate in
            try withIEEEArithmetic { try network.makeParameterBuffer(input: input, seed: seed, allocate: allocate) }
        }
        world.tell(shortage: reducer.shortage)
        try communicator.broadcast(reducer.parameters.values.bytes(reducer.parameters.all), from: 0)
        self.init(
            reducer: reducer, team: team, optimizer: optimizer, seed: seed, augmentation: augmentation,
            isAllOrNothing: network.readsIndices, objective: loss.objective(network))
        self.communicator = communicator
        let output = try network.build(input)
        defect = { data, numbers in
            data.inputShape == input
                ? data.defect(network, output: output, loss: loss, in: numbers)
                : "the model was made for samples \(input), \(data.name) has \(data.inputShape)"
        }
    }

    /// Ends the training: moves the parameters into memory of their own, and frees what the ranks share. Collective;
    /// afterwards no step can be run.
    public func close() throws {
        reducer.release()
        try communicator?.close()
        communicator = nil
    }

    /// The network's parameters; after a step every rank has all of them.
    public var parameters: ParameterBuffer { reducer.parameters }
}

extension Loss {
    /// What `network` makes of a shard under this loss.
    func objective(_ network: any Layer) -> Objective {
        { tape, shard in
            let predictions = network(tape.constant(shard.inputs))
            return (self(predictions, shard.targets), hits(predictions, shard.targets))
        }
    }
}
