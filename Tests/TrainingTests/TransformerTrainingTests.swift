// A small GPT from given weights learns what it learns in PyTorch: scripts/reference/attention.py.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing
import Training

@Suite struct TransformerTrainingTests {
    private struct Reference: Decodable {
        let vocabulary, length, width, heads, layers, batch: Int
        let tokens, targets, losses: [Float]
        let first, last: [String: [Float]]
    }

    @Test func tenStepsAgreeWithPyTorch() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/gpt.json")
        let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
        let data = try ArrayDataset(
            inputs: Tensor(reference.tokens).reshaped([-1, reference.length]),
            targets: Tensor(reference.targets).reshaped([-1, reference.length]), classes: reference.vocabulary)
        let step = try TrainingStep(
            network: TransformerDecoder(
                vocabulary: reference.vocabulary, length: reference.length, layers: reference.layers,
                heads: reference.heads, width: reference.width),
            input: [reference.length], optimizer: .adamW(beta2: 0.99, weightDecay: 0.1),
            loss: .sparseCategoricalCrossentropy, batchSize: reference.batch, shards: 1)
        let buffer = step.parameters
        #expect(Set(buffer.parameters.map(\.path)) == Set(reference.first.keys))
        for parameter in buffer.parameters {
            _ = buffer.values[parameter.range].update(fromContentsOf: reference.first[parameter.path] ?? [])
        }
        for (index, loss) in reference.losses.enumerated() {
            let first = index * reference.batch
            let report = try step.run(
                Array(first..<first + reference.batch)[...], of: data, learningRate: 0.01)
            #expect(abs(Float(report.lossSum / report.denominator) - loss) < 1e-5 * loss)
        }
        for parameter in buffer.parameters {
            let expected = try #require(reference.last[parameter.path])
            let errors = zip(buffer.values[parameter.range], expected).map { Double($0 - $1) * Double($0 - $1) }
            let norm = expected.reduce(0) { $0 + Double($1) * Double($1) }
            #expect((errors.reduce(0, +) / norm).squareRoot() < 1e-4, "\(parameter.path)")
        }
    }
}
