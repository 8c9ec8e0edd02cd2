// Lookup of learned vectors.

import Autograd
import Tensors

/// Turns whole numbers (words, categories) into rows of a learned table.
///
/// Input `[batch, n...]` of whole numbers in `0 ..< inputDimension`, table `embeddings [inputDimension,
/// outputDimension]`, output `[batch, n..., outputDimension]`. The equivalent of `keras.layers.Embedding`. Any other
/// input is an error: of the data before the first step, and where it arises in the model in that step.
///
/// With `maskZero` and input `[batch, positions]` without a mask, positions whose number is 0 are masked, as by Keras's
/// `mask_zero`; a mask that the data carry goes before.
public final class Embedding: Layer {
    package let inputDimension: Int
    package let outputDimension: Int
    package let maskZero: Bool
    package let embeddings: Parameter

    /// - Parameters:
    ///   - inputDimension: the number of rows, one more than the largest input.
    ///   - outputDimension: the length of a row.
    ///   - embeddingsRegularizer: a penalty on the table, added to the loss that is shown and to its gradient.
    ///   - maskZero: whether 0 means that a sample has no such position.
    public init(
        _ inputDimension: Int, _ outputDimension: Int, embeddingsInitializer: Initializer = .uniform(-0.05, 0.05),
        embeddingsRegularizer: Regularizer? = nil, maskZero: Bool = false
    ) {
        self.maskZero = maskZero
        self.inputDimension = inputDimension
        self.outputDimension = outputDimension
        embeddings = Parameter(
            "embeddings", initializer: embeddingsInitializer, regularizer: embeddingsRegularizer)
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { [embeddings] }
    public var indexLimit: Int? { inputDimension }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard inputDimension > 0, outputDimension > 0 else {
            throw ShapeError(
                "Embedding(\(inputDimension), \(outputDimension)): both dimensions must be positive")
        }
        guard input.rank + 2 <= Shape.maximumRank else {
            throw ShapeError(
                "Embedding(\(inputDimension), \(outputDimension)): expected at most \(Shape.maximumRank - 2) axes "
                    + "besides the batch, got \(input)")
        }
        try embeddings.declare([inputDimension, outputDimension])
        return Shape(input.dimensions + [outputDimension])
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, embeddings)
        let rows = input.tape.parameter(embeddings).gathered(input.value)
        guard maskZero, input.mask == nil, input.shape.rank == 2 else { return rows }
        let isZero = input.value.combined(.equal, Tensor(repeating: 0), in: input.tape.workspace)
        return rows.masked(isZero.affine(scale: -1, shift: 1))
    }
}
