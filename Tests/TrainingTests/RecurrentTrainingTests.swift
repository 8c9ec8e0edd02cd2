// Training recurrent layers: ten steps beside PyTorch's, on any layout, and through a checkpoint.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing

import Training

@Suite struct RecurrentTrainingTests {
    /// What scripts/reference/recurrent.py wrote.
    private struct Reference: Decodable {
        struct Numbers: Decodable {
            let shape: [Int]
            let scalars: [Float]
        }

        let inputs: Numbers
        let labels: Numbers
        let before: [Numbers]
        let after: [Numbers]
    }

    private func network() -> Sequential {
        Sequential([LSTM(9, returnSequences: true), GRU(7), Dense(3, activation: .softmax)])
    }

    @Test func tenStepsAgreeWithPyTorch() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/recurrent.json")
        let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
        let data = try ArrayDataset(
            inputs: Tensor(reference.inputs.scalars).reshaped(reference.inputs.shape),
            targets: Tensor(reference.labels.scalars))
        let step = try TrainingStep(
            network: network(), input: data.input.shape, optimizer: .adam(), loss: .sparseCategoricalCrossentropy,
            batchSize: 8, shards: 1, threads: 1)
        let parameters = step.parameters.parameters
        #expect(parameters.map { $0.value.shape.dimensions } == reference.before.map(\.shape))
        for (parameter, values) in zip(parameters, reference.before) {
            _ = step.parameters.values[parameter.range].update(fromContentsOf: values.scalars)
        }
        for _ in 0..<10 { _ = try step.run(Array(0..<8)[...], of: data, learningRate: 0.01) }
        for (parameter, expected) in zip(parameters, reference.after) {
            let found = step.parameters.values[parameter.range]
            let scale = expected.scalars.reduce(0) { max($0, abs($1)) }
            for (a, b) in zip(found, expected.scalars) {
                #expect(abs(a - b) <= 1e-4 * scale, "\(parameter.path): \(a), expected \(b)")
            }
        }
    }

    @Test func layoutAndPaddingChangeNoBit() throws {
        func numbers(_ shape: Shape, _ index: Int) -> [Float] {
            Tensor.uniform(shape, -1, 1, key: RandomKey(seed: 4, purpose: .digits, index: index)).scalars
        }
        func fingerprint(steps: Int, threads: Int) throws -> Fingerprint {
            let (count, features) = (40, 3)
            let lengths = (0..<count).map { $0 * 3 % 7 }
            var inputs = [Float](repeating: 0, count: count * steps * features)
            for (sample, length) in lengths.enumerated() {
                let row = numbers([7, features], sample)
                for k in 0..<(length * features) { inputs[sample * steps * features + k] = row[k] }
            }
            let data = try ArrayDataset(
                inputs: Tensor(inputs).reshaped([count, steps, features]),
                targets: Tensor((0..<count).map { Float($0 % 3) }), lengths: lengths)
            let layers: [any Layer] = [
                Bidirectional(LSTM(5, returnSequences: true, dropout: 0.2, recurrentDropout: 0.2)),
                GRU(7, returnSequences: true, recurrentDropout: 0.1), SimpleRNN(4), Dense(3, activation: .softmax),
            ]
            let model = Sequential(layers).compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy)
            var options = FitOptions()
            (options.epochs, options.batchSize, options.shards) = (2, .samples(16), 4)
            (options.threads, options.verbosity) = (threads, .silent)
            try model.fit(data, options: options)
            return try #require(model.fingerprint)
        }
        let one = try fingerprint(steps: 7, threads: 1)
        #expect(try fingerprint(steps: 7, threads: 2) == one)
        #expect(try fingerprint(steps: 20, threads: 1) == one)
    }
}
