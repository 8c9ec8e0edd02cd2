// How it is trained: how far, in which steps, and by which rule weights change.

import Lockstep

struct TrainingSettings: SettingsGroup {
    static let title = "Training"

    let epochs = Setting(
        "epochs", .integer(from: 1), default: 10, "Passes over the training data.",
        // A cosine schedule ends with the last epoch, so its rates depend on the number of epochs.
        resume: .mayChangeUnless { $0.optimizer.schedule != .constant })
    let batchSize = Setting(
        "batch-size", .batchSize, default: 32,
        "Samples of a step over all ranks together, or 'full' for the whole training set.")
    let shards = Setting(
        "shards", .automatic(or: .integer(from: 1)), default: nil,
        "Shards of a step, a power of two, or 'auto': as many, up to 64, as leave 16 samples or 256 positions each.")
    let seed = Setting(
        "seed", .integer(), default: UInt64(0), "Seed of weights, shuffling, dropout and augmentation.")
    let maxSteps = Setting(
        "max-steps", .integer(from: 1), "Steps of the whole run at most; a checkpoint is written there.", resume: .anew)
    let limitTrainBatches = Setting("limit-train-batches", .integer(from: 1), "Batches of an epoch at most.")
    let loss = Setting(
        "loss", .loss, "A loss by Keras's name (unless given, it follows from the targets: cross-entropy, or mse).")
    let labelSmoothing = Setting(
        "label-smoothing", .float(from: 0, below: 1), "How much of a class's probability is spread over all classes.")
    let lossReduction = Setting(
        "loss-reduction", .choice("way"), default: LossReduction.mean,
        "What a sum of losses is divided by: the samples, or the sum of their weights.", record: .unlessDefault)
    let metrics = Setting(
        "metrics", .metrics,
        "What to tell beside the loss, such as accuracy,f1,auc or mae,rmse,r2 (unless given, it follows from the targets)."
    )
    let validateEveryNSteps = Setting(
        "validate-every-n-steps", .integer("steps", from: 0), default: 0,
        "Validate every so many steps besides after each epoch; 0 for never.", resume: .mayChange,
        record: .unlessDefault)
    let earlyStoppingPatience = Setting(
        "early-stopping-patience", .integer("epochs", from: 0),
        "Stop when --monitor has not improved for this many epochs.", resume: .mayChange)
    let restoreBestWeights = Setting(
        "restore-best-weights", .flag, default: false,
        "With it, end with the best epoch's weights, or with --ema-momentum with their averages of then.",
        resume: .mayChange, record: .unlessDefault)
    let reduceRatePatience = Setting(
        "reduce-lr-patience", .integer("epochs", from: 0),
        "Multiply the learning rate by --reduce-lr-factor when --monitor has not improved for this many epochs.")
    let reduceRateFactor = Setting(
        "reduce-lr-factor", .double(above: 0, below: 1), default: 0.1, "What to multiply it by.",
        record: .unlessDefault)
    let timeLimit = Setting(
        "time-limit", .double("minutes", above: 0), "Stop after this time, with a checkpoint.", resume: .anew,
        record: .never)
    let onNonFinite = Setting(
        "on-nan", .choice("action"), default: NonFinitePolicy.stop,
        "What to do about a NaN or infinite loss or gradient: stop, or skip that step's update.",
        record: .unlessDefault)
}

struct OptimizerSettings: SettingsGroup {
    static let title = "Optimizer"

    let optimizer = Setting("optimizer", .choice(), default: OptimizerName.adam, "The rule that changes weights.")
    let learningRate = Setting(
        "learning-rate", alias: "lr", .float(from: 0), "Learning rate (unless given, 0.01 for sgd, else 0.001).")
    let momentum = Setting("momentum", .float(from: 0, below: 1), "Momentum of sgd and rmsprop (unless given, 0).")
    let nesterov = Setting(
        "nesterov", .flag, default: false, "Nesterov's form of sgd's momentum.", record: .unlessDefault)
    let beta1 = Setting("beta1", .float(from: 0, below: 1), "How fast adam's first moment forgets (unless given, 0.9).")
    let beta2 = Setting(
        "beta2", .float(from: 0, below: 1), "How fast adam's second moment forgets (unless given, 0.999).")
    let epsilon = Setting(
        "epsilon", .float(above: 0), "What keeps the adaptive rules from dividing by 0 (unless given, 1e-7).")
    let weightDecay = Setting(
        "weight-decay", .float(from: 0),
        "Weight decay: L2, for adamw decoupled (unless given, 0, for adamw 0.004).")
    let decoupledDecay = Setting(
        "decoupled-decay", .flag, default: false,
        "Let weight decay shrink parameters themselves, as Keras does, rather than add to gradients, as PyTorch does.",
        record: .unlessDefault)
    let emaMomentum = Setting(
        "ema-momentum", .float(from: 0, below: 1),
        "Keep a moving average of the parameters, of which this part stays at a step, such as 0.999; evaluation uses it."
    )
    let clipNorm = Setting("clip-norm", .float(above: 0), "Scale gradients down to this global norm.")
    let clipValue = Setting("clip-value", .float(above: 0), "Cut gradient elements to this size.")
    let schedule = Setting(
        "schedule", .choice(), default: ScheduleName.constant,
        "The learning rate's course over all --epochs, which --max-steps does not shorten: constant; down to "
            + "--final-learning-rate along a cosine, a line or exponentially; one-cycle, up in the first 30 % and down "
            + "again; or cosine-restarts, whose periods double, from one of the steps on.")
    let finalLearningRate = Setting(
        "final-learning-rate", .float(from: 0), default: 0,
        "Where cosine, linear and exponential end (exponential: unless given, a hundredth of the learning rate).",
        record: .unlessDefault)
    let warmUpSteps = Setting(
        "warm-up-steps", .integer("steps", from: 0, to: 1 << 32), default: 0,
        "Steps of linear warm-up before the schedule; a shorter run never reaches the rate, and says so.")
}

/// The optimizers by their names on the command line.
enum OptimizerName: String, CaseIterable, Sendable { case sgd, adam, adamw, rmsprop, adagrad, adadelta, nadam }

/// The learning rate's schedules by their names on the command line.
enum ScheduleName: String, CaseIterable, Sendable {
    case constant, cosine, linear, exponential
    case oneCycle = "one-cycle"
    case cosineRestarts = "cosine-restarts"
}

extension SettingForm where Value == String {
    /// A loss's name as it is recorded.
    fileprivate static var loss: SettingForm {
        SettingForm(
            "name",
            read: { (word) throws(SettingProblem) in
                do throws(TrainingError) { return try Loss.named(word).name } catch {
                    throw SettingProblem("must be a loss: \(error)")
                }
            }, text: { $0 })
    }
}

extension SettingForm where Value == [String] {
    /// Metrics' names as they are recorded.
    fileprivate static var metrics: SettingForm {
        .list(
            SettingForm<String>(
                "name",
                read: { (word) throws(SettingProblem) in
                    do throws(TrainingError) { return try Metric.named(word).name } catch {
                        throw SettingProblem("must be metrics: \(error)")
                    }
                }, text: { $0 }))
    }
}

extension SettingForm where Value == BatchSize {
    fileprivate static var batchSize: SettingForm {
        SettingForm<Int?>.automatic(or: .integer(from: 1), word: "full").map(
            { $0.map(BatchSize.samples) ?? .full },
            back: { size in
                switch size {
                case .samples(let count): .some(count)
                case .full: .some(nil)
                }
            })
    }
}
