// What a checkpoint knows beside its tensors: state.json. The training loop fills it in, Checkpoint stores it, and a
// resumed run continues from it as if it had never stopped.

import Autograd
import Foundation
import Tensors

/// The place a run had reached, what it was configured with, and the sizes and hashes of the checkpoint's files.
package struct CheckpointState: Codable, Sendable, Equatable {
    /// The format that this version writes. It reads the earlier ones too: 1 held a row of metrics for every
    /// epoch, 2 the hits of the only metric.
    package static let currentFormatVersion = 3

    /// Length and hash of one file, to tell a damaged one before anything is loaded.
    package struct FileRecord: Codable, Sendable, Equatable {
        /// The length in bytes.
        package var bytes: Int
        package var hash: Fingerprint

        package init(bytes: Int, hash: Fingerprint) {
            self.bytes = bytes
            self.hash = hash
        }
    }

    package var formatVersion = CheckpointState.currentFormatVersion
    /// The number of the arithmetic (docs/arithmetic.md) of the run's last steps; nil from before there were numbers.
    package var arithmetic: Int? = Platform.arithmetic
    /// Optimizer steps done.
    package var step: Int
    /// The step at which the run's `fit` began: not 0 where the model had been trained before. Orders of samples depend
    /// on it.
    package var firstStep: Int?
    /// Epochs completed.
    package var epoch: Int
    /// Batches done in the unfinished epoch; 0 at an epoch's end.
    package var batchInEpoch: Int
    package var seed: UInt64
    /// How many shards a global batch is cut into; a resumed run keeps it, on whatever ranks.
    package var shards: Int
    /// The global batch size.
    package var batchSize: Int
    /// Samples in the training data.
    package var sampleCount: Int
    /// The optimizer's name, e.g. `adam`.
    package var optimizer: String
    /// The model's name or file, e.g. `mnist-cnn`.
    package var model: String
    /// The text of the run's resolved config.yaml.
    package var configuration: String
    /// The hash of all parameter values; `Checkpoint.write` fills it in.
    package var fingerprint: Fingerprint
    /// Sum of the losses over the samples of the unfinished epoch.
    package var epochLossSum: Double
    /// What the losses' sum is of, such as samples; nil in checkpoints of earlier versions: then of `epochSamples`.
    package var epochDenominator: Double?
    /// The metrics' sums over the unfinished epoch, in the order of the model's metrics.
    package var epochMetricSums: [Double]?
    /// Correct predictions in the unfinished epoch, in checkpoints of earlier versions.
    package var epochHits: Double?
    /// Samples seen in the unfinished epoch.
    package var epochSamples: Int
    /// What callbacks have multiplied the learning rate by.
    package var learningRateScale: Double
    /// What callbacks have set the learning rate to, before scaling; nil where the optimizer's schedule goes on.
    package var learningRate: Double?
    /// Those of the last finished epoch by name.
    package var metrics: [String: Double]
    /// Steps of finished epochs whose update was skipped; nil in checkpoints of earlier versions.
    package var skippedSteps: Int?
    /// Each callback's own values by its name.
    package var callbacks: [String: [String: Double]]
    /// The hash of the training data; nil in checkpoints of earlier versions.
    package var dataHash: Fingerprint?
    /// That of the validation data, nil without any: metrics steer early stopping and learning rates.
    package var validationHash: Fingerprint?
    /// The checkpoint's other files by name; `Checkpoint.write` fills them in.
    package var files: [String: FileRecord]

    package init(
        step: Int, firstStep: Int? = nil, epoch: Int, batchInEpoch: Int, seed: UInt64, shards: Int, batchSize: Int,
        sampleCount: Int,
        optimizer: String, model: String, configuration: String, fingerprint: Fingerprint, epochLossSum: Double = 0,
        epochDenominator: Double? = nil, epochMetricSums: [Double]? = nil, epochSamples: Int = 0,
        learningRateScale: Double = 1, learningRate: Double? = nil,
        metrics: [String: Double] = [:], skippedSteps: Int? = nil, callbacks: [String: [String: Double]] = [:],
        dataHash: Fingerprint? = nil, validationHash: Fingerprint? = nil, files: [String: FileRecord] = [:]
    ) {
        self.step = step
        self.firstStep = firstStep
        self.epoch = epoch
        self.batchInEpoch = batchInEpoch
        self.seed = seed
        self.shards = shards
        self.batchSize = batchSize
        self.sampleCount = sampleCount
        self.optimizer = optimizer
        self.model = model
        self.configuration = configuration
        self.fingerprint = fingerprint
        self.epochLossSum = epochLossSum
        self.epochDenominator = epochDenominator
        self.epochMetricSums = epochMetricSums
        self.epochSamples = epochSamples
        self.learningRateScale = learningRateScale
        self.learningRate = learningRate
        self.metrics = metrics
        self.skippedSteps = skippedSteps
        self.callbacks = callbacks
        self.dataHash = dataHash
        self.validationHash = validationHash
        self.files = files
    }
}

extension CheckpointState {
    /// In words, with which arithmetic it was computed, if not with ours.
    package var otherArithmetic: String? {
        guard arithmetic != Platform.arithmetic else { return nil }
        return (arithmetic.map { "arithmetic \($0)" } ?? "an arithmetic without a number")
            + " (this program has \(Platform.arithmetic))"
    }
}
