// `lockstep train`.

import ArgumentParser
import Foundation
import Lockstep

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model; under mpirun or srun on all ranks together.",
        discussion: """
            Examples:
              lockstep train --model mnist-mlp --data mnist:DIR --epochs 5
              mpirun -n 4 lockstep train --batch-size 64
              lockstep train --run runs/my-run --resume auto

            The final weights are the same bits for the same --shards, whatever the
            ranks and threads. A run that is resumed takes its settings from its
            folder; a flag that would change its bits is refused.

            SIGTERM, SIGUSR1 and SIGINT stop all ranks after the next step, with a
            checkpoint; a second SIGINT at once.

            Exit status: 0 finished, 1 an error that the message explains, 64 wrong
            flags, 75 stopped by a signal: the same command with --resume auto goes on.
            """)

    @Option(help: "mnist-mlp, mnist-cnn, or a model described in FILE.yaml.")
    var model = "mnist-cnn"
    @Option(help: "digits (embedded), or mnist[:DIR] (IDX files in DIR; default $LOCKSTEP_DATA/mnist or data/mnist).")
    var data = "digits"
    @Option(help: "Passes over the training data.")
    var epochs = 10
    @Option(help: "Samples of a step over all ranks together, or 'full' for the whole training set.")
    var batchSize = "32"
    @Option(help: "sgd, adam, adamw or rmsprop.")
    var optimizer = "adam"
    @Option(help: "Learning rate (default: 0.01 for sgd, else 0.001).")
    var learningRate: Float?
    @Option(help: "Momentum of sgd and rmsprop (default 0).")
    var momentum: Float?
    @Flag(help: "Nesterov's form of sgd's momentum.")
    var nesterov = false
    @Option(help: "Weight decay: L2, for adamw decoupled (default: 0, for adamw 0.004).")
    var weightDecay: Float?
    @Option(help: "Scale gradients down to this global norm.")
    var clipNorm: Float?
    @Option(help: "Cut gradient elements to this size.")
    var clipValue: Float?
    @Option(help: "Learning-rate schedule: constant, or cosine down to 0 over the whole run.")
    var schedule = "constant"
    @Option(help: "Steps of linear warm-up before the schedule.")
    var warmUpSteps = 0
    @Option(help: "Seed of weights, shuffling and dropout.")
    var seed: UInt64 = 0
    @Option(help: "Shards of a step, a power of two, or 'auto' (at most 64, at least 16 samples each).")
    var shards = "auto"
    @Option(help: "Threads of each rank, or 'auto' (one per physical core, at most one per shard).")
    var threads = "auto"
    @Option(help: "Validate on this last fraction of the training data instead of the test data.")
    var validationSplit: Double?
    @Option(name: .customLong("run"), help: "Folder of the run (default: runs/MODEL-DATA-TIME).")
    var runFolder: String?
    @Option(help: "Go on: 'auto' from --run's newest checkpoint (or start, where there is none), or from PATH.")
    var resume: String?
    @Option(help: "YAML file of settings, the same words as the flags; flags win.")
    var config: String?
    @Option(help: "Batches of an epoch at most.")
    var limitTrainBatches: Int?
    @Option(help: "Steps of the whole run at most; a checkpoint is written there.")
    var maxSteps: Int?
    @Option(help: "A metrics row every so many steps besides one every epoch.")
    var logEveryNSteps = 0
    @Option(help: "Stop when val_loss has not improved for this many epochs.")
    var earlyStoppingPatience: Int?
    @Flag(help: "Show where a step's time goes: layers, exchange, wait (also profile.txt, profile.json).")
    var profile = false
    @Option(help: "Write a Chrome/Perfetto trace of all ranks to this file.")
    var trace: String?
    @Option(help: "Steps that the trace holds, as in 1-100 (default: the first 100 of this process).")
    var traceSteps: String?
    @Option(help: "0 silent, 1 progress, 2 one line per epoch.")
    var verbose = 1

    /// The flags that a configuration may hold: those that describe what is trained.
    static let configurable: Set<String> = [
        "model", "data", "epochs", "batch-size", "optimizer", "learning-rate", "momentum", "nesterov", "weight-decay",
        "clip-norm", "clip-value", "schedule", "warm-up-steps", "seed", "shards", "threads", "validation-split",
        "limit-train-batches", "max-steps", "log-every-n-steps", "early-stopping-patience", "verbose", "run",
    ]

    /// EX_TEMPFAIL: stopped, to be started again.
    private static let resumable: Int32 = 75

    func run() throws {
        var isInterrupted = false
        withWorld { world in
            let (settings, checkpoint) = try withBaseConfiguration()
            isInterrupted = try settings.train(world, from: checkpoint)
        }
        if isInterrupted { throw ExitCode(Train.resumable) }
    }
}
