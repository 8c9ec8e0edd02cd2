// Which layers of a network take statistics over a shard, as batch normalisation does, and whether the shards are large
// enough for it.

import Autograd
import DataParallel
import Layers

/// The layers whose results depend on how many samples a shard has.
struct BatchStatistics {
    private let layers: [(path: String, valuesPerSample: Int)]

    /// - Parameter network: built.
    init(of network: any Layer) {
        layers = network.allLayers().compactMap { path, layer in
            let statistic = layer.parameters.first { $0.role != .trainable }
            return statistic.map { (path, $0.valuesPerSample) }
        }
    }

    var isEmpty: Bool { layers.isEmpty }

    /// Why a network can't be trained so: over a single value a layer leaves nothing of its input. nil where it can.
    func defect(_ plan: ShardPlan, batchSize: Int) -> String? {
        guard let layer = single(plan, count: batchSize) else { return nil }
        return
            "layer \(layer) normalises over the samples of a shard, and has only one (\(division(plan, batchSize))): "
            + "nothing of its input is left, and nothing learned; use \(advice(batchSize))"
    }

    /// What a person should know before a training that is possible.
    ///
    /// - Parameter lastBatch: samples of an epoch's last batch.
    func warnings(_ plan: ShardPlan, batchSize: Int, lastBatch: Int) -> [String] {
        var warnings: [String] = []
        let least = leastSamples(plan, batchSize)
        if let layer = layers.first, plan.filledShards(count: batchSize) > 1, least < ShardPlan.wantedSamples {
            warnings.append(
                "layer \(layer.path) normalises over the samples of a shard, which has only "
                    + "\(least) (\(division(plan, batchSize))): fewer than \(ShardPlan.wantedSamples) give rough "
                    + "statistics; use \(advice(batchSize))")
        }
        if let layer = single(plan, count: lastBatch) {
            warnings.append(
                "the last batch of each epoch has only one sample, over which layer \(layer) can't normalise: its step "
                    + "teaches next to nothing; another `batchSize` leaves more")
        }
        return warnings
    }

    /// The first layer that would have a single value in some shard.
    private func single(_ plan: ShardPlan, count: Int) -> String? {
        leastSamples(plan, count) == 1 ? layers.first { $0.valuesPerSample == 1 }?.path : nil
    }

    private func leastSamples(_ plan: ShardPlan, _ count: Int) -> Int { count / plan.filledShards(count: count) }

    private func division(_ plan: ShardPlan, _ count: Int) -> String {
        "batch \(count) over \(plan.filledShards(count: count)) shard\(plan.filledShards(count: count) == 1 ? "" : "s")"
    }

    private func advice(_ batchSize: Int) -> String {
        batchSize < 2 * ShardPlan.wantedSamples
            ? "a larger `batchSize`, and `shards: nil`"
            : "`shards: nil`, or a larger `batchSize`"
    }
}
