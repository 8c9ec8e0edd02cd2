// The profile of a run: where a step's time goes, for people (`profile.txt`) and programs (`profile.json`). Made once,
// at the end of a run, by the training loop.

import Foundation
import Tensors

/// Times of a step by layer and activity: means over all threads of all ranks, and over the measured steps.
package struct StepProfile: Sendable, Encodable {
    /// A part of the step; all rows together are the step.
    struct Row: Sendable, Encodable {
        let name: String
        /// A layer's type, empty for the other parts.
        let type: String
        /// nil for parts that have no two directions.
        let forwardSeconds: Double?
        let backwardSeconds: Double?
        let seconds: Double
        let share: Double
        /// Of products, where a multiplication and an addition count as two; nil where there are none.
        let flopsPerSecond: Double?
        let shareOfPeak: Double?
    }

    /// What the threads with the least, the median and the most of an activity spend in it, seconds per step.
    struct Spread: Sendable, Encodable {
        let name: String
        let minimum: Double
        let median: Double
        let maximum: Double
    }

    /// The exchange between hosts, which goes on beside the backward pass: means over all ranks, seconds per step.
    struct Overlap: Sendable, Encodable {
        /// While at least one piece of the rank is under way.
        let underWaySeconds: Double
        /// What the rank's first thread waits for it, and for slower ranks, after its own backward pass.
        let waitSeconds: Double
        /// The part of the one that is not the other.
        let hiddenShare: Double

        /// nil where nothing is ever under way.
        init?(underWaySeconds: Double, waitSeconds: Double) {
            if underWaySeconds == 0 { return nil }
            (self.underWaySeconds, self.waitSeconds) = (underWaySeconds, waitSeconds)
            hiddenShare = max(0, 1 - waitSeconds / underWaySeconds)
        }
    }

    let ranks: Int
    package let threads: Int
    let steps: Int
    /// From the start of a step to the start of the next.
    let stepSeconds: Double
    /// Of a thread, over the whole step.
    let flopsPerSecond: Double
    /// What one core reaches with multiply-adds alone, measured.
    let peakFlopsPerSecond: Double
    let rows: [Row]
    let waits: [Spread]
    /// nil on one host.
    let overlap: Overlap?

    /// - Parameters:
    ///   - workers: all threads of all ranks in their order, over all `steps`.
    ///   - exchanges: the exchange thread of every rank.
    ///   - accounts: name and type of number 0, which belongs to no layer, and of the layers.
    init(
        workers: [WorkerTimes], exchanges: [WorkerTimes] = [], ranks: Int, steps: Int,
        accounts: [(name: String, type: String)], peakFlopsPerSecond peak: Double
    ) {
        let threads = workers.count / ranks
        let workers = workers.indices.map { workers[$0].besides(workers[$0 / threads * threads]) }
        let scale = 1 / Double(max(1, steps))
        let mean = { (value: (WorkerTimes) -> Double) in
            workers.reduce(0) { $0 + value($1) } * scale / Double(workers.count)
        }
        let wall = mean(\.stepSeconds)
        let firsts = stride(from: 0, to: workers.count, by: threads).map { workers[$0] }
        overlap = Overlap(
            underWaySeconds: exchanges.reduce(0) { $0 + $1.busySeconds } * scale / Double(ranks),
            waitSeconds: firsts.reduce(0) { $0 + $1.seconds(.exchange) } * scale / Double(ranks))
        func row(_ name: String, type: String = "", _ forward: Activity, _ backward: Activity? = nil) -> Row {
            let times = (mean { $0.seconds(forward) }, backward.map { way in mean { $0.seconds(way) } })
            let operations = mean { $0.operations(forward) + (backward.map($0.operations) ?? 0) }
            let seconds = times.0 + (times.1 ?? 0)
            let rate = operations > 0 && seconds > 0 ? operations / seconds : nil
            return Row(
                name: name, type: type, forwardSeconds: backward == nil ? nil : times.0, backwardSeconds: times.1,
                seconds: seconds, share: wall > 0 ? seconds / wall : 0, flopsPerSecond: rate,
                shareOfPeak: rate.map { $0 / peak })
        }
        var rows = accounts.indices.map { row(accounts[$0].name, type: accounts[$0].type, .forward($0), .backward($0)) }
        rows.append(rows.removeFirst())  // the loss comes after the layers
        rows.append(row("data", .data))
        rows.append(row("add gradients", .addition))
        if threads > 1 { rows.append(row("wait for threads", .waitForThreads)) }
        if ranks > 1 { rows.append(row("exchange, wait for ranks", .exchange)) }
        rows.append(row("update", .update))
        // A composition of layers does next to nothing itself.
        rows.removeAll { !$0.type.isEmpty && $0.share < 0.0005 && $0.flopsPerSecond == nil }
        let rest = wall - rows.reduce(0) { $0 + $1.seconds }
        rows.append(
            Row(
                name: "other", type: "", forwardSeconds: nil, backwardSeconds: nil, seconds: rest,
                share: wall > 0 ? rest / wall : 0, flopsPerSecond: nil, shareOfPeak: nil))
        let directions = accounts.indices.flatMap { [Activity.forward($0), .backward($0)] }
        let operations = mean { worker in directions.reduce(0) { $0 + worker.operations($1) } }
        (self.ranks, self.threads, self.steps, self.rows) = (ranks, threads, steps, rows)
        (stepSeconds, peakFlopsPerSecond) = (wall, peak)
        flopsPerSecond = wall > 0 ? operations / wall : 0
        waits = (threads > 1 ? [("wait for threads", Activity.waitForThreads)] : [])
            .appending(ranks > 1 ? ("exchange, wait for ranks", .exchange) : nil)
            .map { name, activity in
                let times = workers.map { $0.seconds(activity) * scale }.sorted()
                return Spread(
                    name: name, minimum: times[0], median: times[times.count / 2], maximum: times[times.count - 1])
            }
    }

    package var json: Data {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            encoder.keyEncodingStrategy = .convertToSnakeCase
            return try encoder.encode(self) + Data("\n".utf8)
        }
    }
}

extension Array {
    fileprivate func appending(_ element: Element?) -> [Element] { self + (element.map { [$0] } ?? []) }
}

/// Where one thread's time went, in seconds, and how many operations of products it did.
struct WorkerTimes: Sendable {
    private var byActivity: [Activity: (seconds: Double, operations: Double)]

    init(_ byActivity: [Activity: (seconds: Double, operations: Double)]) { self.byActivity = byActivity }

    func seconds(_ activity: Activity) -> Double { byActivity[activity]?.seconds ?? 0 }
    func operations(_ activity: Activity) -> Double { byActivity[activity]?.operations ?? 0 }

    /// All of the time but what follows an epoch's last step.
    var stepSeconds: Double {
        let between: Set<Activity> = [.epochEnd, .evaluation, .checkpoint]
        return byActivity.reduce(0) { $0 + (between.contains($1.key) ? 0 : $1.value.seconds) }
    }

    /// All but what no activity names.
    var busySeconds: Double { stepSeconds - seconds(.other) }

    /// The same for a thread beside its rank's first, which runs the loop around the steps: when it does nothing, it
    /// waits for that one.
    func besides(_ first: WorkerTimes) -> WorkerTimes {
        var result = self
        result.byActivity[.other]?.seconds = first.seconds(.other)
        let wait = first.stepSeconds - result.stepSeconds
        result.byActivity[.waitForThreads]?.seconds += wait
        return result
    }
}
