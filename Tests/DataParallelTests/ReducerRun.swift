// A few training steps with made-up gradients, once through `GradientReducer`, once in plain Swift.

import Autograd
import Collectives
import DataParallel
import Optimizers
import Synchronization
import Tensors

/// Parameter sizes that put the ends of slices, blocks and roles in different places.
struct ReducerModel: Sendable, CustomStringConvertible {
    let trainable: [Int]
    let statistics: [Int]

    var description: String { "trainable \(trainable), statistics \(statistics)" }

    static let all = [
        // Slices that lie wholly beyond the trainable range, which ends within a block.
        ReducerModel(trainable: [5000, 33], statistics: [20_000]),
        // Work for every one of sixteen workers.
        ReducerModel(trainable: [70_001, 7], statistics: []),
        // Less than one block: most slices are empty.
        ReducerModel(trainable: [10], statistics: [3]),
    ]

    /// Of many buckets and a tail, with parameters that lie in several of them.
    static let large = ReducerModel(trainable: [200_000, 150_000, 90_000, 160_000], statistics: [5000])

    func parameters() throws -> [Parameter] {
        try trainable.map { try parameter($0, .trainable) }
            + statistics.map { try parameter($0, .statistic(momentum: 0)) }
    }

    private func parameter(_ count: Int, _ role: Parameter.Role) throws -> Parameter {
        let parameter = Parameter("w", initializer: .zeros, role: role)
        try parameter.declare([count])
        return parameter
    }
}

struct ReducerRun: Sendable {
    let shards: Int
    let threads: Int
    let model: ReducerModel
    let steps: Int
    var hostOf: [Int]?
    var wantsNorm = true
    var isAllOrNothing = false
    /// Elements that are set to a value of their own.
    var spoilt: [Element: Float] = [:]

    struct Element: Hashable, Sendable {
        let step: Int
        let shard: Int
        let index: Int
    }

    /// All bits that a rank ends with, and every step's norms.
    struct Outcome: Sendable {
        var values: [UInt32] = []
        var record: [UInt32] = []
        /// Of every step: what the updates were told, if this rank had any.
        var norms: [Set<UInt64>] = []
        /// The steps whose sums were not all finite.
        var lost: [Int] = []
    }

    /// Sign and exponent vary wildly, so that sums in another order round to other bits.
    func gradient(step: Int, shard: Int, index: Int) -> Float {
        if let value = spoilt[Element(step: step, shard: shard, index: index)] { return value }
        var bits = UInt64(step + 1) &* 0x9E37_79B9_7F4A_7C15 ^ UInt64(shard + 1) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ UInt64(index)) &* 0x94D0_49BB_1331_11EB
        bits = (bits ^ (bits >> 31)) &* 0xD6E8_FEB8_6659_FD93
        bits ^= bits >> 32
        let mantissa = 1 + Float(bits & 0xFFFF) / 65536
        return Float(
            sign: bits & 0x10000 == 0 ? .plus : .minus, exponent: Int(bits >> 20 & 31) - 20, significand: mantissa)
    }

    func treeSum(step: Int, index: Int, _ shards: Range<Int>) -> Float {
        if shards.count == 1 { return gradient(step: step, shard: shards.lowerBound, index: index) }
        let middle = shards.lowerBound + shards.count / 2
        return treeSum(step: step, index: index, shards.lowerBound..<middle)
            + treeSum(step: step, index: index, middle..<shards.upperBound)
    }

    /// The same steps without reducer, threads or ranks.
    func expected() -> Outcome {
        guard let parameters = try? ParameterBuffer(model.parameters(), seed: 1) else { return Outcome() }
        var outcome = Outcome()
        let total = FlatBuffer(count: parameters.count)
        let norm = GradientNorm(trainable: parameters.trainable)
        for step in 0..<steps {
            for index in 0..<total.count { total.pointer[index] = treeSum(step: step, index: index, 0..<shards) }
            if total[0..<total.count].allSatisfy(\.isFinite) {
                update(parameters, 0..<total.count, total)
            } else {
                outcome.lost.append(step)
            }
            let sums = norm.blockSums(of: total, parameters.trainable)
            outcome.norms.append([norm.norm(fromBlockSums: sums).bitPattern])
        }
        read(parameters, into: &outcome)
        return outcome
    }

    /// The steps on one rank.
    func train(_ communicator: any Communicator) throws -> Outcome {
        let (reducer, team) = try makeReducer(communicator)
        defer { team.stop() }
        let outcome = Mutex(Outcome())
        for step in 0..<steps {
            outcome.withLock { $0.norms.append([]) }
            reducer.beginStep(wantsNorm: wantsNorm, isAllOrNothing: isAllOrNothing) {
                range, gradients, norm, isFinite in
                if isFinite { update(reducer.parameters, range, gradients) }
                if let norm { _ = outcome.withLock { $0.norms[step].insert(norm.bitPattern) } }
            }
            team.run { thread in
                takeShards(reducer, thread, step: step)
                reducer.reduce(onThread: thread)
            }
            try reducer.endStep()
            if reducer.isSpoilt { outcome.withLock { $0.lost.append(step) } }
        }
        return outcome.withLock { outcome in
            read(reducer.parameters, into: &outcome)
            return outcome
        }
    }

    /// Whether a step whose exchange fails leaves this rank's parameters as they were, without calling `update`.
    func untouchedAfterFailure(_ communicator: any Communicator) throws -> Bool {
        let (reducer, team) = try makeReducer(communicator)
        defer { team.stop() }
        let updates = Mutex(0)
        let before = reducer.parameters.values.fingerprint(0..<reducer.parameters.count)
        reducer.beginStep(wantsNorm: false) { _, _, _, _ in updates.withLock { $0 += 1 } }
        team.run { thread in
            takeShards(reducer, thread, step: 0)
            reducer.reduce(onThread: thread)
        }
        var failed = false
        do { try reducer.endStep() } catch { failed = true }
        return failed && updates.withLock { $0 } == 0
            && reducer.parameters.values.fingerprint(0..<reducer.parameters.count) == before
    }

    private func makeReducer(_ communicator: any Communicator) throws -> (GradientReducer, WorkerTeam) {
        let team = WorkerTeam(size: threads)
        let reducer = try GradientReducer(
            plan: ShardPlan(shards: shards, ranks: communicator.size, threads: threads),
            communicator: communicator, team: team, hostOf: hostOf
        ) { allocate in try ParameterBuffer(model.parameters(), seed: 1, allocate: allocate) }
        return (reducer, team)
    }

    private func takeShards(_ reducer: GradientReducer, _ thread: Int, step: Int) {
        for task in reducer.tasks(ofThread: thread) {
            let buffer = reducer.gradients(ofThread: thread, task)
            for index in 0..<buffer.count {
                buffer.pointer[index] = gradient(step: step, shard: task.shard, index: index)
            }
            // Parameter by parameter, from the last to the first, as in a backward pass: the rest is not there yet.
            if let isFinal = reducer.parameterIsFinal(task, onThread: thread) {
                let parameters = reducer.parameters.parameters.reversed()
                for parameter in parameters { buffer[parameter.range].update(repeating: .nan) }
                for parameter in parameters {
                    for index in parameter.range {
                        buffer.pointer[index] = gradient(step: step, shard: task.shard, index: index)
                    }
                    isFinal(parameter)
                }
            }
            reducer.shardIsDone(task, onThread: thread)
        }
    }

    /// Plain SGD on the trainable range; statistics and record take the sums.
    private func update(_ parameters: ParameterBuffer, _ range: Range<Int>, _ gradients: FlatBuffer) {
        for index in range {
            let sum = gradients.pointer[index]
            parameters.values.pointer[index] =
                parameters.trainable.contains(index) ? parameters.values.pointer[index] - sum : sum
        }
    }

    private func read(_ parameters: ParameterBuffer, into outcome: inout Outcome) {
        outcome.values = parameters.values[parameters.all].map(\.bitPattern)
        outcome.record = parameters.values[parameters.record].map(\.bitPattern)
    }
}
