// Notices to stop: SIGTERM, SIGUSR1 (the advance notice of batch systems) and SIGINT.

import Dispatch
import Foundation
import Synchronization

/// Remembers that a signal asked the run to stop; the ranks agree on it in the next step. A second SIGINT ends the
/// process at once.
final class StopSignals: Sendable {
    private let received = Atomic<Bool>(false)
    /// Kept alive, and not touched again.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Takes over the signals for the rest of the process.
    init() {
        let queue = DispatchQueue(label: "lockstep.signals")
        sources = [SIGTERM, SIGUSR1, SIGINT].map {
            signal($0, SIG_IGN)  // the default would end the process; the source is told all the same
            return DispatchSource.makeSignalSource(signal: $0, queue: queue)
        }
        for (number, source) in zip([SIGTERM, SIGUSR1, SIGINT], sources) {
            source.setEventHandler { [weak self] in
                let again = self?.received.exchange(true, ordering: .relaxed) ?? false
                if again && number == SIGINT { _exit(130) }
            }
            source.activate()
        }
    }

    var stopRequested: Bool { received.load(ordering: .relaxed) }
}
