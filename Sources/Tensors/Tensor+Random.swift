// Random tensors from keys: the same numbers whichever thread or rank asks, in whatever order.

import CKernels

/// Names a stream of random numbers: seed, purpose and up to two indices (epoch or step, shard, parameter, sample).
public struct RandomKey: Sendable, Hashable {
    package var seed: UInt64
    package var purpose: RandomPurpose
    package var index: UInt32
    package var subindex: UInt32

    public init(seed: UInt64, purpose: RandomPurpose, index: Int = 0, subindex: Int = 0) {
        self.seed = seed
        self.purpose = purpose
        self.index = UInt32(truncatingIfNeeded: index)
        self.subindex = UInt32(truncatingIfNeeded: subindex)
    }

    var kernelKey: lk_random_key {
        lk_random_key(
            key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)),
            stream: (purpose.rawValue, index, subindex))
    }
}

extension Tensor {
    /// Uniform in `[low, high)`.
    public static func uniform(_ shape: Shape, _ low: Float, _ high: Float, key: RandomKey) -> Tensor {
        let result = Tensor(uninitialized: shape)
        lk_random_uniform(result.pointer, Int64(shape.count), key.kernelKey, low, high)
        return result
    }

    /// Normal with the given mean and standard deviation.
    public static func normal(
        _ shape: Shape, mean: Float, deviation: Float, key: RandomKey, in workspace: Workspace? = nil
    ) -> Tensor {
        let result = Tensor(uninitialized: shape, in: workspace)
        lk_random_normal(result.pointer, Int64(shape.count), key.kernelKey, mean, deviation)
        return result
    }

    /// Each element zero with probability `rate`, else divided by `1 - rate` (Srivastava et al. 2014, inverted).
    package func dropout(rate: Float, key: RandomKey) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_dropout(result.pointer, pointer, Int64(count), key.kernelKey, rate)
        return result
    }
}
