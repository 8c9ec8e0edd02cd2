// Cores that this process has, and threads that compute on them: the worker team, the exchange between hosts and the
// watchdog start theirs here.

import Foundation
import Tensors

/// The number of cores this process may run on.
package func availableCores() -> Int { ProcessInfo.processInfo.activeProcessorCount }

/// Runs `body` on a detached thread.
package func startThread(_ body: @escaping @Sendable () -> Void) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let status = pthread_create(
        &thread, nil,
        { argument in
            withIEEEArithmetic(Unmanaged<Box>.fromOpaque(argument!).takeRetainedValue().body)
            return nil
        }, Unmanaged.passRetained(Box(body)).toOpaque())
    require(status == 0, "can't start a thread: error \(status)")
    pthread_detach(thread)
}
