// Notices to stop: SIGTERM, SIGUSR1 (the advance notice of batch systems), SIGINT and SIGHUP (the terminal was closed).

import Dispatch
import Foundation
import Synchronization

/// Remembers that a signal asked the run to stop; the ranks agree on it in the next step. A second SIGINT ends the
/// process at once.
final class StopSignals: Sendable {
    /// Keeps the notices from ending the process, which their default would; a dispatch source is told all the same.
    ///
    /// - Returns: the signals that are notices. A SIGHUP that was ignored before, as under nohup, is none.
    static func takeOver() -> [Int32] {
        let notices = [SIGTERM, SIGUSR1, SIGINT]
        for number in notices { signal(number, SIG_IGN) }
        let hangUp = signal(SIGHUP, SIG_IGN)
        let wasIgnored = unsafeBitCast(hangUp, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
        return notices + (wasIgnored ? [] : [SIGHUP])
    }

    private let received = Atomic<Bool>(false)
    /// Kept alive, and not touched again.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Takes over the signals for the rest of the process.
    init() {
        let queue = DispatchQueue(label: "lockstep.signals")
        let numbers = StopSignals.takeOver()
        sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (number, source) in zip(numbers, sources) {
            source.setEventHandler { [weak self] in
                let again = self?.received.exchange(true, ordering: .relaxed) ?? false
                if again && number == SIGINT { _exit(130) }
            }
            source.activate()
        }
    }

    var stopRequested: Bool { received.load(ordering: .relaxed) }
}
