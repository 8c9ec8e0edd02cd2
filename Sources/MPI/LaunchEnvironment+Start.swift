// One start of MPI is all that a launcher has for each process that it starts. A second one would end in Open MPI's
// "MPI_ERRORS_ARE_FATAL" after a page of internal errors; here it gets words. `withWorld` asks before it starts MPI.

import Foundation

extension LaunchEnvironment {
    /// Takes this rank's start of MPI, for the rest of its job.
    ///
    /// - Throws: `MPIStartError` where a program of ours has taken it. The launcher removes the trace with its own
    ///   files; where there is no place for one, nobody can tell.
    package func claimStart() throws(MPIStartError) {
        guard let startMarker else { return }
        let descriptor = open(startMarker, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno != EEXIST { return }
            let owner = FileManager.default.contents(atPath: startMarker).map { String(decoding: $0, as: UTF8.self) }
            throw MPIStartError(process: owner.flatMap { Int32($0) })
        }
        let process = "\(getpid())"
        _ = write(descriptor, process, process.utf8.count)
        close(descriptor)
    }
}

/// MPI was already started in this rank's place.
package struct MPIStartError: Error, Equatable, CustomStringConvertible, Sendable {
    /// Who started it, where that is known.
    package let process: Int32?

    package var description: String {
        """
        MPI was already started in this rank's place\(process.map { ", by process \($0)" } ?? ""), and mpirun and srun \
        have one start of it for each process that they start. Give each program that trains or evaluates on ranks an \
        mpirun or srun of its own, one after the other: not mpirun -n 2 sh -c "A; B", but mpirun -n 2 A; mpirun -n 2 B.
        """
    }
}
