// The first layer for tables, frozen normalisation, and what layers pass on to their parameters.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct ColumnEmbeddingTests {
    private let rows = Tensor([0.5, -1, 2, 0, 1.5, 3, 0, 1]).reshaped([2, 4])

    @Test func numbersPassAndCategoriesAreLookedUp() throws {
        let layer = ColumnEmbedding(numeric: 2, categories: [3, 2], dimensions: [2, 1])
        try expectShapes(layer, [4], [5])
        #expect(layer.allParameters().map(\.path) == ["embeddings_0", "embeddings_1"])
        #expect(layer.columnLimits == [nil, nil, 3, 2])
        let buffer = try layer.makeParameterBuffer(input: [4])
        _ = buffer.values[layer.embeddings[0].range].update(fromContentsOf: [0, 1, 10, 11, 20, 21] as [Float])
        _ = buffer.values[layer.embeddings[1].range].update(fromContentsOf: [7, 8] as [Float])
        #expect(infer(layer, rows).scalars == [0.5, -1, 20, 21, 7, 1.5, 3, 0, 1, 8])
    }

    @Test func gradients() throws {
        // Category 1 of the first column is never met, 0 twice.
        let table = Tensor([0.3, 2, 1, -0.5, 0, 1, 0.7, 0, 0]).reshaped([3, 3])
        try expectGradients(
            ColumnEmbedding(numeric: 1, categories: [3, 2], dimensions: [2, 3]), table, watchInput: false)
        try expectGradients(
            ColumnEmbedding(numeric: 0, categories: [3], dimensions: [2]), Tensor([2, 0]).reshaped([2, 1]),
            watchInput: false)
        try expectGradients(ColumnEmbedding(numeric: 3, categories: [], dimensions: []), wave([2, 3]))
    }

    @Test func wrongCategoriesAreRefused() throws {
        let model = Sequential([ColumnEmbedding(numeric: 2, categories: [3, 1], dimensions: [2, 1]), Dense(1)])
        _ = try model.build([4])
        #expect(model.readsIndices && model.columnLimits == [nil, nil, 3, 1])
        #expect(!Sequential([Dense(1)]).readsIndices)
        let tape = Tape(.inference)
        #expect(model(tape.constant(rows)).shape == [2, 1])
        let refused = try #require(tape.refused)
        #expect(refused.row == 1 && refused.problem == "column 4: category 1.0, expected a whole number in 0 ..< 1")
    }

    @Test func wrongSettingsAreNamed() {
        expectShapeError(
            ColumnEmbedding(numeric: 2, categories: [3], dimensions: [2]), [4], "expected input [3]", "got [4]")
        expectShapeError(ColumnEmbedding(numeric: 0, categories: [], dimensions: []), [0], "at least one column")
        expectShapeError(ColumnEmbedding(numeric: 0, categories: [3], dimensions: [0]), [1], "positive", "[0]")
        expectShapeError(
            ColumnEmbedding(numeric: 0, categories: [3], dimensions: [1, 2]), [1], "one dimension for each", "[1, 2]")
    }

    @Test func frozenNormalizationInfers() throws {
        let layer = BatchNormalization()
        let buffer = try layer.makeParameterBuffer(input: [2])
        _ = buffer.values[layer.movingMean.range].update(fromContentsOf: [1, 10] as [Float])
        let batch = Tensor([1, 10, 3, 30]).reshaped([2, 2])
        let gradients = FlatBuffer(count: buffer.count)
        func train() -> [Float] {
            let tape = Tape(.training, buffer: buffer, gradients: gradients)
            let output = layer(tape.constant(batch))
            tape.backward(from: output)
            return output.value.scalars
        }
        #expect(train() != infer(layer, batch).scalars)
        for parameter in layer.parameters { parameter.isFrozen = true }
        #expect(train() == infer(layer, batch).scalars)
        #expect(gradients[0..<gradients.count].allSatisfy { $0 == 0 })
        // Frozen scale and shift alone leave the statistics at work.
        (layer.movingMean.isFrozen, layer.movingVariance.isFrozen) = (false, false)
        #expect(train() != infer(layer, batch).scalars)
        #expect(gradients[layer.movingMean.range].allSatisfy { $0 != 0 })
    }

    @Test func layersPassTheRulesOn() {
        let dense = Dense(2, kernelRegularizer: .l1(0.1), biasRegularizer: .l2(0.2), kernelConstraint: .maxNorm(3))
        #expect(dense.kernel.regularizer == .l1(0.1) && dense.kernel.constraint == .maxNorm(3))
        #expect(dense.bias?.regularizer == .l2(0.2) && dense.bias?.constraint == nil)
        let convolution = Conv2D(
            2, kernelSize: 3, kernelRegularizer: .l2(0.1), biasRegularizer: .l1l2(0.2, 0.3),
            kernelConstraint: .maxNorm(1))
        #expect(convolution.kernel.regularizer == .l2(0.1) && convolution.kernel.constraint == .maxNorm(1))
        #expect(convolution.bias?.regularizer == .l1l2(0.2, 0.3))
        #expect(Embedding(2, 3, embeddingsRegularizer: .l2(1)).embeddings.regularizer == .l2(1))
        let columns = ColumnEmbedding(numeric: 0, categories: [2], dimensions: [1], embeddingsRegularizer: .l1(1))
        #expect(columns.embeddings[0].regularizer == .l1(1))
        expectShapeError(Sequential([Dense(2, kernelRegularizer: .l2(-1))]), [3], "layer dense", "l2 -1.0")
    }
}
