// `lockstep train`.

import ArgumentParser
import Foundation
import Lockstep
import Streams

struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model; under mpirun or srun on all ranks together.",
        discussion: """
            Examples:
              lockstep train --model mnist-mlp --data mnist:DIR --epochs 5
              mpirun -n 4 lockstep train --batch-size 64
              lockstep train --run runs/my-run --resume auto

            The final weights are the same bits whatever the ranks and threads. The
            shards of a step, which follow from the batch size unless given, bound the
            workers (ranks x threads) that compute; others only update and evaluate. A
            run that is resumed takes its settings from its
            folder; a flag that would change its bits is refused.

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

    @Option(
        help: "mnist-mlp, mnist-cnn, mnist-cnn-2, mnist-cnn-3, or a model described in FILE.yaml.",
        transform: expandingHome)
    var model = "mnist-cnn"
    @Option(help: "digits (embedded), or mnist[:DIR] (IDX files in DIR; default $LOCKSTEP_DATA/mnist or data/mnist).")
    var data = "digits"
    @Option(
        help: "Read files from a copy that each host keeps in this folder of its own: unpacked once, then mapped.",
        transform: expandingHome)
    var stage: String?
    @Option(help: "Passes over the training data.")
    var epochs = 10
    @Option(help: "Samples of a step over all ranks together, or 'full' for the whole training set.")
    var batchSize = "32"
    @Option(help: "sgd, adam, adamw or rmsprop.")
    var optimizer = "adam"
    @Option(name: [.long, .customLong("lr")], help: "Learning rate (default: 0.01 for sgd, else 0.001).")
    var learningRate: Float?
    @Option(help: "Momentum of sgd and rmsprop (default 0).")
    var momentum: Float?
    @Flag(inversion: .prefixedNo, exclusivity: .chooseLast, help: "Nesterov's form of sgd's momentum.")
    var nesterov = false
    @Option(help: "Weight decay: L2, for adamw decoupled (default: 0, for adamw 0.004).")
    var weightDecay: Float?
    @Option(help: "Scale gradients down to this global norm.")
    var clipNorm: Float?
    @Option(help: "Cut gradient elements to this size.")
    var clipValue: Float?
    @Option(
        help:
            "Learning-rate schedule: constant, or cosine down to 0 over all --epochs, which --max-steps does not shorten."
    )
    var schedule = "constant"
    @Option(help: "Steps of linear warm-up before the schedule; a shorter run never reaches the rate, and says so.")
    var warmUpSteps = 0
    @Option(help: "Shift training images at random by at most this fraction of their size.")
    var randomTranslation: Float = 0
    @Option(help: "Turn training images at random by at most this fraction of a full turn.")
    var randomRotation: Float = 0
    @Option(help: "Scale training images at random by at most this fraction of their size.")
    var randomZoom: Float = 0
    @Option(help: "Seed of weights, shuffling, dropout and augmentation.")
    var seed: UInt64 = 0
    @Option(help: "Shards of a step, a power of two, or 'auto': as many, up to 64, as leave 16 samples each.")
    var shards = "auto"
    @Option(help: "Threads of each rank, or 'auto' (one per physical core, at most one per shard).")
    var threads = "auto"
    @Option(help: "Validate on this last fraction of the training data instead of the test data.")
    var validationSplit: Double?
    @Option(
        name: .customLong("run"), help: "Folder of the run (default: runs/MODEL-DATA-TIME).",
        transform: expandingHome)
    var runFolder: String?
    @Option(
        help: "Go on: 'auto' from --run's newest checkpoint (or start, where there is none), or from PATH.",
        transform: expandingHome)
    var resume: String?
    @Option(
        help: "A recipe (\(NamedConfiguration.list)) or a YAML file of settings, the flags' words; flags win.",
        transform: expandingHome)
    var config: String?
    @Option(help: "Batches of an epoch at most.")
    var limitTrainBatches: Int?
    @Option(help: "Steps of the whole run at most; a checkpoint is written there.")
    var maxSteps: Int?
    @Option(help: "A metrics row every so many steps besides one every epoch.")
    var logEveryNSteps = 0
    @Option(
        help: "Begin a new run with the weights of PATH (a run, a checkpoint or a safetensors file).",
        transform: expandingHome)
    var resumeWeights: String?
    @Option(help: "A checkpoint every so many steps; 0 for none within epochs.")
    var checkpointEveryNSteps = 0
    @Option(help: "A checkpoint every so many minutes; 0 for none.")
    var checkpointEveryNMinutes = 0.0
    @Option(help: "A checkpoint every so many epochs; 0 for none but at the end of the run.")
    var checkpointEveryNEpochs = 1
    @Option(help: "Checkpoints to keep, the newest ones.")
    var keepLast = 5
    @Option(help: "Checkpoints to keep besides, those of the best epochs.")
    var keepBest = 1
    @Option(help: "What makes an epoch the best: val_loss, val_accuracy, loss or accuracy.")
    var monitor = "val_loss"
    @Option(help: "async writes checkpoints in the background; sync lets training wait.")
    var checkpointMode = "async"
    @Option(help: "When a checkpoint can't be written: warn and try again at the next one, or stop.")
    var onCheckpointError = "warn"
    @Option(help: "Stop when val_loss has not improved for this many epochs.")
    var earlyStoppingPatience: Int?
    @Option(help: "Compare the ranks' weights every so many steps, and before each checkpoint; 0 for never.")
    var verifyEvery = 100
    @Option(help: "What to do about a NaN or infinite loss or gradient: stop, or skip that step's update.")
    var onNan = "stop"
    @Option(help: "Seconds without progress of a rank that end the job, after a warning at a fifth of it; 0 for never.")
    var stallTimeout = 300.0
    @Flag(help: "Show where a step's time goes: layers, exchange, wait (also profile.txt, profile.json).")
    var profile = false
    @Option(help: "Write a Chrome/Perfetto trace of all ranks to this file.", transform: expandingHome)
    var trace: String?
    @Option(help: "Steps that the trace holds, as in 1-100 (default: the first 100 of this process).")
    var traceSteps: String?
    @Option(help: "0 silent, 1 progress, 2 one line per epoch.")
    var verbose = 1

    /// The flags that a configuration may hold: those that describe what is trained.
    static let configurable =
        [
            "model", "data", "epochs", "batch-size", "optimizer", "learning-rate", "lr", "momentum", "nesterov",
            "weight-decay", "clip-norm", "clip-value", "schedule", "warm-up-steps", "random-translation",
            "random-rotation", "random-zoom", "seed", "shards", "threads", "validation-split", "limit-train-batches",
            "max-steps", "log-every-n-steps", "early-stopping-patience", "on-nan", "stall-timeout", "verify-every",
            "verbose", "run", "stage", "resume-weights",
        ] + checkpointing

    /// Those of them that are true or false.
    static let flags: Set = ["nesterov"]

    /// Those of checkpoints.
    static let checkpointing = [
        "checkpoint-every-n-steps", "checkpoint-every-n-minutes", "checkpoint-every-n-epochs", "keep-last", "keep-best",
        "monitor", "checkpoint-mode", "on-checkpoint-error",
    ]

    func run() throws {
        let signals = StopSignals()  // before MPI starts, which may take seconds
        var isInterrupted = false
        withWorld { world in
            let (settings, former) = try withBaseConfiguration()
            isInterrupted = try settings.train(world, from: former, signals)
        }
        if isInterrupted { throw ExitCode(ExitStatus.stopped) }
    }
}
