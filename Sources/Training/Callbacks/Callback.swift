// What may watch and steer a run between steps and epochs.

import Autograd

/// Called at fixed points of a run, on every rank with the same values. Files and screens belong to rank 0
/// (`context.isRankZero`). A run that goes on within an epoch does not begin it again. When any rank asks to stop, all
/// ranks stop; what any rank throws, but from `stepBegin` and `stepEnd`, all throw. Between epochs all ranks take rank 0's
/// learning rate; within one, every rank must set the same.
public protocol Callback: AnyObject {
    /// Names its state in checkpoints.
    var name: String { get }
    /// What it must remember across a restart.
    var state: [String: Double] { get set }
    /// Weights that it must remember too, as `TrainingContext.copyWeights` gave them.
    var savedWeights: [Float]? { get set }
    /// Before the first step: the place to refuse what can't work, and to make folders.
    func trainBegin(_ context: TrainingContext) throws
    func epochBegin(_ context: TrainingContext) throws
    /// Before a step, whose learning rate may still be set, on every rank alike.
    func stepBegin(_ context: TrainingContext) throws
    func stepEnd(_ context: TrainingContext) throws
    /// Before the validation data are evaluated.
    func validationBegin(_ context: TrainingContext) throws
    /// After it: `context.metrics` has `val_loss` and the others.
    func validationEnd(_ context: TrainingContext) throws
    func epochEnd(_ context: TrainingContext) throws
    /// After the last checkpoint: what it does to the weights shows in the model, not in the run's files.
    func trainEnd(_ context: TrainingContext) throws
}

extension Callback {
    public var name: String { "\(type(of: self))" }
    public var state: [String: Double] {
        get { [:] }
        set { _ = newValue }
    }
    public var savedWeights: [Float]? {
        get { nil }
        set { _ = newValue }
    }
    public func trainBegin(_ context: TrainingContext) throws {}
    public func epochBegin(_ context: TrainingContext) throws {}
    public func stepBegin(_ context: TrainingContext) throws {}
    public func stepEnd(_ context: TrainingContext) throws {}
    public func validationBegin(_ context: TrainingContext) throws {}
    public func validationEnd(_ context: TrainingContext) throws {}
    public func epochEnd(_ context: TrainingContext) throws {}
    public func trainEnd(_ context: TrainingContext) throws {}
}

/// The run as a callback sees it.
public final class TrainingContext {
    public let isRankZero: Bool
    /// The epoch under way, from 0.
    public internal(set) var epoch = 0
    /// Whether the run goes on from a checkpoint, with which callbacks got their state back.
    package internal(set) var isResumed = false
    /// Steps done since the beginning.
    public internal(set) var step = 0
    /// After a step its `loss`; after an epoch also `accuracy`, `val_loss`, `val_accuracy`, `learning_rate`.
    public internal(set) var metrics: [String: Double] = [:]
    /// The metrics that there will be after every epoch, in order.
    package internal(set) var metricNames: [String] = []
    /// Of each metric, whether more is better.
    var directions: [String: Bool] = [:]
    /// The rate of the optimizer's schedule at this step.
    package internal(set) var scheduledLearningRate: Double = 0
    /// Multiplies the schedule, or the rate that was set; set it to steer the learning rate.
    public var learningRateScale = 1.0
    /// What the schedule was replaced by, before scaling.
    var fixedLearningRate: Double?
    /// Set it to end the run: in `stepBegin` after that step, in `stepEnd` or within an epoch's validation after the next
    /// one, in `epochEnd` there.
    public var stopTraining = false
    /// Why, for the last line of the run.
    public var stopReason: String?
    let weights: WeightsAccess

    /// The rate of the next step. What it is set to holds from there on, whatever the optimizer's schedule says.
    public var learningRate: Double {
        get { (fixedLearningRate ?? scheduledLearningRate) * learningRateScale }
        set { (fixedLearningRate, learningRateScale) = (newValue, 1) }
    }

    init(isRankZero: Bool, weights: WeightsAccess) {
        self.isRankZero = isRankZero
        self.weights = weights
    }

    /// The hash of all parameter values.
    package var fingerprint: Fingerprint { weights.fingerprint() }

    /// A copy of all parameter values.
    public func copyWeights() -> [Float] { weights.copy() }

    /// Puts back what `copyWeights` gave; call it on every rank.
    public func restoreWeights(_ values: [Float]) { weights.restore(values) }

    /// A copy of what validation judges: all parameter values, or the moving averages of them where the optimizer keeps any.
    /// Collective.
    func copyJudged() throws -> [Float] { try weights.copyJudged() }

    /// Puts back what `copyJudged` gave, as weights and as their averages: whoever takes either has these.
    func restoreJudged(_ values: [Float]) { weights.restoreJudged(values) }

    /// Writes the weights to a safetensors file; on rank 0 only.
    package func saveWeights(_ path: String) throws { if isRankZero { try weights.save(path) } }
}

/// How a context reaches the parameters.
struct WeightsAccess {
    let copy: () -> [Float]
    let restore: ([Float]) -> Void
    let copyJudged: () throws -> [Float]
    let restoreJudged: ([Float]) -> Void
    let save: (String) throws -> Void
    let fingerprint: () -> Fingerprint
}
