// The command `lockstep`.

import ArgumentParser
import Collectives
import Foundation
import Lockstep
import Streams

@main
struct LockstepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lockstep",
        abstract: "Trains neural networks on one process or many ranks, with the same bits on any layout.",
        discussion: """
            The same binary runs plain, under `mpirun -n N` and under `srun`. Start with:

              lockstep train                        the CNN on embedded digits
              lockstep train --data csv:FILE --target COLUMN
              mpirun -n 2 lockstep train            the same weights, on two ranks
              lockstep launch --ranks 2 -- train    the same, started again if it fails
            """,
        version: "0.1.0",
        subcommands: [
            Train.self, Launch.self, Evaluate.self, Predict.self, Generate.self, Inspect.self, Summary.self,
            FingerprintCommand.self,
            Verify.self,
            Compare.self, Replay.self, Doctor.self, Plan.self,
        ])

    static func main() {
        StandardStream.prepare()
        CommandLineWords.check()
        do {
            var command = try parseAsRoot(CommandLineWords.all)
            defer { Answer.finish(command) }
            try command.run()
        } catch { CommandLineWords.leave(error) }
    }
}

/// Runs what needs no other rank, like any program that knows nothing of MPI: it is not started under a launcher either,
/// which has one start of it for each of its processes.
func withoutMPI(_ body: () throws -> Void) {
    do {
        try Platform.selectInstructionSet(ProcessInfo.processInfo.environment["LOCKSTEP_INSTRUCTION_SET"])
        try body()
    } catch {
        World.commandAlone.logger.error("\(error)")
        exit(ExitStatus.error)
    }
}
