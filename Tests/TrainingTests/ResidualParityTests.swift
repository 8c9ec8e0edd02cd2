// Ten steps of a residual network from the same weights end where Keras ends. The numbers were written by
// scripts/reference/graphs.py.

import Autograd
import Datasets
import Foundation
import Layers
import Models
import Tensors
import Testing

import Training

@Suite struct ResidualParityTests {
    private struct Reference: Decodable {
        struct Array: Decodable {
            let shape: [Int]
            let scalars: [Float]
        }

        struct Training: Decodable {
            let text: String
            let inputs, targets: Array
            let before, after: [String: Array]
        }

        let training: Training
    }

    @Test func tenStepsEndWhereKerasEnds() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let file = folder.appending(path: "ModelsTests/Reference/graphs.json")
        let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file)).training
        let data = try ArrayDataset(
            inputs: Tensor(reference.inputs.scalars).reshaped(reference.inputs.shape),
            targets: Tensor(reference.targets.scalars))
        let network = try ModelFile(text: reference.text).model
        let step = try TrainingStep(
            network: network, input: [8, 8, 3], optimizer: .sgd(learningRate: 0.05, momentum: 0.9),
            loss: .sparseCategoricalCrossentropy, batchSize: 8, shards: 1, threads: 1)
        let parameters = step.parameters
        #expect(Set(parameters.parameters.map(\.path)) == Set(reference.before.keys))
        for parameter in parameters.parameters {
            let values = try #require(reference.before[parameter.path])
            _ = parameters.values[parameter.range].update(fromContentsOf: values.scalars)
        }
        for index in 0..<10 {
            let first = index % 3 * 8
            _ = try step.run(Array(first..<first + 8)[...], of: data, learningRate: 0.05)
        }
        for parameter in step.parameters.parameters {
            let (found, expected) = (
                Array(step.parameters.values[parameter.range]), reference.after[parameter.path]!.scalars
            )
            let before = reference.before[parameter.path]!.scalars
            let distance = zip(found, expected).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
            let size = expected.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
            #expect(distance <= 1e-4 * size, "\(parameter.path): off by \(distance) of \(size)")
            #expect(expected != before, "\(parameter.path) has not moved")
        }
    }
}
