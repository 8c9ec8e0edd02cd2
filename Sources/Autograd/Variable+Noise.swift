// Noise in training beside dropout of single elements: all draw with the pass's keys, the same on any layout.

import Tensors

extension Variable {
    /// Dropout of whole channels: in training, zeroes all positions of a channel of a sample `[batch, ..., channels]` with
    /// probability `rate` and divides the others by `1 - rate` (Tompson et al. 2015).
    package func spatialDropout(rate: Float) -> Variable {
        require(rate >= 0 && rate < 1, "spatialDropout: rate \(rate) is outside 0 ..< 1")
        guard tape.mode == .training, rate > 0 else { return self }
        let lengths = shape.dimensions.indices.map { $0 == 0 || $0 == shape.rank - 1 ? shape[$0] : 1 }
        let ones = Tensor(repeating: 1, Shape(lengths), in: tape.workspace)
        return (self * tape.constant(ones.dropout(rate: rate, key: tape.nextRandomKey()))).marked(like: self)
    }

    /// In training, adds normal numbers of mean 0 and this deviation.
    package func gaussianNoise(deviation: Float) -> Variable {
        guard tape.mode == .training, deviation > 0 else { return self }
        let noise = Tensor.normal(
            shape, mean: 0, deviation: deviation, key: tape.nextRandomKey(), in: tape.workspace)
        return (self + tape.constant(noise)).marked(like: self)
    }

    /// In training, multiplies by normal numbers of mean 1 and deviation sqrt(rate / (1 - rate)) (Srivastava et al. 2014).
    package func gaussianDropout(rate: Float) -> Variable {
        require(rate >= 0 && rate < 1, "gaussianDropout: rate \(rate) is outside 0 ..< 1")
        guard tape.mode == .training, rate > 0 else { return self }
        let deviation = (rate / (1 - rate)).squareRoot()
        let noise = Tensor.normal(
            shape, mean: 1, deviation: deviation, key: tape.nextRandomKey(), in: tape.workspace)
        return (self * tape.constant(noise)).marked(like: self)
    }
}
