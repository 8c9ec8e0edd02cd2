// Who looks at a step from outside: clocks, timelines and the watchdog. `TrainingStep` tells it where it is.

import Tensors
import Watchdog

/// Seconds of wall-clock time by phase, on thread 0.
package struct PhaseSeconds: Sendable {
    package var data = 0.0
    package var forward = 0.0
    package var backward = 0.0
    package var communication = 0.0
    package var update = 0.0

    package init() {}

    func since(_ earlier: PhaseSeconds) -> PhaseSeconds {
        var result = self
        result.data -= earlier.data
        result.forward -= earlier.forward
        result.backward -= earlier.backward
        result.communication -= earlier.communication
        result.update -= earlier.update
        return result
    }
}

/// The observer of one thread's part of a step, which alone calls it.
final class StepWatch: @unchecked Sendable {
    let timeline: Timeline?
    /// The watchdog's, on the rank's first thread.
    private let status: RankStatus?
    /// Where the thread has spent its time since the start.
    private(set) var seconds = PhaseSeconds()

    init(timeline: Timeline?, status: RankStatus?) { (self.timeline, self.status) = (timeline, status) }

    /// Runs `body` as a phase of a shard's pass.
    func during<Result>(_ phase: RunPhase, _ body: () -> Result) -> Result {
        status?.enter(phase)
        let begin = monotonicSeconds()
        switch phase {
        case .data:
            defer { seconds.data += monotonicSeconds() - begin }
            return timeline.record(.data, body)
        case .forward:
            defer { seconds.forward += monotonicSeconds() - begin }
            return timeline.record(.forward(0), body)
        default:
            defer { seconds.backward += monotonicSeconds() - begin }
            return body()
        }
    }

    func begin(step: Int) {
        timeline?.step = step
        timeline?.begin(.step)
    }

    /// The thread's part is done; the first waits for the others.
    func endOwnPart() {
        if status != nil { timeline?.begin(.waitForThreads) } else { timeline?.end() }
    }

    /// The others are done too.
    func endStep() { for _ in 0..<2 { timeline?.end() } }
}
