// What `shards: nil` means: a function of the network, its input and the batch size, never of the workers, so that the
// same command has the same bits on any layout.

import DataParallel
import Layers
import Tensors

/// How many shards a step has unless told: see docs/decisions/0019-shards-follow-from-the-batch.md.
package struct AutomaticShards: Sendable {
    /// What a shard has at least, where the batch has as much.
    let samples: Int
    /// Floating-point operations of a sample, for rows of a table alone: a small network has fewer shards than there are
    /// samples for.
    private let work: Int?

    /// Positions of sequences that are as good as 16 samples.
    private static let wantedPositions = 256
    /// What a shard of rows has to do beyond the first few: about as long as what is done once for each shard takes.
    private static let wantedWork = 1 << 22
    private static let fewShards = 4

    /// - Parameters:
    ///   - network: built for samples of shape `input`.
    ///   - output: the shape of its output for a sample.
    package init(_ network: any Layer, input: Shape, output: Shape) {
        let layers = network.allLayers().map(\.layer)
        let answersEachPosition = output.rank >= 2 && input.rank > 0 && output[0] == input[0]
        // Recurrent layers compute one position after the other: a product has the shard's samples alone.
        let dividesAtWill =
            answersEachPosition && BatchStatistics(of: network).isEmpty && !layers.contains { $0 is any RecurrentLayer }
        let wanted = ShardPlan.wantedSamples
        samples = dividesAtWill ? min(wanted, (Self.wantedPositions + input[0] - 1) / max(1, input[0])) : wanted
        // Forward, and back to input and parameters, a multiplication and an addition each.
        work =
            input.rank == 1 && network.indexLimit == nil
            ? 6 * network.allParameters().reduce(0) { $0 + ($1.parameter.shape?.count ?? 0) } : nil
    }

    /// The largest power of two, at most 64, that leaves `samples` to each.
    package func callAsFunction(batchSize: Int) -> Int {
        let most = work.map { max(Self.fewShards, $0.multipliedClamped(by: batchSize) / Self.wantedWork) } ?? .max
        return ShardPlan.automaticShards(batchSize: batchSize, leaving: samples, most: most)
    }
}

extension Model {
    /// What `FitOptions.shards` nil comes to for samples of shape `input`.
    package func automaticShards(for input: Shape, batchSize: Int) throws -> Int {
        AutomaticShards(network, input: input, output: try network.build(input))(batchSize: batchSize)
    }
}
