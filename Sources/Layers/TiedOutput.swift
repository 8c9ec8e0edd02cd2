// The output of a language model that shares its table with the input.

import Autograd
import Tensors

/// The logits of an embedding's rows: input `[batch, ..., outputDimension]`, output `[batch, ..., inputDimension]` of the
/// embedding, each the sum of products with one row of its table (Press & Wolf 2017). No parameters of its own.
///
///     let words = Embedding(65, 128)
///     let model = Sequential([words, TransformerBlock(heads: 4, width: 128, causal: true), TiedOutput(words)])
public final class TiedOutput: Layer {
    private let embedding: Embedding

    /// - Parameter embedding: a layer before it in the model, which owns the table.
    public init(_ embedding: Embedding) { self.embedding = embedding }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank >= 1, input[-1] == embedding.outputDimension else {
            throw ShapeError("TiedOutput: expected input [..., \(embedding.outputDimension)], got \(input)")
        }
        try embedding.embeddings.declare([embedding.inputDimension, embedding.outputDimension])
        return Shape(input.dimensions.dropLast() + [embedding.inputDimension])
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, embedding.embeddings)
        return input.scored(against: input.tape.parameter(embedding.embeddings))
    }
}
