// Faults on demand, for tests: at a named point of a run the process kills, stops, delays or ends itself. The command
// makes a plan from LOCKSTEP_FAULT; the training loop and the checkpoint writer say when they reach a point.

import Foundation
import Streams
import Synchronization

/// What this rank shall do to itself, and where.
///
/// A plan is `POINT[@N][/rank=R]:ACTION`, several separated by commas, e.g. `model-half@2:kill,step@7/rank=1:sleep=3`.
/// N counts how often this process reaches the point (at `step`, it is the run's step), 1 unless given; R is 0 unless
/// given. Checkpoints are written by rank 0 alone.
package final class FaultPlan: Sendable {
    /// A place in a run.
    package enum Point: String, CaseIterable, Sendable {
        /// Before the data are loaded, on every rank.
        case load
        /// After a step of the run, on every rank.
        case step
        /// Before an evaluation, on every rank.
        case evaluate
        /// Between a row in metrics.csv and the same in metrics.jsonl.
        case metrics
        /// The checkpoint's contents are copied.
        case snapshot
        /// The hidden folder is made.
        case folder
        case modelHalf = "model-half"
        case model
        case optimizerHalf = "optimizer-half"
        case optimizer
        case stateHalf = "state-half"
        case state
        /// All is written and synced, not yet renamed.
        case beforeRename = "before-rename"
        /// A former checkpoint of the same name is out of the way.
        case replace
        /// Renamed, the parent not yet synced.
        case afterRename = "after-rename"
        /// Between the links `last` and `best`.
        case links
        /// Before old checkpoints are removed.
        case prune
        /// Within the removal of one: its name is gone, its files are not.
        case pruneHalf = "prune-half"
    }

    enum Action: Sendable, Equatable {
        case kill, stop, trap, flipBit
        case sleep(seconds: Double)
        case exit(code: Int32)
    }

    private struct Fault: Sendable {
        let text: String
        let point: Point
        let number: Int
        let action: Action
    }

    /// No fault at all.
    package static let none = FaultPlan()

    private let faults: [Fault]
    private let onceIn: String?
    private let counts = Mutex<[Point: Int]>([:])

    private init() { (faults, onceIn) = ([], nil) }

    /// - Parameters:
    ///   - text: the plan of all ranks; empty for none.
    ///   - rank: this one.
    ///   - onceIn: a folder that remembers which faults have happened, so that none happens again after a restart; nil
    ///     forgets them with the process.
    /// - Throws: `TrainingError` naming what there is.
    package init(_ text: String, rank: Int, onceIn: String? = nil) throws(TrainingError) {
        self.onceIn = onceIn.map(expandingHome)
        var own: [Fault] = []
        for part in text.split(separator: ",") {
            let (fault, itsRank) = try FaultPlan.parse(String(part))
            if itsRank == rank { own.append(fault) }
        }
        faults = own
    }

    /// Tells that a point is reached; does what is planned there.
    ///
    /// - Parameters:
    ///   - number: which time it is; counted here unless given.
    ///   - flipBit: changes one bit of this rank's parameters.
    package func reach(_ point: Point, number: Int? = nil, flipBit: () -> Void = {}) {
        if faults.isEmpty { return }
        let count = counts.withLock { counts in
            counts[point, default: 0] += 1
            return number ?? counts[point, default: 0]
        }
        for fault in faults where fault.point == point && fault.number == count && isFirst(fault) {
            StandardStream.error.write("fault: \(fault.text)\n")
            switch fault.action {
            case .kill: Foundation.kill(getpid(), SIGKILL)
            case .stop:
                Foundation.kill(getpid(), SIGSTOP)
                // The signal may stop another thread first; this one gets no further meanwhile.
                Thread.sleep(forTimeInterval: 0.2)
            case .trap: fatalError("fault: \(fault.text)")
            case .sleep(let seconds): Thread.sleep(forTimeInterval: seconds)
            case .exit(let code): _exit(code)
            case .flipBit: flipBit()
            }
        }
    }

    /// Whether no earlier process has done it already.
    private func isFirst(_ fault: Fault) -> Bool {
        guard let onceIn else { return true }
        let name = fault.text.replacing("/", with: "-").replacing(":", with: "-")
        let descriptor = open("\(onceIn)/\(name)", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o666)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }

    private static func parse(_ text: String) throws(TrainingError) -> (Fault, rank: Int) {
        func defect(_ what: String) -> TrainingError {
            let points = Point.allCases.map(\.rawValue).joined(separator: ", ")
            return TrainingError(
                "LOCKSTEP_FAULT '\(text)': \(what); expected POINT[@N][/rank=R]:ACTION with a point of \(points) and "
                    + "an action of kill, stop, trap, sleep=SECONDS, exit=CODE, flip-bit (at step only)")
        }
        let halves = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard halves.count == 2 else { throw defect("no single ':'") }
        let placeAndRank = halves[0].components(separatedBy: "/rank=")
        let pointAndNumber = placeAndRank[0].components(separatedBy: "@")
        guard let point = Point(rawValue: pointAndNumber[0]) else { throw defect("unknown point") }
        guard pointAndNumber.count <= 2, let number = Int(pointAndNumber.count == 2 ? pointAndNumber[1] : "1"),
            number > 0
        else { throw defect("N is no positive number") }
        guard placeAndRank.count <= 2, let rank = Int(placeAndRank.count == 2 ? placeAndRank[1] : "0"), rank >= 0
        else { throw defect("R is no rank") }
        guard let action = action(halves[1]), action != .flipBit || point == .step else {
            throw defect("unknown action")
        }
        return (Fault(text: text, point: point, number: number, action: action), rank)
    }

    private static func action(_ text: String) -> Action? {
        let parts = text.split(separator: "=", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("kill", 1): return .kill
        case ("stop", 1): return .stop
        case ("trap", 1): return .trap
        case ("flip-bit", 1): return .flipBit
        case ("sleep", 2):
            guard let seconds = Double(parts[1]), seconds >= 0, seconds < 1e6 else { return nil }
            return .sleep(seconds: seconds)
        case ("exit", 2): return Int32(parts[1]).flatMap { (0...255).contains($0) ? .exit(code: $0) : nil }
        default: return nil
        }
    }
}
