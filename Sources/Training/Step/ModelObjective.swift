// What a compiled model makes of a batch: losses, each weighted, and the sums of its metrics. Steps and evaluation ask.

import Autograd
import Datasets
import Layers
import Tensors

/// A network with its loss and metrics, for outputs of a known shape.
struct ModelObjective: Sendable {
    let network: any Layer
    let loss: Loss
    /// Those that are sums, each with how many.
    let sums: [(metric: Metric, count: Int)]
    /// Whether the model answers for each position of the input: then samples that have lengths have as many losses.
    let isPerPosition: Bool
    /// Whether to tell which classes are taken for which.
    let countsClasses: Bool
    /// How scaled targets become values in their own unit, in which metrics tell them.
    private let scale: TargetScale?
    /// Padding beyond the longest sample of a batch is left out, but for so many positions.
    private let leastLength: Int
    /// The shape of the output for a sample.
    let output: Shape

    /// - Parameters:
    ///   - output: the shape of the network's output for a sample.
    ///   - input: that of a sample.
    ///   - scale: that of the target.
    ///   - capacity: how many sums there may be; metrics beyond are left out.
    ///   - countsClasses: whether to tell which classes are taken for which, where that is possible.
    init(
        _ network: any Layer, _ loss: Loss, _ metrics: [Metric], output: Shape, input: Shape,
        scale: TargetScale? = nil, capacity: Int = .max, countsClasses: Bool = false
    ) {
        (self.network, self.loss) = (network, loss)
        var left = capacity
        var sums: [(metric: Metric, count: Int)] = []
        for metric in metrics where metric.isOfSums {
            let count = metric.sumCount(output: output)
            if count > left { continue }
            left -= count
            sums.append((metric, count))
        }
        self.sums = sums
        self.output = output
        self.countsClasses = countsClasses && ConfusionMatrix.defect(loss, output: output) == nil
        self.scale = loss.isRegression ? scale : nil
        isPerPosition = output.rank >= 2 && input.rank > 0 && output[0] == input[0]
        let whole = input.rank > 0 ? input[0] : 0
        let unit = ModelObjective.lengthUnit
        leastLength =
            isPerPosition
            ? whole
            : network.leastLength(of: input, among: stride(from: (whole - 1) / unit * unit, to: 0, by: -unit))
    }

    var sumCount: Int { sums.reduce(0) { $0 + $1.count } }

    /// How many samples of the data count, or positions, or what they weigh: what the metrics' and the loss's sums are of.
    func reduction(_ loss: LossReduction) -> StepReduction {
        var reduction = StepReduction()
        (reduction.loss, reduction.isPerPosition, reduction.metricCount) = (loss, isPerPosition, sumCount)
        return reduction
    }

    /// What the loss and the metrics see of a batch: the losses, `[samples]` or `[samples, positions]`, each weighted.
    func pass(_ tape: Tape, _ batch: Batch) -> (losses: Variable, seen: MetricBatch) {
        let batch = cropped(batch)
        let predictions = network(tape.constant(batch.inputs).masked(batch.mask))
        var weights = batch.weights.map { tape.checked($0, .weights, "weight") }
        let terms = loss.terms(predictions, batch.targets)
        var losses: Variable
        if isPerPosition, let mask = batch.mask {
            losses = loss.perPosition(terms, predictions)
            require(
                losses.shape.rank > 1,
                "\(loss.name): one number for each sample, but samples have lengths: expected a loss for each position")
            if losses.shape.rank > 2 { losses = losses.mean(axes: Array(2..<losses.shape.rank)) }
            weights = weights.map { mask * $0.reshaped([$0.count, 1]) } ?? mask
        } else {
            losses = loss.perSample(terms)
        }
        if let weights { losses = losses * tape.constant(weights) }
        return (losses, loss.seen(predictions, batch.targets, terms: terms, weights: weights, scale: scale))
    }

    /// The positions in multiples of which a batch is as long as its longest sample.
    private static let lengthUnit = 16

    /// A batch without the positions that none of its samples has. Where there is an output for each position, all stay.
    private func cropped(_ batch: Batch) -> Batch {
        guard let mask = batch.mask, leastLength < mask.shape[1] else { return batch }
        let (samples, positions) = (mask.shape[0], mask.shape[1])
        var longest = 0
        for sample in 0..<samples {
            let row = UnsafeBufferPointer(start: mask.pointer + sample * positions, count: positions)
            longest = max(longest, (row.lastIndex { $0 != 0 } ?? -1) + 1)
        }
        let unit = ModelObjective.lengthUnit
        let length = max(leastLength, (longest + unit - 1) / unit * unit)
        guard length < positions else { return batch }
        var result = batch
        result.inputs = batch.inputs.sliced(axis: 1, 0..<length)
        result.mask = mask.sliced(axis: 1, 0..<length)
        return result
    }

    /// The step's objective.
    func callAsFunction(_ tape: Tape, _ batch: Batch) -> ShardResult {
        let (losses, seen) = pass(tape, batch)
        return ShardResult(losses: losses, metricSums: metricSums(seen))
    }

    func metricSums(_ seen: MetricBatch) -> [Double] {
        sums.flatMap { $0.metric.sums(seen) }
    }

    /// The metrics by name.
    func values(_ all: [Double]) -> [(String, Double)] {
        var rest = all[...]
        return sums.map { metric, count in
            defer { rest = rest.dropFirst(count) }
            return (metric.name, metric.value(Array(rest.prefix(count))))
        }
    }
}
