// From every shard's gradient to every replica's new parameters. The training step calls it on all threads of all
// ranks; what it adds, and in which order, is fixed by the shards alone.

import Autograd
import CKernels
import Collectives
import Hosts
import Optimizers
import Synchronization
import Tensors
import Watchdog

/// Sums shard gradients in the canonical tree, lets each worker update its slice of the parameters, and brings the
/// slices together again on all ranks.
///
/// On one host (with one rank or several) the threads do all of it after their last shard, in memory that they share.
/// Between hosts, an exchange thread does it, piece by piece, while backward passes go on.
///
/// Sums that are NaN or infinite are never to be applied. On one host all of them are looked at before anything is
/// updated. Between hosts that is so where `isAllOrNothing` asks for it; else only the parts that hold such sums are left
/// out. In both cases `isSpoilt` tells every rank after the step.
package final class GradientReducer: @unchecked Sendable {
    /// Applies the reduced gradient, indexed like the parameter buffer, to a range of the parameters. Called for disjoint
    /// ranges, from several threads at a time; with the global norm if it is wanted. Where `isFinite` is false, nothing
    /// may be applied but the record.
    package typealias Update =
        @Sendable (_ range: Range<Int>, _ gradients: FlatBuffer, _ norm: Double?, _ isFinite: Bool) -> Void

    /// Floats that are updated at a time: with parameters and moments, half of a usual second-level cache.
    static let partLength = 4 * SliceLayout.blockLength

    package let plan: ShardPlan
    package let placement: Placement
    /// The model's parameters, in memory that the exchange can reach until `release`.
    package private(set) var parameters: ParameterBuffer
    /// Why ranks that share a host exchange messages nevertheless, and what to do about it; nil where none do.
    package let shortage: String?
    /// Where this rank is, for its watchdog.
    package let status: RankStatus
    package let communicator: any Communicator
    private let team: WorkerTeam
    private let layout: ExchangeLayout
    let memory: HostMemory
    /// By thread; on one host.
    let sums: [BlockwiseSum]
    /// Between hosts; nil on one.
    let exchange: HostExchange?
    private let exchangePlan: ExchangePlan
    /// By thread.
    private let countdowns: [BucketCountdown]
    /// By bucket: how many threads have finished it since the start.
    private let arrivals: UnsafeMutablePointer<Atomic<Int>>
    let norm: GradientNorm
    private var isReleased = false
    /// Where each thread notes its time; empty, or one for each thread.
    private let timelines: [Timeline]
    /// Where the exchange thread does.
    package let exchangeTimeline: Timeline?
    /// Sums of squares of the reduced gradient, by block; each thread writes those of its slice.
    let blockSums: UnsafeMutableBufferPointer<Double>
    private(set) var step = 0
    private(set) var wantsNorm = false
    private var update: Update = { _, _, _, _ in }
    /// Whether some sum of the last step was NaN or infinite; the same on every rank.
    package internal(set) var isSpoilt = false
    /// The first error; written by thread 0 between two barriers only.
    private var failure: CommunicationError?
    /// Seconds that thread 0 has spent waiting for other ranks so far.
    package private(set) var exchangeSeconds = 0.0
    /// Seconds that thread 0, or between hosts the exchange thread, has spent in updates so far.
    package private(set) var updateSeconds = 0.0

    /// Places the model's parameters where all ranks can exchange them. Collective.
    ///
    /// - Parameters:
    ///   - hostOf: a number for each rank, equal for ranks that are to share memory; by default the ranks of a host do.
    ///   - makeParameters: builds the parameter buffer with the given allocation.
    ///   - timelines: where each thread notes its time, if anybody wants to know.
    ///   - exchangeTimeline: where the exchange thread does, if there is one.
    package init(
        plan: ShardPlan, communicator: any Communicator, team: WorkerTeam, hostOf: [Int]? = nil,
        status: RankStatus = RankStatus(), timelines: [Timeline] = [], exchangeTimeline: Timeline? = nil,
        makeParameters: (_ allocate: (Int) throws -> FlatBuffer) throws -> ParameterBuffer
    ) throws {
        require(
            plan.ranks == communicator.size && plan.threads == team.size,
            "GradientReducer: the plan is for \(plan.ranks) ranks x \(plan.threads) threads, "
                + "the job has \(communicator.size) x \(team.size)")
        require(
            hostOf.map { $0.count == plan.ranks } ?? true,
            "GradientReducer: hostOf names the hosts of \(hostOf?.count ?? 0) ranks, expected \(plan.ranks)")
        var made: (layout: ExchangeLayout, memory: HostMemory, shortage: String?)?
        parameters = try makeParameters { count in
            made = try GradientReducer.makeMemory(plan, count, communicator, hostOf)
            return made!.memory.values
        }
        guard let made else { fatalError("GradientReducer: makeParameters did not use the given allocation") }
        (layout, memory, shortage) = made
        self.plan = plan
        self.status = status
        self.communicator = communicator
        self.team = team
        self.timelines = timelines
        self.exchangeTimeline = exchangeTimeline
        placement = layout.placement
        exchangePlan = ExchangePlan(
            plan: plan, placement: placement, count: layout.count, tail: parameters.trainable.upperBound)
        exchange =
            placement.hosts.count == 1
            ? nil
            : HostExchange(
                plan: exchangePlan, communicator: try communicator.duplicate(), memory: memory,
                timeline: exchangeTimeline)
        // In its slice, of which nobody else reads anything, a thread may write over a gradient buffer of its own.
        let ownsSlices = exchange == nil
        sums = (0..<(ownsSlices ? plan.threads : 0)).map { [memory, layout] thread in
            BlockwiseSum(memory.workerSums, into: memory.gradients[thread * layout.buffersPerThread])
        }
        let trainable = parameters.parameters.filter { $0.role == .trainable && !$0.range.isEmpty }
        countdowns = (0..<plan.threads).map { [exchangePlan] _ in
            BucketCountdown(buckets: exchangePlan.buckets, parameters: trainable)
        }
        arrivals = .allocate(capacity: exchangePlan.buckets.count)
        for bucket in exchangePlan.buckets.indices { (arrivals + bucket).initialize(to: Atomic(0)) }
        norm = GradientNorm(trainable: parameters.trainable)
        blockSums = .allocate(capacity: norm.blockCount)
        blockSums.initialize(repeating: 0)
    }

    deinit {
        exchange?.stop()
        arrivals.deallocate()
        blockSums.deallocate()
    }

    /// Memory for `count` floats, shared by the ranks of a host; where any host has too little of it, every rank is
    /// treated as if it were alone on its host. Collective.
    private static func makeMemory(
        _ plan: ShardPlan, _ count: Int, _ communicator: any Communicator, _ hostOf: [Int]?
    ) throws -> (ExchangeLayout, HostMemory, shortage: String?) {
        func make(_ placement: Placement, _ host: (any Communicator)?) throws(CommunicationError)
            -> (layout: ExchangeLayout, memory: HostMemory)?
        {
            let layout = ExchangeLayout(plan: plan, placement: placement, count: count)
            // As many marks as there are buckets if every float is trainable, and one for the tail.
            let buckets = ExchangePlan(plan: plan, placement: placement, count: count, tail: count).buckets.count + 1
            let memory = try HostMemory(layout: layout, rank: communicator.rank, host: host, bucketCount: buckets)
            return memory.map { (layout, $0) }
        }
        var shortage: String?
        if communicator.size > 1 {
            let host =
                try hostOf.map { try communicator.split(color: $0[communicator.rank], key: communicator.rank) }
                ?? communicator.splitByNode()
            let placement = Placement(try communicator.allGather(try host.allGather(communicator.rank)[0]))
            let made = try make(placement, host.size > 1 ? host : nil)
            let short = try communicator.allGather(made == nil)
            guard let first = short.firstIndex(of: true) else { return (made!.layout, made!.memory, nil) }
            let name = try gatherTexts(communicator.hostName, communicator)[first]
            let layout = ExchangeLayout(plan: plan, placement: placement, count: count)
            let floats = placement.hosts[placement.hostOf[first]].count * (1 + layout.buffersPerRank) * count
            let mebibytes = floats * MemoryLayout<Float>.stride / (1 << 20) + 1
            shortage =
                "/dev/shm of \(name) has no room for the \(mebibytes) MiB that its ranks would share: they exchange "
                + "messages, which is slower. Enlarge it: mount -o remount,size=\(2 * mebibytes)m /dev/shm, or docker run "
                + "--shm-size=\(2 * mebibytes)m"
        }
        // On memory of its own a rank always succeeds.
        let made = try make(.apart(ranks: communicator.size), nil)!
        return (made.layout, made.memory, shortage)
    }

    /// Ends the reducer's work: the parameters move into memory of their own, since what the ranks share goes with the
    /// communicator. A second call does nothing.
    package func release() {
        if isReleased { return }
        isReleased = true
        parameters = ParameterBuffer(parameters.parameters, seed: 0)
    }

    // MARK: A step

    /// Begins a step on this rank, before any of its threads computes a shard.
    ///
    /// - Parameters:
    ///   - wantsNorm: whether `update` needs the global norm of the trainable gradient.
    ///   - isAllOrNothing: whether between hosts, too, nothing may be applied where any sum is NaN or infinite. It costs
    ///     what the norm costs.
    package func beginStep(wantsNorm: Bool, isAllOrNothing: Bool = false, update: @escaping Update) {
        require(!isReleased, "GradientReducer: a step after the end of the training")
        step += 1
        self.wantsNorm = wantsNorm
        self.update = update
        for countdown in countdowns { countdown.reset() }
        guard let exchange, failure == nil else { return }
        let verdict =
            wantsNorm || isAllOrNothing
            ? { @Sendable [unowned self] () throws(CommunicationError) in try verdictBetweenHosts() } : nil
        exchange.begin(
            HostExchange.Step(number: step, verdict: verdict) { [unowned self] in
                apply($0, $1, $2.norm, $2.isFinite, isTimed: true)
            })
    }

    /// The shards of `thread` in the order to compute them; within `WorkerTeam.run`.
    package func tasks(ofThread thread: Int) -> [WorkerSchedule.Task] {
        layout.schedules[communicator.rank][thread].tasks
    }

    /// The buffer that receives the gradient of `task`.
    package func gradients(ofThread thread: Int, _ task: WorkerSchedule.Task) -> FlatBuffer {
        memory.gradients[thread * layout.buffersPerThread + task.buffer]
    }

    /// What to call during the backward pass of `task` when a parameter's gradient is final and its value no longer
    /// needed; nil where nobody wants to know.
    package func parameterIsFinal(_ task: WorkerSchedule.Task, onThread thread: Int) -> ((Parameter) -> Void)? {
        guard exchange != nil, task.shard == tasks(ofThread: thread).last?.shard else { return nil }
        return { [self] parameter in
            if parameter.role == .trainable { finish(countdowns[thread].take(parameter)) }
        }
    }

    /// The gradient of the shard to the left of `task`'s, if they are the halves of a tree node that is added up next:
    /// what the pass adds to it while it computes need not go through memory.
    package func leftHalf(ofThread thread: Int, _ task: WorkerSchedule.Task) -> FlatBuffer? {
        task.additions.first.map { memory.gradients[thread * layout.buffersPerThread + $0.target] }
    }

    /// Adds up what the gradient of `task`, now complete, makes possible.
    ///
    /// - Parameter added: the ranges that the pass has added to its `leftHalf`.
    package func shardIsDone(_ task: WorkerSchedule.Task, added: [Range<Int>] = [], onThread thread: Int) {
        let base = thread * layout.buffersPerThread
        timeline(thread).record(.addition) {
            for (index, addition) in task.additions.enumerated() {
                for range in (0..<layout.count).without(index == 0 ? added : []) { add(base, addition, range) }
            }
        }
    }

    /// Reduces, updates and publishes. Every thread of every rank calls it once a step, after its last shard; when
    /// `WorkerTeam.run` returns, this rank has all new parameters. Gradients that could not be brought together are not
    /// applied: see `endStep`.
    package func reduce(onThread thread: Int) {
        if let exchange {
            finish(countdowns[thread].finishAll())
            exclusively(thread) { () throws(CommunicationError) in
                try exchange.finish()
                try memory.synchronize()
            }
            return
        }
        meetOnHost(thread)
        if failure != nil { return }
        let slice = slices.slice(ofWorker: communicator.rank * plan.threads + thread)
        timeline(thread).record(.addition) { addUp(slice, thread) }
        meetOnHost(thread, gathersNorm: wantsNorm)
        if failure != nil { return }
        if thread == 0 { status.enter(.update) }
        let isFinite = !memory.isSpoilt(step: step)
        let norm = wantsNorm ? norm.norm(fromBlockSums: Array(blockSums)) : nil
        // What was added up last is in the cache still; each part is applied and sent on while it is.
        for part in slice.parts(of: GradientReducer.partLength) {
            timeline(thread).record(.update) {
                apply(part, sums[thread].total, norm, isFinite, isTimed: thread == 0)
            }
            timeline(thread).record(.exchange) { memory.publish(part) }
        }
        // Without other ranks, the end of `WorkerTeam.run` is the barrier.
        if plan.ranks > 1 { meetOnHost(thread) }
    }

    /// Adds up a slice and looks whether it is finite, from the end: gradients of a large layer are written up to there.
    private func addUp(_ slice: Range<Int>, _ thread: Int) {
        var isFinite = true
        for block in slice.parts(of: BlockwiseSum.blockLength).reversed() {
            isFinite = sums[thread].add(block) && isFinite
            if wantsNorm { keepBlockSums(of: sums[thread].total, block) }
        }
        if !isFinite { memory.markSpoilt(step: step) }
    }

    /// All threads of all ranks meet, and see what each of them has written.
    private func meetOnHost(_ thread: Int, gathersNorm: Bool = false) {
        if plan.ranks == 1 { return team.barrier() }
        exclusively(thread) { () throws(CommunicationError) in
            if gathersNorm { try gatherBlockSums(communicator) }
            try memory.synchronize()
        }
    }

    /// Ends the step, after `WorkerTeam.run`: throws what went wrong in the exchange, if anything did. Collective.
    package func endStep() throws(CommunicationError) {
        update = { _, _, _, _ in }
        if let failure { throw failure }
        isSpoilt = try wasSpoilt()
    }

    private func meet(_ thread: Int) {
        if plan.threads > 1 { timeline(thread).record(.waitForThreads) { team.barrier() } }
    }

    private func timeline(_ thread: Int) -> Timeline? { timelines.isEmpty ? nil : timelines[thread] }

    private func apply(
        _ range: Range<Int>, _ gradients: FlatBuffer, _ norm: Double?, _ isFinite: Bool, isTimed: Bool
    ) {
        let start = monotonicSeconds()
        update(range, gradients, norm, isFinite)
        if isTimed { updateSeconds += monotonicSeconds() - start }
    }

    /// A thread is through with `buckets`; the last of the rank's threads adds up what they have there.
    private func finish(_ buckets: Range<Int>) {
        for bucket in buckets
        where arrivals[bucket].add(1, ordering: .acquiringAndReleasing).newValue == step * plan.threads {
            for addition in layout.sums[communicator.rank].additions {
                add(0, addition, exchangePlan.buckets[bucket])
            }
            lookForLargeSums(in: exchangePlan.buckets[bucket], layout.sums[communicator.rank].results.map(\.buffer))
            memory.markFinal(bucket, step: step)
        }
    }

    private func add(_ base: Int, _ addition: Addition, _ range: Range<Int>) {
        lk_accumulate(
            memory.gradients[base + addition.target].pointer + range.lowerBound,
            memory.gradients[base + addition.source].pointer + range.lowerBound, Int64(range.count))
    }

    /// Runs a collective on thread 0 between two barriers. After a failure nothing more is exchanged; `failure` is the
    /// same for all threads until the next call.
    private func exclusively(_ thread: Int, _ body: () throws(CommunicationError) -> Void) {
        meet(thread)
        timeline(thread).record(.exchange) {
            if thread == 0 && failure == nil {
                let start = monotonicSeconds()
                do throws(CommunicationError) { try status.during(.exchange, body) } catch { failure = error }
                exchangeSeconds += monotonicSeconds() - start
            }
            // The other threads wait for the other ranks, too.
            team.barrier()
        }
    }

    // MARK: Slices

    var slices: SliceLayout { SliceLayout(count: layout.count, workers: plan.workers) }

    /// What `rank` updates.
    private func owned(byRank rank: Int) -> [Range<Int>] {
        exchange == nil ? [slices.slice(ofRank: rank, threads: plan.threads)] : exchangePlan.owned(byRank: rank)
    }

    /// Brings together the slices of an array that is updated like the trainable parameters, e.g. optimizer state: after
    /// it every rank has all of it. Collective.
    package func gather(_ buffer: FlatBuffer) throws(CommunicationError) {
        try gather(buffer.bytes(0..<buffer.count), communicator) { range in
            let own = range.clamped(to: 0..<buffer.count)
            let stride = MemoryLayout<Float>.stride
            return (own.lowerBound * stride)..<(own.upperBound * stride)
        }
    }

    /// Brings together the bytes that belong to what each rank updates.
    func gather(
        _ bytes: UnsafeMutableRawBufferPointer, _ communicator: any Communicator, _ block: (Range<Int>) -> Range<Int>
    ) throws(CommunicationError) {
        if plan.ranks == 1 { return }
        let owned = (0..<plan.ranks).map { self.owned(byRank: $0) }
        for index in 0..<(owned.map(\.count).max() ?? 0) {
            try communicator.allGather(
                inPlace: bytes, blocks: owned.map { index < $0.count ? block($0[index]) : 0..<0 })
        }
    }
}

extension Range<Int> {
    /// Cut into parts of `length` from the start, the last of which may be short.
    func parts(of length: Int) -> some Sequence<Range<Int>> {
        stride(from: lowerBound, to: upperBound, by: length).lazy.map { $0..<Swift.min($0 + length, upperBound) }
    }

    /// What is left without `parts`, which do not overlap.
    func without(_ parts: [Range<Int>]) -> [Range<Int>] {
        var rest: [Range<Int>] = []
        var start = lowerBound
        for part in parts.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if part.lowerBound > start { rest.append(start..<part.lowerBound) }
            start = part.upperBound
        }
        return start < upperBound ? rest + [start..<upperBound] : rest
    }
}
