// Where a thread's time goes. Each worker thread writes a timeline of its own while a run is profiled or traced: nothing
// is shared or locked, and without one (the usual case) a hook costs a comparison with nil.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What a thread is doing, by number: the parts of a step, and of each account the way forward and the way back.
package struct Activity: Hashable, Sendable, BitwiseCopyable {
    package let number: Int32

    /// Whatever no other activity names; on all threads but the first, waiting for the next step.
    package static let other = Activity(number: 0)
    package static let step = Activity(number: 1)
    /// Making a shard's batch.
    package static let data = Activity(number: 2)
    /// Adding up gradients.
    package static let addition = Activity(number: 3)
    package static let waitForThreads = Activity(number: 4)
    /// Waiting for other ranks, and moving data to and from them.
    package static let exchange = Activity(number: 5)
    package static let update = Activity(number: 6)
    /// All that follows an epoch's last step.
    package static let epochEnd = Activity(number: 7)
    package static let evaluation = Activity(number: 8)
    package static let checkpoint = Activity(number: 9)
    /// A piece of the gradients on its way between hosts; several are at a time, so it is only ever a `span`.
    package static let piece = Activity(number: 10)
    private static let firstAccount: Int32 = 11

    /// The forward pass of a layer, by its place in the timeline's accounts.
    package static func forward(_ account: Int) -> Activity { Activity(number: firstAccount + 2 * Int32(account)) }
    /// The backward pass of a layer.
    package static func backward(_ account: Int) -> Activity { Activity(number: firstAccount + 2 * Int32(account) + 1) }

    /// The account and direction of a layer's activity, nil for the others.
    package var layer: (account: Int, isBackward: Bool)? {
        number < Self.firstAccount
            ? nil : (Int(number - Self.firstAccount) / 2, (number - Self.firstAccount) % 2 == 1)
    }

    /// Whether it comes so seldom that a trace holds it whatever the step.
    var isRare: Bool { number >= Self.epochEnd.number && number <= Self.checkpoint.number }

    static func count(accounts: Int) -> Int { Int(firstAccount) + 2 * accounts }
}

/// The time of one thread: sums by activity, and the single spans of some steps.
///
/// Activities nest. A sum counts an activity's own time, without that of the activities within, so that all sums
/// together are the time since the start (or `reset`). Used by one thread at a time.
package final class Timeline: @unchecked Sendable {
    /// From `begin` to `end` of an activity, nanoseconds of `monotonicNanoseconds`.
    package struct Span: Sendable, BitwiseCopyable {
        package let start: Int64
        package let end: Int64
        package let activity: Activity
        /// The step in which it began, counted from 0.
        package let step: Int32

        package init(start: Int64, end: Int64, activity: Activity, step: Int32) {
            (self.start, self.end, self.activity, self.step) = (start, end, activity, step)
        }
    }

    /// The step that is under way, counted from 0.
    package var step = 0 {
        didSet { isTracing = tracedSteps.contains(step) }
    }
    private let tracedSteps: Range<Int>
    private var isTracing = false
    private let accounts: [ObjectIdentifier: Int]
    private var sums: [Int64]
    private var operationCounts: [Int]
    private var open: [(activity: Activity, start: Int64)] = []
    private var current = Activity.other
    private var mark: Int64
    private let memory: UnsafeMutableBufferPointer<Span>
    private var spanCount = 0
    /// Spans for which there was no room.
    package private(set) var droppedSpanCount = 0

    /// - Parameters:
    ///   - owners: the objects, layers mostly, that have an account; the first has number 1. Number 0 is what belongs to
    ///     none of them.
    ///   - tracedSteps: the steps whose spans are kept, counted from 0.
    ///   - spanCapacity: how many spans are kept at most; 24 bytes each.
    package init(owners: [AnyObject] = [], tracedSteps: Range<Int> = 0..<0, spanCapacity: Int = 0) {
        accounts = Dictionary(
            owners.enumerated().map { (ObjectIdentifier($1), $0 + 1) }, uniquingKeysWith: { first, _ in first })
        self.tracedSteps = tracedSteps
        let count = Activity.count(accounts: owners.count + 1)
        sums = Array(repeating: 0, count: count)
        operationCounts = Array(repeating: 0, count: count)
        open.reserveCapacity(32)
        memory = .allocate(capacity: spanCapacity)
        mark = monotonicNanoseconds()
    }

    deinit { memory.deallocate() }

    /// The number of `owner`'s account, if it has one.
    package func account(of owner: AnyObject) -> Int? { accounts[ObjectIdentifier(owner)] }

    /// Starts an activity within the present one.
    package func begin(_ activity: Activity) {
        let now = advance()
        open.append((current, now))
        current = activity
    }

    /// Ends the activity that began last.
    package func end() {
        guard let (outer, start) = open.popLast() else { fatalError("Timeline: end without begin") }
        let now = advance()
        if isTracing || (current.isRare && memory.count > 0) { keep(current, start, now) }
        current = outer
    }

    /// Keeps what went on from `start` until now beside the activities, and counts in no sum.
    package func span(_ activity: Activity, from start: Int64) {
        if isTracing { keep(activity, start, monotonicNanoseconds()) }
    }

    private func keep(_ activity: Activity, _ start: Int64, _ end: Int64) {
        guard spanCount < memory.count else {
            droppedSpanCount += 1
            return
        }
        memory.initializeElement(
            at: spanCount, to: Span(start: start, end: end, activity: activity, step: Int32(step)))
        spanCount += 1
    }

    /// Counts multiplications and additions of a product that the present activity computes.
    package func count(operations: Int) { operationCounts[Int(current.number)] += operations }

    /// Forgets the sums so far, not the spans: what follows is measured.
    package func reset() {
        _ = advance()
        for index in sums.indices { (sums[index], operationCounts[index]) = (0, 0) }
    }

    /// Nanoseconds spent in `activity` itself.
    package func nanoseconds(of activity: Activity) -> Int64 { sums[Int(activity.number)] }

    /// Floating-point operations of the products that `activity` itself computed.
    package func operations(of activity: Activity) -> Int { operationCounts[Int(activity.number)] }

    /// The spans kept so far, in the order of their ends.
    package var spans: [Span] { Array(memory[0..<spanCount]) }

    private func advance() -> Int64 {
        let now = monotonicNanoseconds()
        sums[Int(current.number)] += now - mark
        mark = now
        return now
    }
}

extension Timeline? {
    /// Runs `body` as an activity, if anybody keeps the time.
    package func record<Result, Failure>(
        _ activity: Activity, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        guard let self else { return try body() }
        self.begin(activity)
        defer { self.end() }
        return try body()
    }
}

/// Nanoseconds on a clock that never jumps, from an arbitrary start; the same for all processes of a host.
package func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
