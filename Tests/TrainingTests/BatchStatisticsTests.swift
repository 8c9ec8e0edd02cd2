// Batch normalisation takes its statistics over a shard: how large one has to be, and that the layout changes no bits.

import Autograd
import Datasets
import Layers
import Streams
import Tensors
import Testing
import Training

@Suite struct BatchStatisticsTests {
    private let data = SyntheticDigits.load(trainCount: 69, testCount: 1).train

    private func network() -> Sequential {
        Sequential([
            Flatten(), Dense(8, activation: .relu), BatchNormalization(), Dense(10, activation: .softmax),
        ])
    }

    private func train(_ batchSize: BatchSize, shards: Int?, threads: Int = 1) throws -> Model {
        let model = network().compile(optimizer: .sgd(learningRate: 0.1), loss: .sparseCategoricalCrossentropy)
        try model.fit(data, epochs: 2, batchSize: batchSize, shards: shards, threads: threads, verbose: .silent)
        return model
    }

    @Test(arguments: [(8, 8, "batch 8 over 8 shards"), (1, 1, "batch 1 over 1 shard"), (3, 8, "batch 3 over 2 shards")])
    func oneSampleAShardIsRefused(batchSize: Int, shards: Int, words: String) throws {
        let error = #expect(throws: TrainingError.self) { try train(.samples(batchSize), shards: shards) }
        #expect(error?.description.contains("layer batch_normalization") == true, "\(String(describing: error))")
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        let step = #expect(throws: TrainingError.self) {
            try TrainingStep(
                network: network(), input: data.input.shape, optimizer: .adam(), loss: .sparseCategoricalCrossentropy,
                batchSize: batchSize, shards: shards)
        }
        #expect(step?.description.contains(words) == true)
    }

    /// An image has many values to a channel.
    @Test func oneImageAShardIsTaken() throws {
        let model = Sequential([
            Conv2D(2, kernelSize: 3), BatchNormalization(), Flatten(), Dense(10),
        ]).compile(loss: .sparseCategoricalCrossentropy)
        #expect(throws: Never.self) {
            try model.fit(data, batchSize: 4, shards: 4, verbose: .silent)
        }
    }

    /// 69 samples are a batch of 64 and one of 5, which is one shard of five: what two shards, four, or more threads than
    /// shards make of it is the same.
    @Test func theLayoutChangesNoBits() throws {
        for shards in [nil, 1, 2, 8] {
            let fingerprints = try [1, 2, 3, 5].map { try train(64, shards: shards, threads: $0).fingerprint }
            #expect(Set(fingerprints).count == 1, "\(shards ?? 0) shards")
        }
    }

    /// The short batch's statistics are those of all its samples, and empty shards have no part in them.
    @Test func shortBatchIsNormalisedAsAWhole() throws {
        func statistics(_ shards: Int) throws -> [Float] {
            let network = network()
            let step = try TrainingStep(
                network: network, input: data.input.shape, optimizer: .sgd(learningRate: 0.0),
                loss: .sparseCategoricalCrossentropy, batchSize: 64, shards: shards)
            _ = try step.run([0, 1, 2, 3, 4], of: data, learningRate: 0)
            let layer = try #require(network.layers[2] as? BatchNormalization)
            return layer.movingMean.value.scalars + layer.movingVariance.value.scalars
        }
        let whole = try statistics(1)
        #expect(try statistics(8) == whole)
        #expect(whole.contains { $0 != 0 && $0 != 0.99 })
    }
}
