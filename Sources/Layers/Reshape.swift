// Reshaping.

import Autograd
import Tensors

/// Gives each sample another shape: `[batch, a, b, ...] -> [batch, target...]`, the elements in row-major order. The
/// equivalent of `keras.layers.Reshape`.
public final class Reshape: Layer {
    /// The shape of an output sample; one length may be -1 and is inferred.
    public let target: [Int]

    public init(_ target: [Int]) {
        require(
            target.allSatisfy { $0 > 0 || $0 == -1 } && target.count { $0 == -1 } <= 1,
            "Reshape: lengths must be positive, at most one of them -1, got \(target)")
        require(target.count < Shape.maximumRank, "Reshape: at most \(Shape.maximumRank - 1) lengths, got \(target)")
        self.target = target
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard let known = Shape.count(of: target.lazy.filter { $0 != -1 }),
            target.contains(-1) ? input.count % known == 0 : input.count == known
        else {
            throw ShapeError("Reshape(\(target)): input \(input) has \(input.count) elements, which do not fit")
        }
        return Shape(target.map { $0 == -1 ? input.count / known : $0 })
    }

    public func call(_ input: Variable) -> Variable {
        let sample = input.shape.dropFirst().resolving(target)
        return input.reshaped(sample.prepending(input.shape[0]).dimensions)
    }
}
