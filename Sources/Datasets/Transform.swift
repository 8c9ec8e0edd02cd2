// The seam for changes to batches between data set and model.

import Tensors

/// Where a batch of training samples is used: a random transform draws from it, so that its results depend on no layout.
public struct TransformContext: Sendable {
    public let seed: UInt64
    /// The step, from 0.
    public let step: Int
    /// The samples' numbers in the training set.
    public let samples: ArraySlice<Int>

    public init(seed: UInt64, step: Int, samples: ArraySlice<Int>) {
        (self.seed, self.step, self.samples) = (seed, step, samples)
    }

    /// Numbers for one sample of the batch, which no other sample, step or seed has.
    ///
    /// - Parameter index: the sample's place in the batch.
    func random(_ index: Int) -> RandomStream {
        RandomStream(
            seed: seed, purpose: .augmentation, a: UInt32(truncatingIfNeeded: step),
            b: UInt32(truncatingIfNeeded: samples[samples.startIndex + index]))
    }
}

/// A change to batches in training, such as augmentation. Each sample's change may depend on itself and the context alone.
/// Several threads call it at once.
public protocol Transform: Sendable {
    /// What it does, with all settings: compared between ranks, recorded with the run.
    var description: String { get }
    /// What is wrong with it for samples of this shape, nil when nothing is.
    func defect(sample: Shape) -> String?
    func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch
}

extension Transform {
    public func defect(sample: Shape) -> String? { nil }
}
