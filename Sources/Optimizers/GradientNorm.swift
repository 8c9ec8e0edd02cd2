// The global norm of the gradients, the same bits on any layout. The training step clips by it and reports it.

import Autograd
import CKernels
import Tensors

/// The Euclidean norm over the trainable range of a flat buffer, from the sums of squares of fixed blocks.
///
/// Each worker sums the blocks of its own range; the sums travel to everybody and are added in block order, in double
/// precision. So the result does not depend on which worker had which block.
package struct GradientNorm: Sendable {
    /// Floats in a block.
    package static let blockSize = 4096

    /// The elements that count; starts at 0.
    package let trainable: Range<Int>

    package init(trainable: Range<Int>) {
        require(trainable.lowerBound == 0, "gradient norm: expected a range from 0, got \(trainable)")
        self.trainable = trainable
    }

    /// The number of blocks, the last of which may be short.
    package var blockCount: Int { (trainable.count + GradientNorm.blockSize - 1) / GradientNorm.blockSize }

    /// The sum of squares of each block of `range`, which must begin at a block's beginning and end at a block's end or
    /// that of the trainable range.
    package func blockSums(of gradients: FlatBuffer, _ range: Range<Int>) -> [Double] {
        let size = GradientNorm.blockSize
        require(
            range.lowerBound % size == 0 && (range.upperBound % size == 0 || range.upperBound == trainable.upperBound)
                && range.upperBound <= trainable.upperBound,
            "gradient norm: \(range) does not consist of blocks of \(size) in \(trainable)")
        return stride(from: range.lowerBound, to: range.upperBound, by: size).map { start in
            let block = gradients[start..<min(start + size, range.upperBound)]
            return lk_sum_of_squares(block.baseAddress, Int64(block.count))
        }
    }

    /// The norm, from the sums of all blocks in order.
    package func norm(fromBlockSums sums: [Double]) -> Double {
        require(sums.count == blockCount, "gradient norm: expected the sums of \(blockCount) blocks, got \(sums.count)")
        return sums.reduce(0, +).squareRoot()
    }
}
