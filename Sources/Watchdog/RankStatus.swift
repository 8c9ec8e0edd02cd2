// Where a rank is in its run, in one cache line that the rank writes and its watchers read. The training loop, the step
// and the reducer tell it; the watchdogs of all ranks look at it.

import Synchronization

/// What a rank is busy with.
package enum RunPhase: Int, Sendable {
    case starting, loading, data, forward, backward, exchange, update, callbacks, reporting, evaluation, saving
    /// Writing to standard output, whose reader may take any time: a pager, a terminal that was paused.
    case output
    /// Another rank has something to do, or all agree on something.
    case waiting
    /// Training is over on this rank, well or with an error that it tells itself.
    case ended

    /// Whether it is for the other ranks to go on: who waits is not the one that holds up the job.
    var isWaiting: Bool { self == .exchange || self == .waiting || self == .ended }

    var words: String {
        switch self {
        case .starting: "the start"
        case .loading: "loading the data"
        case .data: "reading the batch"
        case .waiting: "waiting for the other ranks"
        case .saving: "saving a checkpoint"
        case .callbacks: "the callbacks"
        case .reporting: "writing progress and metrics"
        case .output: "writing to standard output"
        default: "\(self)"
        }
    }
}

/// A rank's own status. Every change of phase is a sign of life, so is `mark`. Cheap: a store or two to one cache line.
package final class RankStatus: Sendable {
    /// Bytes of a status in shared memory.
    static let byteCount = 64
    /// Words of a status, in memory and in messages.
    static let wordCount = 8
    private enum Word: Int { case process, epoch, step, phase, marks, beats, isLast }

    // Safe to share: every word is an atomic, and the pointer never changes.
    nonisolated(unsafe) private let words: UnsafeMutablePointer<Atomic<Int>>
    private let owner: (any AnyObject & Sendable)?

    /// In memory of its own, for a rank that nobody else watches.
    package init() {
        words = .allocate(capacity: RankStatus.wordCount)
        owner = nil
        for index in 0..<RankStatus.wordCount { (words + index).initialize(to: Atomic(0)) }
    }

    /// In zeroed memory that others see too; `owner` keeps it.
    init(_ memory: UnsafeMutableRawBufferPointer, owner: any AnyObject & Sendable) {
        words = memory.baseAddress!.assumingMemoryBound(to: Atomic<Int>.self)
        self.owner = owner
    }

    deinit { if owner == nil { words.deallocate() } }

    /// Begins a phase; returns the one before.
    @discardableResult
    package func enter(_ phase: RunPhase) -> RunPhase {
        let former = RunPhase(rawValue: word(.phase).pointee.load(ordering: .relaxed)) ?? .starting
        word(.phase).pointee.store(phase.rawValue, ordering: .relaxed)
        mark()
        return former
    }

    /// Runs `body` as a phase within the present one.
    package func during<Result, Failure: Error>(
        _ phase: RunPhase, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let former = enter(phase)
        defer { enter(former) }
        return try body()
    }

    /// A sign of life within a long phase; from any thread.
    package func mark() { word(.marks).pointee.add(1, ordering: .relaxed) }

    /// Begins a step, counted from 1.
    package func begin(step: Int) { word(.step).pointee.store(step, ordering: .relaxed) }

    /// Begins an epoch, counted from 1.
    package func begin(epoch: Int) { word(.epoch).pointee.store(epoch, ordering: .relaxed) }

    /// The watchdog's own sign: the process runs, wherever its training is.
    func beat() { word(.beats).pointee.add(1, ordering: .relaxed) }

    func set(process: Int32) { word(.process).pointee.store(Int(process), ordering: .relaxed) }

    /// What it says now.
    var state: RankState { RankState(line: line(isLast: false)) }

    /// The same as a message.
    func line(isLast: Bool) -> [Int] {
        var line = (0..<RankStatus.wordCount).map { words[$0].load(ordering: .relaxed) }
        line[Word.isLast.rawValue] = isLast ? 1 : 0
        return line
    }

    /// Whether a message says that no other will follow.
    static func isLast(line: [Int]) -> Bool { line[Word.isLast.rawValue] != 0 }

    private func word(_ word: Word) -> UnsafeMutablePointer<Atomic<Int>> { words + word.rawValue }
}

/// A status at one moment.
package struct RankState: Sendable {
    package var process: Int32 = 0
    package var epoch = 0
    package var step = 0
    package var phase = RunPhase.starting
    package var marks = 0
    package var beats = 0

    package init() {}

    /// - Parameter line: as `RankStatus.line` gives it.
    init(line: [Int]) {
        (process, epoch, step) = (Int32(truncatingIfNeeded: line[0]), line[1], line[2])
        (phase, marks, beats) = (RunPhase(rawValue: line[3]) ?? .starting, line[4], line[5])
    }

    /// `step 17 of epoch 2, in backward`.
    var place: String { (step == 0 ? "" : "step \(step) of epoch \(epoch), in ") + phase.words }
}
