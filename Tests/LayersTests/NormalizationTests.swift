// Batch and layer normalisation, embedding and pooling: values by hand, gradients by differences.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct NormalizationTests {
    /// Results of a few operations on numbers of order 1.
    private func expectClose(
        _ found: some Collection<Float>, _ expected: [Float], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, sourceLocation: sourceLocation)
        for (a, b) in zip(found, expected) {
            #expect(abs(a - b) <= 1e-6 * max(1, abs(b)), "\(a), expected \(b)", sourceLocation: sourceLocation)
        }
    }

    /// Two channels with means 2 and 20, variances 1 and 100.
    private let batch = Tensor([1, 10, 3, 30]).reshaped([2, 2])

    @Test func batchNormalizationTrainsOnTheBatch() throws {
        let layer = BatchNormalization()
        let buffer = try layer.makeParameterBuffer(input: [2])
        _ = buffer.values[layer.gamma!.range].update(fromContentsOf: [2, 1] as [Float])
        _ = buffer.values[layer.beta!.range].update(fromContentsOf: [0, 5] as [Float])
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, context: StepContext(fraction: 0.25), buffer: buffer, gradients: gradients)
        let output = layer(tape.constant(batch))
        // 1 / sqrt(1 + 0.001) = 0.99950037, 10 / sqrt(100 + 0.001) = 0.99999500
        expectClose(output.value.scalars, [-1.9990007, 4.0000050, 1.9990007, 5.9999950])
        // What the shard observed, weighted by its part of the step; the backward pass leaves it alone.
        tape.backward(from: output)
        expectClose(gradients[layer.movingMean.range], [0.5, 5])
        expectClose(gradients[layer.movingVariance.range], [0.25, 25])
    }

    @Test func batchNormalizationInfersFromMovingStatistics() throws {
        let layer = BatchNormalization()
        let buffer = try layer.makeParameterBuffer(input: [2])
        // At first mean 0 and variance 1: x / sqrt(1.001).
        expectClose(infer(layer, batch).scalars, [0.99950037, 9.9950037, 2.9985011, 29.985011])
        _ = buffer.values[layer.movingMean.range].update(fromContentsOf: [1, 10] as [Float])
        _ = buffer.values[layer.movingVariance.range].update(fromContentsOf: [4, 399.999] as [Float])
        // (3 - 1) / sqrt(4.001) = 0.99987502, (30 - 10) / sqrt(400) = 1
        expectClose(infer(layer, batch).scalars, [0, 0, 0.99987502, 1])
    }

    @Test func batchNormalizationReducesAllAxesButTheLast() throws {
        let layer = BatchNormalization()
        let buffer = try layer.makeParameterBuffer(input: [4, 5, 2])
        let tape = Tape(.training, buffer: buffer)
        let output = layer(tape.constant(wave([3, 4, 5, 2]))).value
        let mean = output.mean(axes: [0, 1, 2]).scalars
        let variance = (output * output).mean(axes: [0, 1, 2]).scalars
        for value in mean { #expect(abs(value) < 1e-6) }
        // 1 - epsilon / variance, the variance being about 1.1.
        for value in variance { #expect(value > 0.998 && value < 1) }
    }

    @Test func layerNormalization() throws {
        let layer = LayerNormalization()
        let buffer = try layer.makeParameterBuffer(input: [2])
        _ = buffer.values[layer.gamma!.range].update(fromContentsOf: [1, 2] as [Float])
        _ = buffer.values[layer.beta!.range].update(fromContentsOf: [0, 5] as [Float])
        // Means 2 and 6, variances 1 and 16: 1 / sqrt(1.001) = 0.99950037, 4 / sqrt(16.001) = 0.99996875.
        let output = infer(layer, Tensor([1, 3, 2, 10]).reshaped([2, 2]))
        expectClose(output.scalars, [-0.99950037, 6.9990007, -0.99996875, 6.9999375])
    }

    @Test func normalizationGradients() throws {
        try expectGradients(BatchNormalization(), wave([6, 3]))
        try expectGradients(BatchNormalization(), wave([2, 3, 2, 2]))
        try expectGradients(LayerNormalization(), wave([3, 5]))
        try expectGradients(LayerNormalization(), wave([2, 3, 4]))
    }

    @Test func embeddingLooksRowsUp() throws {
        let layer = Embedding(4, 2)
        let buffer = try layer.makeParameterBuffer(input: [3])
        #expect(buffer.values[layer.embeddings.range].allSatisfy { abs($0) <= 0.05 })
        #expect(Set(buffer.values[layer.embeddings.range]).count == 8)
        _ = buffer.values[layer.embeddings.range].update(fromContentsOf: [0, 1, 10, 11, 20, 21, 30, 31] as [Float])
        let output = infer(layer, Tensor([3, 0, 1, 1, 1, 2]).reshaped([2, 3]))
        #expect(output.scalars == [30, 31, 0, 1, 10, 11, 10, 11, 10, 11, 20, 21])
    }

    @Test func embeddingGradients() throws {
        // Row 1 is used three times, row 3 never.
        try expectGradients(Embedding(4, 2), Tensor([1, 0, 1, 1, 2, 0]).reshaped([2, 3]), watchInput: false)
    }

    @Test func averagePooling() throws {
        let image = Tensor([1, 2, 3, 4, 5, 6]).reshaped([1, 2, 3, 1])
        #expect(infer(AveragePooling2D(2, strides: 1), image).scalars == [3, 4])
        // The window at the end of each row hangs over the border; what lies outside does not count.
        #expect(infer(AveragePooling2D(2, padding: .same), image).scalars == [3, 4.5])
        #expect(infer(GlobalAveragePooling2D(), Tensor([1, 2, 3, 6]).reshaped([1, 1, 2, 2])).scalars == [2, 4])
        try expectGradients(AveragePooling2D(2, padding: .same), wave([2, 3, 5, 2]))
        try expectGradients(GlobalAveragePooling2D(), wave([2, 3, 4, 2]))
    }

    @Test func dropoutDropsInTrainingOnly() {
        let ones = Tensor(repeating: 1, [100, 100])
        let layer = Dropout(0.25)
        #expect(infer(layer, ones).scalars == ones.scalars)
        func train(step: Int, shard: Int) -> [Float] {
            let tape = Tape(.training, context: StepContext(seed: 3, step: step, shard: shard))
            return layer(tape.constant(ones)).value.scalars
        }
        let output = train(step: 1, shard: 0)
        #expect(Set(output) == [0, 1 / 0.75])
        // Binomial with 10,000 trials: the deviation is 43.
        #expect(abs(output.count { $0 == 0 } - 2500) < 200)
        #expect(train(step: 1, shard: 0) == output)
        #expect(train(step: 1, shard: 1) != output)
        #expect(train(step: 2, shard: 0) != output)
    }

    @Test func reshapeKeepsTheOrder() throws {
        let input = Tensor([1, 2, 3, 4, 5, 6]).reshaped([1, 2, 3])
        #expect(infer(Reshape([3, 2]), input).scalars == [1, 2, 3, 4, 5, 6])
        try expectGradients(Reshape([-1]), wave([2, 2, 3]))
    }
}
