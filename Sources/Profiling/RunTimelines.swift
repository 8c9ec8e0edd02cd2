// Who keeps the time of a run, if anybody asked: one timeline for each thread. The training loop makes them, the step
// and the reducer write them, and at the end profile and trace are made of them.

import Collectives
import Foundation
import Hosts
import Layers
import Tensors

/// What to find out about where the time goes.
package struct TimingOptions: Sendable, Hashable {
    /// Sums the time of all steps but the first by layer and activity: `profile.txt` and `profile.json` in the run's
    /// folder, and a table on standard output.
    package var profile = false
    /// The file for a trace of all ranks, nil for none.
    package var trace: String?
    /// The steps whose spans the trace holds, counted from 1; nil for the first 100 of this process.
    package var tracedSteps: ClosedRange<Int>?

    package init() {}

    var isOn: Bool { profile || trace != nil }
}

/// The timelines of this rank's threads, and what their accounts are called.
package final class RunTimelines {
    /// Spans that a thread keeps at most, 24 bytes each.
    static let spanCapacity = 1 << 18
    static let defaultTracedStepCount = 100

    let options: TimingOptions
    /// One for each thread; empty where nobody wants to know.
    package let threads: [Timeline]
    /// That of the exchange thread, which there is between hosts only.
    package let exchange: Timeline?
    /// Name and type of each account: what belongs to no layer, then the layers.
    let accounts: [(name: String, type: String)]
    /// Steps measured so far.
    private(set) var stepCount = 0
    private var hasWarmedUp = false

    /// How this rank's clock is to be read beside rank 0's.
    let clock: ClockOffset

    /// Collective where a trace is wanted.
    ///
    /// - Parameter firstStep: the step that this process does first, counted from 0.
    package init(
        _ options: TimingOptions, network: any Layer, threads: Int, firstStep: Int, _ world: World
    ) throws {
        let layers = network.allLayers()
        let wanted =
            options.tracedSteps.map { ($0.lowerBound - 1)..<$0.upperBound }
            ?? firstStep..<(firstStep + RunTimelines.defaultTracedStepCount)
        let traced = options.trace == nil ? 0..<0 : wanted
        self.options = options
        try world.onRankZero { if let path = options.trace { try TraceFile.check(path) } }
        clock = options.trace == nil ? ClockOffset() : try ClockOffset.estimate(world.communicator)
        accounts = [("loss", "")] + layers.map { ($0.path, $0.layer.typeName) }
        func make() -> Timeline {
            Timeline(
                owners: layers.map(\.layer), tracedSteps: traced,
                spanCapacity: options.trace == nil ? 0 : RunTimelines.spanCapacity)
        }
        self.threads = options.isOn ? (0..<threads).map { _ in make() } : []
        exchange = options.isOn && world.size > 1 ? make() : nil
    }

    /// Where the calling thread, the rank's first, notes its time.
    package var first: Timeline? { threads.first }

    /// Called after every step. The first builds kernels and touches memory for the first time: it is not measured.
    package func stepIsDone() {
        if hasWarmedUp { stepCount += 1 } else { (threads + (exchange.map { [$0] } ?? [])).forEach { $0.reset() } }
        hasWarmedUp = true
    }

    /// All activities, by number.
    private var activities: [Activity] {
        [.other, .step, .data, .addition, .waitForThreads, .exchange, .update, .epochEnd, .evaluation, .checkpoint]
            + accounts.indices.flatMap { [Activity.forward($0), .backward($0)] }
    }

    /// Nanoseconds and operations of `threads` of every rank by activity, in the order of ranks and threads. Collective.
    func gather(
        _ threads: [Timeline], _ communicator: any Communicator
    ) throws(CommunicationError) -> [WorkerTimes] {
        let activities = activities
        let width = 2 * activities.count
        var values = [Int64](repeating: 0, count: communicator.size * threads.count * width)
        for (thread, timeline) in threads.enumerated() {
            let start = (communicator.rank * threads.count + thread) * width
            for (index, activity) in activities.enumerated() {
                values[start + 2 * index] = timeline.nanoseconds(of: activity)
                values[start + 2 * index + 1] = Int64(timeline.operations(of: activity))
            }
        }
        let stride = threads.count * width * MemoryLayout<Int64>.stride
        let blocks = (0..<communicator.size).map { $0 * stride..<($0 + 1) * stride }
        try values.withUnsafeMutableBufferPointer { memory throws(CommunicationError) in
            try communicator.allGather(inPlace: UnsafeMutableRawBufferPointer(memory), blocks: blocks)
        }
        return (0..<communicator.size * threads.count).map { worker in
            let own = values[worker * width..<(worker + 1) * width]
            let pairs = activities.enumerated().map { index, activity in
                let at = own.startIndex + 2 * index
                return (activity, (seconds: Double(own[at]) * 1e-9, operations: Double(own[at + 1])))
            }
            return WorkerTimes(Dictionary(uniqueKeysWithValues: pairs))
        }
    }
}
