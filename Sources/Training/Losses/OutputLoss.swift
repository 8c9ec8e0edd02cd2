// Several outputs of a graph, each with a loss of its own. They come as one row, and so do their targets; `Graph.compile`
// makes one loss of them, which the training step takes like any other.

import Autograd
import Tensors

/// One of several outputs: its part of the rows of outputs and targets, and its loss.
package struct OutputLoss: Sendable {
    /// The layer that makes it.
    let name: String
    /// The output's shape for a sample.
    let shape: Shape
    /// Its columns of the row of outputs.
    let columns: Range<Int>
    /// Those of the row of targets: for class numbers one a position, else as many.
    let targets: Range<Int>
    let loss: Loss
    let weight: Float

    /// The output's targets in rows `[samples, all targets]`.
    func targets(of row: Tensor) -> Tensor {
        let own = row.sliced(axis: 1, targets)
        let lengths = loss.targets == .classNumbers ? Array(shape.dimensions.dropLast()) : shape.dimensions
        return own.reshaped([row.shape[0]] + lengths)
    }
}

extension Loss {
    /// The sum over outputs of their weighted losses, as Keras adds them up; of a sample, that of its own.
    ///
    /// - Parameter parts: one after the other.
    static func joined(_ parts: [OutputLoss]) -> Loss {
        let name = parts.map { "\($0.weight == 1 ? "" : "\($0.weight) * ")\($0.name): \($0.loss)" }
        let count = parts.last?.targets.upperBound ?? 0
        return Loss(name.joined(separator: " + "), .row(count), end: .anything, parts: parts) { row, targets in
            let outputs = row.parts
            require(outputs.count == parts.count, "losses of \(parts.count) outputs, but the network gave one row")
            let losses = zip(parts, outputs).map { part, output in
                let loss = part.loss(output, part.targets(of: targets))
                return part.weight == 1 ? loss : loss * part.weight
            }
            return losses.dropFirst().reduce(losses[0]) { $0 + $1 }
        }
    }

    /// What metrics of several outputs see: each output by itself, and the row of all.
    func seenTogether(_ row: Variable, _ targets: Tensor, weights: Tensor?) -> MetricBatch {
        let seen = zip(parts, row.parts).map { part, output in
            part.loss.seen(output, part.targets(of: targets), weights: weights)
        }
        return MetricBatch(
            outputs: row.value, targets: targets, weights: weights, reading: .values,
            areLogits: seen.contains { $0.areLogits }, surprises: nil, parts: seen
        ) { row in
            .concatenated(seen.map { $0.probabilities.reshaped([row.shape[0], -1]) }, axis: 1)
        }
    }
}

extension Metric {
    /// This metric of one of several outputs, called after both.
    ///
    /// - Parameter index: the output's number.
    func of(_ part: OutputLoss, _ index: Int) -> Metric {
        let own = "\(part.name)_\(name)"
        if isOfSums {
            return Metric(own, largerIsBetter, .nothing, sums: { _ in sumCount(output: part.shape) }) {
                sums($0.parts[index])
            } value: {
                value($0)
            }
        }
        return Metric(
            own, largerIsBetter, .nothing,
            scores: { all in
                let probabilities = all.probabilities.sliced(axis: 1, part.columns)
                return value(
                    ScoredSamples(
                        probabilities: probabilities.reshaped([probabilities.shape[0]] + part.shape.dimensions),
                        targets: part.targets(of: all.targets), weights: all.weights))
            })
    }
}
