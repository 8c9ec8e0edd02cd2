// What a process knows of its run's checkpoints: each is read once, however many saves follow. RunRecorder has one for
// the search for the best ones and for the removal of old ones.

import Foundation
import Synchronization

/// The states of the checkpoints that were written or read so far, by path.
package final class KnownCheckpoints: Sendable {
    private let states = Mutex<[String: CheckpointState]>([:])

    package init() {}

    /// Takes note of one that was just written.
    package func add(_ checkpoint: Checkpoint) { states.withLock { $0[checkpoint.path] = checkpoint.state } }

    /// What state.json says; nil where the checkpoint is damaged.
    func state(_ path: String) -> CheckpointState? {
        if let state = states.withLock({ $0[path] }) { return state }
        let state = try? Checkpoint.readState(path)
        states.withLock { $0[path] = state }
        return state
    }

    /// Lets go of what is no longer there.
    func forget(allBut paths: [String]) {
        let paths = Set(paths)
        states.withLock { states in states = states.filter { paths.contains($0.key) } }
    }
}
