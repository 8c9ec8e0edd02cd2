// Compiling a graph of several outputs, each with a loss of its own.

import Layers
import Optimizers
import Streams
import Tensors

extension Graph {
    /// Fixes how a model of several outputs is trained: what is made small is the sum of the outputs' losses, each times its
    /// weight. The equivalent of `keras.Model.compile` with lists.
    ///
    ///     let model = try Graph(inputs: [x], outputs: [kind, size])
    ///         .compile(losses: [.sparseCategoricalCrossentropy, .meanSquaredError], lossWeights: [1, 0.5],
    ///             metrics: [[.accuracy], [.meanAbsoluteError]])
    ///     try model.fit(ArrayDataset(inputs: inputs, targets: rows), epochs: 5)
    ///
    /// A data set's targets are rows `[samples, targets]` that hold the outputs' targets beside each other, in the order of the
    /// outputs: one number for each position of an output of classes, else as many as the output has. `predict` gives such a
    /// row of outputs.
    ///
    /// - Parameters:
    ///   - losses: one for each output.
    ///   - lossWeights: what each counts; 1 unless given.
    ///   - metrics: those of each output, whose names follow the output's: `kind_accuracy`.
    /// - Throws: `TrainingError` where there are not as many of them as outputs, or a metric does not suit its output;
    ///   `ShapeError` where an input has no shape.
    public func compile(
        optimizer: Optimizer = .adam(), losses: [Loss], lossWeights: [Float]? = nil, metrics: [[Metric]] = []
    ) throws -> Model {
        let shapes = try outputShapes()
        for (what, count) in [
            ("losses", losses.count), ("lossWeights", lossWeights?.count ?? shapes.count),
            ("metrics", metrics.isEmpty ? shapes.count : metrics.count),
        ] where count != shapes.count {
            throw TrainingError(
                "compile: \(count) `\(what)` for \(shapes.count) outputs, expected one for each", .setting(what))
        }
        if let wrong = lossWeights?.first(where: { !($0 >= 0 && $0.isFinite) }) {
            throw TrainingError(
                "compile: `lossWeights` holds \(wrong), expected finite numbers, at least 0", .setting("lossWeights"))
        }
        var (parts, column, target): ([OutputLoss], Int, Int) = ([], 0, 0)
        for (index, shape) in shapes.enumerated() {
            let loss = losses[index]
            let name = valueName(outputs[index])
            let isOfClasses = loss.targets == .classNumbers
            let width = isOfClasses ? shape.count / max(1, shape.rank > 0 ? shape[-1] : 1) : shape.count
            parts.append(
                OutputLoss(
                    name: name, shape: shape, columns: column..<column + shape.count, targets: target..<target + width,
                    loss: loss, weight: lossWeights?[index] ?? 1))
            (column, target) = (column + shape.count, target + width)
        }
        let named = try metrics.enumerated().flatMap { index, own in
            try own.map { metric in
                let part = parts[index]
                let lengths = part.loss.targets == .classNumbers ? Shape(part.shape.dimensions.dropLast()) : part.shape
                // Which values the targets hold is seen later, by the loss.
                let defect = metric.defect(
                    part.loss, output: part.shape, target: lengths, data: "output \(part.name)"
                ) { _ in nil }
                if let defect { throw TrainingError("output \(part.name): \(defect)", .unfit) }
                return metric.of(part, index)
            }
        }
        return compile(optimizer: optimizer, loss: .joined(parts), metrics: named)
    }

    /// The shapes of the outputs for a sample.
    private func outputShapes() throws(ShapeError) -> [Shape] {
        let given = inputs.compactMap(\.shape)
        guard given.count == inputs.count else {
            throw ShapeError("Graph: give its inputs shapes, as in Graph.input([6]), so that its outputs have some")
        }
        let all = try allShapes(given)
        return outputs.map { all[$0] }
    }
}
