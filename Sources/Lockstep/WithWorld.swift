// Finding out whether this process is alone or a rank of a job, and ending the job when a rank can't go on.

import Collectives
import DataParallel
import Foundation
import Logging
import MPI
import Training

/// Runs `body` as one process, or as one rank of the job that `mpirun` or `srun` started. MPI is only started under a
/// launcher. An error of `body` is shown with the rank's name and ends the whole job with a non-zero status.
///
///     withWorld { world in
///         try model.fit(data, epochs: 5, on: world)
///     }
public func withWorld(
    environment: [String: String] = ProcessInfo.processInfo.environment, _ body: (World) throws -> Void
) {
    let launch = LaunchEnvironment(environment)
    guard launch.isUnderLauncher else {
        let world = World.alone
        do {
            try launch.check(worldSize: 1)
            try body(world)
        } catch {
            world.logger.error("\(error)")
            exit(exitStatus(of: error))
        }
        return
    }
    do {
        let runtime = try MPIRuntime()
        let world = World(runtime.world)
        do {
            try launch.check(worldSize: world.size)
            try body(world)
        } catch {
            // A mistake that all ranks share is told once: rank 0 ends the job before the others speak.
            if world.rank != 0 { Thread.sleep(forTimeInterval: 0.5) }
            world.logger.error("\(error)")
            world.communicator.abort(code: exitStatus(of: error))
        }
        try runtime.finalize()
    } catch {
        World.alone.logger.error("\(error)")
        exit(exitStatus(of: error))
    }
}

/// Whether starting again might help.
private func exitStatus(of error: any Error) -> Int32 {
    error is CommunicationError || error is ReplicaDivergence ? ExitStatus.jobFailed : ExitStatus.error
}
