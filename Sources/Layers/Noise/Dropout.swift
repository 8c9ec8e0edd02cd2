// Dropout.

import Autograd
import Tensors

/// In training, zeroes each element with probability `rate` and divides the others by `1 - rate`; the identity in
/// inference (Srivastava et al. 2014).
///
/// The output has the shape of the input. What is dropped follows from the run's seed, the step, the shard and the
/// layer's place in the pass. The equivalent of `keras.layers.Dropout`.
public final class Dropout: Layer {
    package let rate: Float

    /// - Parameter rate: in `0 ..< 1`; `build` refuses others.
    public init(_ rate: Float) { self.rate = rate }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard rate >= 0, rate < 1 else { throw ShapeError("Dropout: rate must be in 0 ..< 1, got \(rate)") }
        return input
    }

    public var positions: PositionUse { .sequence }

    public func call(_ input: Variable) -> Variable { input.dropout(rate: rate) }
}
