// What happens to a launcher while it waits: a child ended, or somebody wants the job to stop.

import Dispatch
import Foundation
import Synchronization

/// Signals in the order of their arrival, for one thread that waits for them.
final class SignalInbox: Sendable {
    private let received = Mutex<[Int32]>([])
    private let arrivals = DispatchSemaphore(value: 0)
    /// Kept alive, and not touched again.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Takes over the signals for the rest of the process.
    init() {
        let queue = DispatchQueue(label: "lockstep.launch.signals")
        let numbers = [SIGCHLD] + StopSignals.takeOver()
        sources = numbers.map { DispatchSource.makeSignalSource(signal: $0, queue: queue) }
        for (number, source) in zip(numbers, sources) {
            source.setEventHandler { [weak self] in
                self?.received.withLock { $0.append(number) }
                self?.arrivals.signal()
            }
            source.activate()
        }
    }

    /// The next signal, nil where none comes in time.
    func next(withinSeconds seconds: Double) -> Int32? {
        guard arrivals.wait(timeout: .now() + seconds) == .success else { return nil }
        return received.withLock { $0.removeFirst() }
    }
}
