// A dense layer whose weights are those of an embedding.

import Autograd
import Tensors

/// activation(input * transpose(embeddings) + bias): an output layer that shares the table of `embedding`, as language
/// models do (Press & Wolf 2017).
///
/// Input `[batch, ..., outputDimension]`, output `[batch, ..., inputDimension]`: one score for each row of the table. The
/// table's gradient is the sum of both uses.
public final class TiedDense: Layer {
    private let embedding: Embedding
    package let activation: ActivationFunction
    package let bias: Parameter?

    public init(_ embedding: Embedding, activation: ActivationFunction = .linear, useBias: Bool = true) {
        self.embedding = embedding
        self.activation = activation
        bias = useBias ? Parameter("bias", initializer: .zeros) : nil
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { [embedding.embeddings] + (bias.map { [$0] } ?? []) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard input.rank >= 1, input[-1] == embedding.outputDimension else {
            throw ShapeError(
                "TiedDense: expected input [..., \(embedding.outputDimension)], as long as the rows of its embedding, got "
                    + "\(input)")
        }
        try embedding.embeddings.declare([embedding.inputDimension, embedding.outputDimension])
        try bias?.declare([embedding.inputDimension])
        return Shape(input.dimensions.dropLast() + [embedding.inputDimension])
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, embedding.embeddings)
        if let bias { buildIfNeeded(for: input, bias) }
        let tape = input.tape
        return activation(input.dense(transposed: tape.parameter(embedding.embeddings), bias: bias.map(tape.parameter)))
    }
}
