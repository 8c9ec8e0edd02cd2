// What must be freed before MPI_Finalize: every communicator and window that was made and not yet closed. Each
// communicator keeps a ledger of what was made with it; communicators and windows enter themselves.

import Collectives
import Synchronization

/// A communicator or window that MPI must be told to free. Freeing is collective and can't happen in a deinit, which
/// may run at another moment on each rank, or after MPI_Finalize.
protocol MPIResource: AnyObject, Sendable {
    /// Frees the handle, once; later calls do nothing. Collective over the resource's ranks.
    func close() throws(CommunicationError)
}

/// The resources still open, in the order of their making.
final class OpenResources: Sendable {
    private let open = Mutex<[any MPIResource]>([])

    func add(_ resource: any MPIResource) {
        open.withLock { $0.append(resource) }
    }

    func remove(_ resource: any MPIResource) {
        open.withLock { $0.removeAll { $0 === resource } }
    }

    /// Closes the newest first. Making is collective, so its reverse is an order that all ranks agree on.
    func closeAll() throws(CommunicationError) {
        while let newest = open.withLock({ $0.last }) {
            try newest.close()
        }
    }
}
