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

/// What a model makes of one shard, on the shard's tape.
package struct ShardResult {
    /// `[samples]` or `[samples, positions]`, weighted: what is added up.
    package let losses: Variable
    /// The sums of the metrics, in an order that never changes.
    package let metricSums: [Double]

    package init(losses: Variable, metricSums: [Double] = []) { (self.losses, self.metricSums) = (losses, metricSums) }
}

/// Makes losses of one shard. Called by several threads at a time.
package typealias Objective = @Sendable (_ tape: Tape, _ shard: Batch) -> ShardResult

/// Computes steps on this rank's threads, in lockstep with the other ranks. Those threads work on parts of their own;
/// `run` and `close` belong to one thread at a time.
public final class TrainingStep: @unchecked Sendable {
    package let reducer: GradientReducer
    package let optimizer: Optimizer
    package let state: OptimizerState
    let onNonFinite: NonFinitePolicy
    let isAllOrNothing: Bool
    /// Whether some rank computes no shard, and so has no record to vote in.
    private let someRankIsIdle: Bool
    /// What of the present step's data can't be used, by the places in the batch at which its shards begin.
    let refusals = Mutex<[Int: String]>([:])
    /// What is left of a step that made more than its reducer, or has not looked at all samples.
    var own = OwnParts()
    private let seed: UInt64
    private let transforms: [any Transform]
    private let reduction: StepReduction
    let team: WorkerTeam
    private let workspaces: [Workspace]
    private let watches: [StepWatch]
    private let objective: Objective

    /// - Parameters:
    ///   - isAllOrNothing: whether between hosts, too, no part of a step is applied where any is NaN or infinite, which an
    ///     objective needs that can meet data it can't use (`Tape.refused`). It delays the update between hosts until all
    ///     sums are known.
    ///   - reduction: what the sum of the losses is divided by.
    package init(
        reducer: GradientReducer, team: WorkerTeam, optimizer: Optimizer, seed: UInt64,
        onNonFinite: NonFinitePolicy = .stop, transforms: [any Transform] = [], isAllOrNothing: Bool = true,
        reduction: StepReduction = StepReduction(), timelines: [Timeline] = [], objective: @escaping Objective
    ) {
        (self.reducer, self.team, self.optimizer, self.seed) = (reducer, team, optimizer, seed)
        (self.transforms, self.reduction, self.objective) = (transforms, reduction, objective)
        (self.onNonFinite, self.isAllOrNothing) = (onNonFinite, isAllOrNothing || onNonFinite == .skip)
        someRankIsIdle = (0..<reducer.plan.ranks).contains {
            reducer.plan.shards(ofRank: $0, reducer.placement).isEmpty
        }
        state = optimizer.makeState(for: reducer.parameters)
        watches = (0..<team.size).map { thread in
            StepWatch(
                timeline: timelines.isEmpty ? nil : timelines[thread], status: thread == 0 ? reducer.status : nil)
        }
        workspaces = watches.map { Workspace(timeline: $0.timeline) }
    }

    /// Computes one step on the given samples, the whole global batch, which exist and are of use: see `run(_:of:)`.
    func run(
        known batch: ArraySlice<Int>, of data: any Dataset, next: ArraySlice<Int>, learningRate: Float,
        votes: StepVotes
    ) throws -> StepReport {
        let step = state.step
        let denominator = reduction.denominator(batch, data)
        reducer.status.begin(step: step + 1)
        reducer.exchangeTimeline?.step = step
        reducer.beginStep(wantsNorm: optimizer.clipNorm != nil, isAllOrNothing: isAllOrNothing) {
            [self] range, gradients, norm, isFinite in
            update(range, gradients, norm, isFinite, learningRate, step)
        }
        team.run { thread in
            watches[thread].begin(step: step)
            for task in reducer.tasks(ofThread: thread) {
                compute(task, thread, StepInput(batch, data, step, denominator), votes)
                data.prefetch(samples(ofShard: task.shard, next))
                reducer.status.mark()
            }
            reducer.reduce(onThread: thread)
            watches[thread].endOwnPart()
        }
        watches[0].endStep()
        try reducer.endStep()
        let parameters = reducer.parameters
        if !reducer.isSpoilt { parameters.applyConstraints() }
        var report = StepReport(
            record: parameters.values[parameters.record], metricCount: reduction.metricCount, samples: batch.count,
            denominator: denominator, isSkipped: reducer.isSpoilt)
        if someRankIsIdle { report.votes = try agreed(votes) }
        if report.refusedShards > 0 { throw try refusal(step) }
        if !reducer.isSpoilt || onNonFinite == .skip { state.step = step + 1 }
        return report
    }

    /// Forward and backward pass of one shard, into its gradient buffer.
    ///
    /// - Parameter isRepeated: whether the pass only looks for what was not finite, with nobody to exchange with.
    /// - Returns: the sum of the losses.
    @discardableResult
    func compute(
        _ task: WorkerSchedule.Task, _ thread: Int, _ input: StepInput, _ votes: StepVotes, isRepeated: Bool = false
    ) -> Float {
        let (watch, gradients) = (watches[thread], reducer.gradients(ofThread: thread, task))
        let numbers = samples(ofShard: task.shard, input.batch)
        guard !numbers.isEmpty else {
            gradients[0..<gradients.count].update(repeating: 0)
            StepReport.write(
                loss: 0, metricSums: [], votes: votes, isRefused: false, to: gradients[reducer.parameters.record])
            if !isRepeated { reducer.shardIsDone(task, onThread: thread) }
            return 0
        }
        let shard = watch.during(.data) { read(numbers, input, workspaces[thread]) }
        let tape = Tape(
            .training,
            context: StepContext(
                seed: seed, step: input.step, shard: task.shard,
                fraction: Float(numbers.count) / Float(input.batch.count)),
            workspace: workspaces[thread], buffer: reducer.parameters, gradients: gradients,
            addingTo: isRepeated ? nil : reducer.leftHalf(ofThread: thread, task))
        let result = watch.during(.forward) { objective(tape, shard) }
        let isRefused = tape.refused.map { note($0, input.data, numbers) } ?? false
        let loss = watch.during(.backward) {
            let loss = watch.timeline.record(.forward(0)) { result.losses.value.sum().scalar }
            if loss.isFinite && !isRefused || isRepeated {
                watch.timeline.record(.backward(0)) {
                    tape.backward(
                        from: result.losses, weight: input.weight,
                        parameterIsFinal: isRepeated ? nil : reducer.parameterIsFinal(task, onThread: thread))
                }
            } else {
                tape.discard()
                // Whichever part of the sums is looked at, it says that there is no step to make. What lies between
                // parameters is never written again.
                for parameter in reducer.parameters.parameters { gradients[parameter.range].update(repeating: .nan) }
            }
            return loss
        }
        StepReport.write(
            loss: loss, metricSums: result.metricSums, votes: votes, isRefused: isRefused,
            to: gradients[reducer.parameters.record])
        if !isRepeated { reducer.shardIsDone(task, added: tape.added, onThread: thread) }
        return loss
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
        // What begins with a step that is left out begins with the first weights.
        if !isFinite && step == 0 { optimizer.beginAverage(trainable, parameters.values, state) }
        if isFinite { parameters.updateStatistics(range, observations: gradients) }
        let record = range.clamped(to: parameters.record)
        if !record.isEmpty {
            parameters.values[record].baseAddress!.update(from: gradients[record].baseAddress!, count: record.count)
        }
    }

    /// A shard's samples, as the model is to see them.
    private func read(_ numbers: ArraySlice<Int>, _ input: StepInput, _ workspace: Workspace) -> Batch {
        transforms.enumerated().reduce(input.data.batch(known: numbers, in: workspace)) { batch, next in
            next.element(batch, TransformContext(seed: seed, step: input.step, samples: numbers, place: next.offset))
        }
    }

    private func samples(ofShard shard: Int, _ batch: ArraySlice<Int>) -> ArraySlice<Int> {
        let positions = reducer.plan.samples(ofShard: shard, count: batch.count)
        return batch.dropFirst(positions.lowerBound).prefix(positions.count)
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

    /// Where thread 0 has spent its time since the start.
    package var seconds: PhaseSeconds {
        var seconds = watches[0].seconds
        (seconds.communication, seconds.update) = (reducer.exchangeSeconds, reducer.updateSeconds)
        return seconds
    }

    /// The network's parameters; after a step every rank has all of them.
    public var parameters: ParameterBuffer { reducer.parameters }
}

/// The samples of a step: one batch over all ranks.
struct StepInput {
    let batch: ArraySlice<Int>
    let data: any Dataset
    /// From 0.
    let step: Int
    /// What each loss counts in the step's: one over its denominator, so that shards of unequal size count exactly.
    let weight: Float

    init(_ batch: ArraySlice<Int>, _ data: any Dataset, _ step: Int, _ denominator: Double) {
        (self.batch, self.data, self.step) = (batch, data, step)
        weight = denominator > 0 ? 1 / Float(denominator) : 0
    }
}

/// What becomes of the sums of a step.
package struct StepReduction: Sendable {
    var loss = LossReduction.mean
    /// Whether there is a loss for each position of a sample.
    var isPerPosition = false
    /// How many sums the metrics have together.
    var metricCount = 0

    package init() {}

    func denominator(_ numbers: ArraySlice<Int>, _ data: any Dataset) -> Double {
        loss.denominator(numbers, data, perPosition: isPerPosition)
    }
}

extension TrainingStep {
    /// Gives every rank all of the optimizer's state, of which each has updated a slice. Collective.
    func gatherState() throws(CommunicationError) {
        for buffer in state.buffers { try reducer.gather(buffer) }
    }

    /// Evaluates with the moving averages in the parameters' place, where the optimizer keeps any. Collective.
    func withAverages<Result>(_ body: () throws -> Result) throws -> Result {
        guard let average = state.average else { return try body() }
        try reducer.gather(average)
        parameters.exchangeTrainable(with: average)
        defer { parameters.exchangeTrainable(with: average) }
        return try body()
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
