// The life of the MPI library in this process: started and finalized once, by the command that runs under a launcher.

import CMPI
import Collectives
import Foundation

/// MPI from `MPI_Init_thread` to `MPI_Finalize` (MPI 4.0, 11.2).
///
/// Finalizing is explicit and only for a run that ended well: while an error unwinds, other ranks may be stuck in a
/// collective, and MPI_Finalize would join them for ever. A process that exits without it is what tells the launcher
/// to end the job.
package struct MPIRuntime: ~Copyable {
    /// How threads may call MPI, weakest first (MPI 4.0, 11.6).
    package enum ThreadLevel: Int32, Sendable, Comparable, CaseIterable {
        case single, funneled, serialized, multiple

        package static func < (left: ThreadLevel, right: ThreadLevel) -> Bool { left.rawValue < right.rawValue }
    }

    /// What the library provides; at least what was asked for.
    package let providedThreadLevel: ThreadLevel
    /// All ranks of the job.
    package let world: MPICommunicator
    /// Over TCP, Open MPI asks the receiver before it sends more than this, by default 64 KiB. Question and answer queue up
    /// behind all that is under way in both directions, which leaves gaps where it ends. Half a piece of an exchange
    /// between hosts (`ExchangePlan`), and the header.
    private static let tcpEagerBytes = 512 * 1024 + 4096

    /// Starts MPI. Call once, before any other thread uses MPI, and only under a launcher: see `LaunchEnvironment`.
    ///
    /// - Throws: where the library can't start or provides less than `threadLevel`.
    package init(threadLevel: ThreadLevel = .multiple) throws(CommunicationError) {
        // What the user has set stays.
        setenv("OMPI_MCA_btl_tcp_eager_limit", "\(MPIRuntime.tcpEagerBytes)", 0)
        var provided: Int32 = -1
        let required = CMPIThreadLevel(rawValue: UInt32(threadLevel.rawValue))
        try check(cmpi_init_thread(required, &provided), "MPI_Init_thread")
        guard let level = ThreadLevel(rawValue: provided), level >= threadLevel else {
            let found = ThreadLevel(rawValue: provided).map { "\($0)" } ?? "an unknown level"
            throw CommunicationError(
                operation: "MPI_Init_thread", code: cmpi_error_other,
                message: "the library provides thread level \(found), this program needs \(threadLevel); "
                    + "use an MPI built with thread support")
        }
        world = try MPICommunicator(cmpi_world(), owner: nil)
        providedThreadLevel = level
    }

    /// Frees every open window and communicator, then ends MPI. All ranks must call it; nothing may be pending.
    package consuming func finalize() throws(CommunicationError) {
        try world.close()
        try check(cmpi_finalize(), "MPI_Finalize")
    }
}
