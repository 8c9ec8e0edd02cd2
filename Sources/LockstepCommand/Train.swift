// `lockstep train`.

import ArgumentParser
import Lockstep

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model; under mpirun or srun on all ranks together.",
        discussion: """
            Examples:
              lockstep train --model mnist-mlp --data mnist:DIR --epochs 5
              mpirun -n 4 lockstep train --batch-size 64
              lockstep train --run runs/my-run --resume auto
              lockstep train --data csv:FILE --target COLUMN --seeds 1-5

            The final weights are the same bits whatever the ranks and threads. The
            shards of a step, which follow from the batch size unless given, bound the
            workers (ranks x threads) that compute; others only update and evaluate.

            A run that is resumed takes its settings from its folder; a flag that would
            change its bits is refused. A flag wins over --config, which wins over them.

            Plain IDX files are mapped, so that the ranks of a host share one copy in
            memory; gzipped ones are unpacked by every rank. With --stage DIR the lowest
            rank of each host unpacks them into DIR, where the next run finds them again.

            SIGTERM, SIGUSR1, SIGINT and SIGHUP (unless under nohup) stop all ranks after
            the next step, with a checkpoint; a second SIGINT at once.

            A rank that dies or stalls ends the whole job with a message that names it.

            Exit status: 0 finished; 1 an error that would come again, which the message
            explains; 64 wrong flags; 70 a rank died or stalled, communication failed, or
            the ranks' replicas differ; 75 stopped by a signal. After 70 and 75 the same
            command with --resume auto goes on.
            """)

    @OptionGroup var given: GivenSettings

    func run() throws {
        let signals = StopSignals()  // before MPI starts, which may take seconds
        var isInterrupted = false
        withWorld { world in
            let layer = try given.layer().withFiles()
            isInterrupted =
                try TrainSeries(layer)?.execute(world, signals) ?? TrainRun(layer).execute(world, signals).isInterrupted
        }
        if isInterrupted { throw ExitCode(ExitStatus.stopped) }
    }
}
