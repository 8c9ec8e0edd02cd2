// Training of models for pictures, texts and tables on numbers that are drawn: how long a step takes does not depend on
// them. Benchmarks/peers has the same models in PyTorch and JAX.

import ArgumentParser
import Foundation
import Lockstep

struct Generated: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Train a model on drawn numbers, step by step.")

    /// By the names of docs/models.md.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        /// The residual network of 20 layers for pictures of 32 x 32 (He et al. 2015).
        case resnet20
        /// nanoGPT's model for CPUs: 4 layers, 4 heads, width 128, 64 characters of 65, the output tied.
        case gpt
        /// Two LSTM layers of 128 over 64 characters of 65.
        case charLSTM = "char-lstm"
        /// A table's 108 columns, 64 and 32 units, yes or no.
        case tabular
    }

    @Option(help: "resnet20, gpt, char-lstm or tabular.") var model: Kind
    @Option(help: "Global batch size.") var batchSize = 32
    @Option(help: "Shards of a step; automatic unless given.") var shards: Int?
    @Option(help: "Threads of each rank; automatic unless given.") var threads: Int?

    func run() throws {
        withWorld { world in
            let (data, compiled) = try parts
            var options = FitOptions()
            (options.epochs, options.batchSize) = (1_000_000, .samples(batchSize))
            (options.shards, options.threads, options.verbosity) = (shards, threads, .silent)
            let facts: [String: Any] = [
                "data_bytes": 4 * data.count * (data.input.shape.count + data.target.shape.count)
            ]
            try compiled.fit(
                data, callbacks: [TakeTurns(Orders(world), facts)], options: options, on: world)
        }
    }

    private static let characters = (vocabulary: 65, length: 64, width: 128)

    private var parts: (ArrayDataset, Model) {
        get throws {
            let (vocabulary, length, width) = Generated.characters
            let texts: Shape = [1024, length]
            switch model {
            case .resnet20:
                let network = try ModelFile(text: FittedModel.resnet20.text(.samples([32, 32, 3]), .classes(10))).model
                let sgd = Optimizer.sgd(learningRate: 0.01, momentum: 0.9, nesterov: true, weightDecay: 1e-4)
                return (
                    try ArrayDataset(
                        inputs: numbers(1, [1024, 32, 32, 3], below: 1), targets: whole(2, [1024], below: 10)),
                    network.compile(optimizer: sgd, loss: .sparseCategoricalCrossentropy)
                )
            case .gpt:
                let network = TransformerDecoder(
                    vocabulary: vocabulary, length: length, layers: 4, heads: 4, width: width)
                let adam = Optimizer.adamW(beta2: 0.99, weightDecay: 0.1)
                return (
                    try ArrayDataset(
                        inputs: whole(1, texts, below: vocabulary), targets: whole(2, texts, below: vocabulary)),
                    network.compile(optimizer: adam, loss: .sparseCategoricalCrossentropy)
                )
            case .charLSTM:
                let network = Sequential([
                    Embedding(vocabulary, width), LSTM(width, returnSequences: true),
                    LSTM(width, returnSequences: true),
                    Dense(vocabulary, activation: .softmax),
                ])
                return (
                    try ArrayDataset(
                        inputs: whole(1, texts, below: vocabulary), targets: whole(2, texts, below: vocabulary)),
                    network.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy)
                )
            case .tabular:
                let network = Sequential([
                    Dense(64, activation: .relu), Dense(32, activation: .relu), Dense(1, activation: .sigmoid),
                ])
                return (
                    try ArrayDataset(
                        inputs: numbers(1, [8192, 108], below: 1), targets: whole(2, [8192, 1], below: 2)),
                    network.compile(optimizer: .adam(), loss: .binaryCrossentropy)
                )
            }
        }
    }

    private func numbers(_ index: Int, _ shape: Shape, below limit: Int) -> Tensor {
        .uniform(shape, 0, Float(limit), key: RandomKey(seed: 0, purpose: .digits, index: index))
    }

    private func whole(_ index: Int, _ shape: Shape, below limit: Int) -> Tensor {
        Tensor(numbers(index, shape, below: limit).scalars.map { $0.rounded(.down) }).reshaped(shape.dimensions)
    }
}
