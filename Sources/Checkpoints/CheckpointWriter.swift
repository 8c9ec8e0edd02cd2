// The thread that writes rank 0's checkpoints while training goes on. RunRecorder hands it one moment of the run after
// another.

import Foundation
import Synchronization

/// Writes one checkpoint at a time, from buffers that are used again and again.
package final class CheckpointWriter: @unchecked Sendable {
    private let queue = DispatchQueue(label: "lockstep.checkpoint-writer")
    private let writing = DispatchGroup()
    /// Touched by the queue while it writes, and by the owner after `wait` only.
    private let snapshot = CheckpointSnapshot()
    private let write: @Sendable (CheckpointSnapshot) throws(CheckpointError) -> Void
    private let lastFailure = Mutex<CheckpointError?>(nil)

    /// - Parameter write: writes the snapshot; called on the writer's thread.
    package init(write: @escaping @Sendable (CheckpointSnapshot) throws(CheckpointError) -> Void) { self.write = write }

    /// Why the last finished save failed, nil if it did not.
    package var failure: CheckpointError? { lastFailure.withLock { $0 } }

    /// Waits for the former save, copies what `take` takes, and begins to write it.
    package func start(_ take: (CheckpointSnapshot) -> Void) {
        wait()
        take(snapshot)
        again()
    }

    /// Writes once more what was taken last; after `wait`.
    package func again() {
        queue.async(group: writing) { [self] in
            do throws(CheckpointError) {
                try write(snapshot)
                lastFailure.withLock { $0 = nil }
            } catch {
                lastFailure.withLock { $0 = error }
            }
        }
    }

    /// Returns when nothing is being written.
    package func wait() { writing.wait() }
}
