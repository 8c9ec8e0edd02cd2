// The seam for changes to batches between data set and model.

import Tensors

/// Where a batch of training samples is used: a random transform draws from it, so that its results depend on no layout.
public struct TransformContext: Sendable {
    package let seed: UInt64
    /// The step, from 0.
    package let step: Int
    /// The samples' numbers in the training set.
    package let samples: ArraySlice<Int>
    /// Which of the run's transforms is asked, from 0: each draws numbers of its own.
    package let place: Int

    package init(seed: UInt64, step: Int, samples: ArraySlice<Int>, place: Int = 0) {
        (self.seed, self.step, self.samples, self.place) = (seed, step, samples, place)
    }

    /// Random numbers for one sample of the batch, which no other sample, step, transform or seed has.
    ///
    /// - Parameter index: the sample's place in the batch.
    public func random(_ index: Int) -> RandomStream {
        let key = key(index)
        return RandomStream(seed: key.seed, purpose: key.purpose, a: key.index, b: key.subindex)
    }

    /// The same numbers for whole tensors, as in `Tensor.normal(shape, mean: 0, deviation: 1, key: context.key(index))`.
    ///
    /// - Parameter index: the sample's place in the batch.
    public func key(_ index: Int) -> RandomKey {
        RandomKey(
            seed: seed &+ UInt64(place) &* 0x9e37_79b9_7f4a_7c15, purpose: .augmentation, index: step,
            subindex: samples[samples.startIndex + index])
    }
}

/// A change to batches in training, such as augmentation. Each sample's change may depend on itself and the context alone.
/// Inputs and targets keep their shapes; weights and mask stay as they are, since the step's denominator is known before.
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
