// Which classes are taken for which. `evaluate` prints it and its table of classes, and writes both as CSV.

import Tensors

/// How often samples of each class were taken for each, by weight.
package struct ConfusionMatrix: Sendable, Hashable {
    package let classes: Int
    /// By `right * classes + found`, without those that never were: of many classes most pairs are never met.
    private let cells: [Int: Double]

    /// - Parameter cells: those of all batches, added up in their order.
    package init(classes: Int, cells: [Int: Double]) {
        (self.classes, self.cells) = (classes, cells.filter { $0.value > 0 })
    }

    /// Those that are of class `right` and were taken for class `found`.
    package subscript(right: Int, found: Int) -> Double { cells[right * classes + found] ?? 0 }

    /// The pairs that were met, row by row.
    var pairs: [(right: Int, found: Int, weight: Double)] {
        cells.sorted { $0.key < $1.key }.map { ($0.key / classes, $0.key % classes, $0.value) }
    }

    /// How often each class was answered, was right, and both.
    package var classCounts: [ClassCounts] {
        var counts = [ClassCounts](repeating: ClassCounts(), count: classes)
        for (right, found, weight) in pairs {
            if right == found { counts[right].hits = weight }
            counts[found].found += weight
            counts[right].support += weight
        }
        return counts
    }

    /// The share of right ones.
    package var accuracy: Double {
        let pairs = pairs
        return Metric.ratio(
            pairs.reduce(0) { $1.right == $1.found ? $0 + $1.weight : $0 }, pairs.reduce(0) { $0 + $1.weight })
    }

    // MARK: Of batches

    /// How many classes a model tells apart whose output has that shape.
    package static func classes(output: Shape) -> Int { max(2, output.rank > 0 ? output[-1] : 1) }

    /// A batch's part of the cells. What is of no class, in a batch that the loss refuses, is left out.
    package static func cells(_ batch: MetricBatch) -> [Int: Double] {
        let classes = max(2, batch.width)
        var cells: [Int: Double] = [:]
        let (found, right) = batch.classes()
        for position in found.indices where 0..<classes ~= found[position] && 0..<classes ~= right[position] {
            cells[right[position] * classes + found[position], default: 0] += batch.weight(position)
        }
        return cells
    }

    /// Why there is none for a model's output of that shape, nil where there is.
    package static func defect(_ loss: Loss, output: Shape) -> String? {
        let width = output.rank > 0 ? output[-1] : 1
        if case .row = loss.targets { return "a confusion matrix is of one output, but \(loss.name) has several" }
        if loss.isRegression { return "a confusion matrix is of classes, but \(loss.name) is a loss of values" }
        return width > 1 && (loss.targets == .probabilities || loss.targets == .signs)
            ? "a confusion matrix is of classes that exclude each other, but with \(loss.name) each of \(width) outputs "
                + "is a question of its own" : nil
    }
}
