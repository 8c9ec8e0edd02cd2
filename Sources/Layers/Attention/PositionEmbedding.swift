// Where a position stands in its sequence, added to what it holds: learned, or waves.

import Autograd
import Tensors

/// Adds a learned vector for each position.
///
/// Input and output `[batch, positions, features]` of up to `length` positions, table `embeddings [length, features]`.
/// The equivalent of `keras_hub.layers.PositionEmbedding` added to its input.
public final class PositionEmbedding: Layer {
    package let length: Int
    package let embeddings: Parameter

    /// - Parameter length: the most positions that a sequence may have.
    public init(_ length: Int, embeddingsInitializer: Initializer = .glorotUniform) {
        self.length = length
        embeddings = Parameter("embeddings", initializer: embeddingsInitializer)
    }

    public var positions: PositionUse { .sequence }
    public var parameters: [Parameter] { [embeddings] }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard length > 0 else { throw ShapeError("PositionEmbedding: length must be positive, got \(length)") }
        guard input.rank == 2, input[-1] > 0 else {
            throw ShapeError("PositionEmbedding(\(length)): expected input [positions, features], got \(input)")
        }
        guard input[0] <= length else {
            throw ShapeError(
                "PositionEmbedding(\(length)): expected at most \(length) positions, got \(input[0]); a larger length "
                    + "takes more")
        }
        try embeddings.declare([length, input[-1]])
        return input
    }

    public func call(_ input: Variable) -> Variable {
        buildIfNeeded(for: input, embeddings)
        let first = input.tape.earlier?.count ?? 0
        let range = first..<(first + input.shape[1])
        require(
            range.upperBound <= length,
            "PositionEmbedding(\(length)): expected at most \(length) positions, got \(range.upperBound)")
        let table = input.tape.parameter(embeddings)
        return input + (range.count == length ? table : table.sliced(axis: 0, range))
    }
}

/// Adds sin(p / 10000^(2 i / features)) to feature 2 i of position p, and the cosine to feature 2 i + 1 (Vaswani et al.
/// 2017). No parameters, any number of positions.
///
/// Input and output `[batch, positions, features]`. The equivalent of `keras_hub.layers.SinePositionEncoding` added to its
/// input.
public final class SinusoidalPositions: Layer {
    private let maximumWavelength: Float

    /// - Parameter maximumWavelength: 10000 in the formula.
    public init(maximumWavelength: Float = 10_000) { self.maximumWavelength = maximumWavelength }

    public var positions: PositionUse { .sequence }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        guard maximumWavelength > 0 else {
            throw ShapeError("SinusoidalPositions: the longest wave must be positive, got \(maximumWavelength)")
        }
        guard input.rank == 2, input[-1] > 0 else {
            throw ShapeError("SinusoidalPositions: expected input [positions, features], got \(input)")
        }
        return input
    }

    public func call(_ input: Variable) -> Variable {
        let first = input.tape.earlier?.count ?? 0
        return input
            + input.tape.constant(
                .waves(
                    first..<(first + input.shape[1]), features: input.shape[2], longest: maximumWavelength))
    }
}
