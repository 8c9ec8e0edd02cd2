// Training a model of characters: two LSTM layers over sequences of 64 characters, whose next ones they guess.

import ArgumentParser
import Foundation
import Lockstep

struct Recurrent: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Train two layers of LSTM on characters, step by step.")

    @Option(help: "Units of each layer, and of the characters' vectors.") var units = 128
    @Option(help: "Characters there are.") var vocabulary = 65
    @Option(help: "Characters of a sequence.") var steps = 64
    @Option(help: "Global batch size.") var batchSize = 32
    @Option(help: "Shards of a step; automatic unless given.") var shards: Int?
    @Option(help: "Threads of each rank; automatic unless given.") var threads: Int?

    func run() throws {
        try withWorld { world in
            func characters(_ index: Int) -> Tensor {
                let key = RandomKey(seed: 0, purpose: .digits, index: index)
                let numbers = Tensor.uniform([1024 * steps], 0, Float(vocabulary), key: key).scalars
                return Tensor(numbers.map { $0.rounded(.down) }).reshaped([1024, steps])
            }
            let data = try ArrayDataset(inputs: characters(1), targets: characters(2))
            var options = FitOptions()
            (options.epochs, options.batchSize) = (1_000_000, .samples(batchSize))
            (options.shards, options.threads, options.verbosity) = (shards, threads, .silent)
            let network = Sequential([
                Embedding(vocabulary, units), LSTM(units, returnSequences: true), LSTM(units, returnSequences: true),
                Dense(vocabulary, activation: .softmax),
            ])
            let compiled = network.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy)
            let facts: [String: Any] = ["data_bytes": 8 * 1024 * steps]
            try compiled.fit(
                data, callbacks: [TakeTurns(Orders(world), facts)], options: options, on: world)
        }
    }
}
