// From every shard's gradient to every replica's new parameters. The training step calls it on all threads of all
// ranks; what it adds, and in which order, is fixed by the shards alone.

import Autograd
import CKernels
import Collectives
import Optimizers
import Tensors

/// Sums shard gradients in the canonical tree, lets each worker update its slice of the parameters, and brings the
/// slices together again on all ranks.
public final class GradientReducer: @unchecked Sendable {
    public let plan: ShardPlan
    /// The model's parameters, in memory that the exchange can reach.
    public let parameters: ParameterBuffer
    private let communicator: any Communicator
    private let team: WorkerTeam
    private let layout: ExchangeLayout
    private let exchange: any GradientExchange
    private let schedules: [WorkerSchedule]
    private let crossRankAdditions: [Addition]
    private let norm: GradientNorm
    /// Where each thread notes its time; empty, or one for each thread.
    private let timelines: [Timeline]
    /// Sums of squares of the reduced gradient, by block; each thread writes those of its slice.
    private let blockSums: UnsafeMutableBufferPointer<Double>
    /// The first error; written by thread 0 between two barriers only.
    private var failure: CommunicationError?
    /// Seconds that thread 0 has spent in the exchange so far.
    public private(set) var exchangeSeconds = 0.0

    /// Places the model's parameters where all ranks can exchange them. Collective.
    ///
    /// - Parameters:
    ///   - makeParameters: builds the parameter buffer with the given allocation.
    ///   - allowSharedMemory: false sends messages even where ranks could share memory.
    ///   - timelines: where each thread notes its time, if anybody wants to know.
    public init(
        plan: ShardPlan, communicator: any Communicator, team: WorkerTeam, allowSharedMemory: Bool = true,
        timelines: [Timeline] = [], makeParameters: (_ allocate: (Int) throws -> FlatBuffer) throws -> ParameterBuffer
    ) throws {
        require(
            plan.ranks == communicator.size && plan.threads == team.size,
            "GradientReducer: the plan is for \(plan.ranks) ranks x \(plan.threads) threads, "
                + "the job has \(communicator.size) x \(team.size)")
        var made: (layout: ExchangeLayout, exchange: any GradientExchange)?
        parameters = try makeParameters { count in
            let layout = ExchangeLayout(plan: plan, count: count)
            let exchange = try GradientReducer.makeExchange(layout, communicator, allowSharedMemory)
            made = (layout, exchange)
            return exchange.values
        }
        guard let made else { fatalError("GradientReducer: makeParameters did not use the given allocation") }
        (layout, exchange) = made
        self.plan = plan
        self.communicator = communicator
        self.team = team
        self.timelines = timelines
        let first = communicator.rank * plan.threads
        schedules = (0..<plan.threads).map { WorkerSchedule(shards: plan.shards(ofWorker: first + $0)) }
        crossRankAdditions =
            CanonicalSum(exchange.partialSums.enumerated().map { ($1.node, $0) }).additions
        norm = GradientNorm(trainable: parameters.trainable)
        blockSums = .allocate(capacity: norm.blockCount)
        blockSums.initialize(repeating: 0)
    }

    deinit { blockSums.deallocate() }

    private static func makeExchange(
        _ layout: ExchangeLayout, _ communicator: any Communicator, _ allowSharedMemory: Bool
    ) throws(CommunicationError) -> any GradientExchange {
        if communicator.size == 1 { return SharedMemoryExchange(layout: layout) }
        if allowSharedMemory, let shared = try SharedMemoryExchange(layout: layout, communicator: communicator) {
            return shared
        }
        return MessageExchange(layout: layout, communicator: communicator)
    }

    /// The shards of `thread` in the order to compute them; within `WorkerTeam.run`.
    public func tasks(ofThread thread: Int) -> [WorkerSchedule.Task] { schedules[thread].tasks }

    /// The buffer that receives the gradient of `task`.
    public func gradients(ofThread thread: Int, _ task: WorkerSchedule.Task) -> FlatBuffer {
        exchange.gradients[thread * layout.buffersPerThread + task.buffer]
    }

    /// Adds up what the gradient of `task`, now complete, makes possible.
    public func shardIsDone(_ task: WorkerSchedule.Task, onThread thread: Int) {
        let base = thread * layout.buffersPerThread
        for addition in task.additions {
            add(
                exchange.gradients[base + addition.source], to: exchange.gradients[base + addition.target],
                0..<layout.slices.count, thread)
        }
    }

    /// Reduces, updates and publishes. Every thread of every rank calls it once a step, after its last shard. Gradients
    /// that could not be brought together are not applied: see `check`.
    ///
    /// - Parameters:
    ///   - wantsNorm: whether `update` needs the global norm of the trainable gradient.
    ///   - update: applies the reduced gradient (indexed like the parameter buffer) to a range of the parameters.
    public func reduce(
        onThread thread: Int, wantsNorm: Bool,
        update: (_ range: Range<Int>, _ gradients: FlatBuffer, _ norm: Double?) -> Void
    ) {
        let own = layout.sums[communicator.rank]
        meet(thread)
        let part = SliceLayout(count: layout.slices.count, workers: plan.threads).slice(ofWorker: thread)
        for addition in own.additions {
            add(exchange.gradients[addition.source], to: exchange.gradients[addition.target], part, thread)
        }
        if plan.ranks > 1 {
            exclusively(thread) { () throws(CommunicationError) in try exchange.collect() }
            if failure != nil { return }
        }
        let slice = layout.slices.slice(ofWorker: communicator.rank * plan.threads + thread)
        for addition in crossRankAdditions {
            add(
                exchange.partialSums[addition.source].buffer, to: exchange.partialSums[addition.target].buffer, slice,
                thread)
        }
        let total = exchange.partialSums[0].buffer
        let norm = wantsNorm ? globalNorm(of: total, slice, thread) : nil
        if failure != nil { return }
        timeline(thread).record(.update) { update(slice, total, norm) }
        if plan.ranks > 1 {
            timeline(thread).record(.exchange) { exchange.publish(slice) }
            exclusively(thread) { () throws(CommunicationError) in try exchange.complete() }
        }
        // Without other ranks, the end of `WorkerTeam.run` is the barrier.
    }

    /// Brings together the slices of an array that is updated like the trainable parameters, e.g. optimizer state: after
    /// it every rank has all of it. Collective.
    public func gather(_ buffer: FlatBuffer) throws(CommunicationError) {
        let blocks = (0..<plan.ranks).map { rank in
            let slice = layout.slice(ofRank: rank).clamped(to: 0..<buffer.count)
            let stride = MemoryLayout<Float>.stride
            return (slice.lowerBound * stride)..<(slice.upperBound * stride)
        }
        if plan.ranks > 1 { try communicator.allGather(inPlace: buffer.bytes(0..<buffer.count), blocks: blocks) }
    }

    /// Throws what went wrong in the exchange, if anything did; after `WorkerTeam.run`.
    public func check() throws(CommunicationError) {
        if let failure { throw failure }
    }

    private func meet(_ thread: Int) {
        if plan.threads > 1 { timeline(thread).record(.waitForThreads) { team.barrier() } }
    }

    private func timeline(_ thread: Int) -> Timeline? { timelines.isEmpty ? nil : timelines[thread] }

    private func add(_ source: FlatBuffer, to target: FlatBuffer, _ range: Range<Int>, _ thread: Int) {
        timeline(thread).record(.addition) {
            lk_accumulate(target.pointer + range.lowerBound, source.pointer + range.lowerBound, Int64(range.count))
        }
    }

    /// The norm over all trainable gradients: block sums of all workers, added in the order of blocks.
    private func globalNorm(of gradients: FlatBuffer, _ slice: Range<Int>, _ thread: Int) -> Double {
        let own = slice.clamped(to: parameters.trainable)
        if !own.isEmpty {
            let sums = norm.blockSums(of: gradients, own)
            for (index, sum) in sums.enumerated() { blockSums[own.lowerBound / SliceLayout.blockLength + index] = sum }
        }
        exclusively(thread) { () throws(CommunicationError) in
            if plan.ranks > 1 { try gatherBlockSums() }
        }
        return norm.norm(fromBlockSums: Array(blockSums))
    }

    private func gatherBlockSums() throws(CommunicationError) {
        let blocks = (0..<plan.ranks).map { rank in
            let slice = layout.slice(ofRank: rank).clamped(to: parameters.trainable)
            // A slice beyond the trainable range has no block, not even the range's last one.
            if slice.isEmpty { return 0..<0 }
            let first = slice.lowerBound / SliceLayout.blockLength
            let last = (slice.upperBound + SliceLayout.blockLength - 1) / SliceLayout.blockLength
            return (first * MemoryLayout<Double>.stride)..<(last * MemoryLayout<Double>.stride)
        }
        try communicator.allGather(inPlace: UnsafeMutableRawBufferPointer(blockSums), blocks: blocks)
    }

    /// Runs a collective on thread 0 between two barriers. After a failure nothing more is exchanged; `failure` is the
    /// same for all threads until the next call.
    private func exclusively(_ thread: Int, _ body: () throws(CommunicationError) -> Void) {
        meet(thread)
        timeline(thread).record(.exchange) {
            if thread == 0 && failure == nil {
                let start = monotonicSeconds()
                do throws(CommunicationError) { try body() } catch { failure = error }
                exchangeSeconds += monotonicSeconds() - start
            }
            // The other threads wait for the other ranks, too.
            team.barrier()
        }
    }
}
