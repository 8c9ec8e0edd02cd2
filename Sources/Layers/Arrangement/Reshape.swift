// Reshaping.

import Autograd
import Tensors

/// Gives each sample another shape: `[batch, a, b, ...] -> [batch, target...]`, the elements in row-major order. The
/// equivalent of `keras.layers.Reshape`.
public final class Reshape: Layer {
    /// The shape of an output sample; one length may be -1 and is inferred.
    package let target: [Int]

    public init(_ target: [Int]) { self.target = target }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard target.allSatisfy({ $0 > 0 || $0 == -1 }), target.count(where: { $0 == -1 }) <= 1,
            target.count < Shape.maximumRank
        else {
            throw ShapeError(
                "Reshape: expected at most \(Shape.maximumRank - 1) positive lengths, at most one of them -1, "
                    + "got \(target)")
        }
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
