// Finding out whether this process is alone or a rank of a job, and ending the job when a rank can't go on.

import Collectives
import DataParallel
import Foundation
import Logging
import MPI
import Streams
import Tensors
import Training

/// Runs `body` as one process, or as one rank of the job that `mpirun` or `srun` started. MPI is only started where there
/// are other ranks. An error of `body` is shown with the rank's name and ends the whole job with a non-zero status.
///
/// From here on, a pipe that nobody reads ends no process (SIGPIPE is ignored), and standard streams that were closed
/// at the start are `/dev/null`: call it before anything opens a file.
///
///     withWorld { world in
///         try model.fit(data, epochs: 5, on: world)
///     }
///
/// - Parameter acceptsBrokenPromise: runs `body` even where the world is not as large as the launcher promised, to look
///   for the reason: in MPI's world, whatever was promised.
public func withWorld(
    environment: [String: String] = ProcessInfo.processInfo.environment, acceptsBrokenPromise: Bool = false,
    _ body: (World) throws -> Void
) {
    withWorld(words: { $0 }, environment: environment, acceptsBrokenPromise: acceptsBrokenPromise, body)
}

/// `withWorld` for a program with names of its own for settings: see `World.words`.
package func withWorld(
    words: @escaping @Sendable (String) -> String,
    environment: [String: String] = ProcessInfo.processInfo.environment, acceptsBrokenPromise: Bool = false,
    _ body: (World) throws -> Void
) {
    var alone = World.alone
    alone.words = words
    StandardStream.prepare()
    let launch = LaunchEnvironment(environment)
    guard launch.isUnderLauncher, acceptsBrokenPromise || !launch.isOnlyRank else {
        var world = launch.isUnderLauncher ? World(LocalCommunicator()) : alone
        world.words = words
        do {
            try Platform.selectInstructionSet(environment["LOCKSTEP_INSTRUCTION_SET"])
            if !acceptsBrokenPromise { try launch.check(worldSize: 1) }
            try body(world)
        } catch {
            world.logger.error("\(error)")
            exit(exitStatus(of: error, environment))
        }
        return
    }
    do {
        try launch.claimStart()
        let runtime = try MPIRuntime()
        var world = World(runtime.world, hostOf: hosts(environment["LOCKSTEP_HOSTS"], ranks: runtime.world.size))
        world.words = words
        do {
            try Platform.selectInstructionSet(environment["LOCKSTEP_INSTRUCTION_SET"])
            if !acceptsBrokenPromise { try launch.check(worldSize: world.size) }
            try body(world)
            try world.freeLeftovers()
        } catch {
            // A mistake that all ranks share is told once: rank 0 ends the job before the others speak.
            if world.rank != 0 { Thread.sleep(forTimeInterval: 0.5) }
            world.logger.error("\(error)")
            world.communicator.abort(code: exitStatus(of: error, environment))
        }
        try runtime.finalize()
    } catch {
        alone.logger.error("\(error)")
        exit(exitStatus(of: error, environment))
    }
}

/// For tests and experiments: LOCKSTEP_HOSTS=0,1,0,1 treats ranks 0 and 2 as one host, 1 and 3 as another.
private func hosts(_ text: String?, ranks: Int) -> [Int]? {
    guard let text else { return nil }
    let numbers = text.split(separator: ",").compactMap { Int($0) }.filter { $0 >= 0 }
    guard numbers.count == ranks else {
        World.alone.logger.error("LOCKSTEP_HOSTS=\(text) must name the hosts of \(ranks) ranks, as in 0,1,0,1")
        exit(1)
    }
    return numbers
}

/// Whether starting again might help.
private func exitStatus(of error: any Error, _ environment: [String: String]) -> Int32 {
    if error is CommunicationError || error is ReplicaDivergence { return ExitStatus.jobFailed }
    return environment[ExitStatus.launchedVariable] == nil ? ExitStatus.error : ExitStatus.refused
}
