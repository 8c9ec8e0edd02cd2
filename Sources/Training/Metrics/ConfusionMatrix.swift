// Which classes are taken for which. `evaluate` prints it and its table of classes, and writes both as CSV.

import Tensors

/// How often samples of each class were taken for each, by weight.
package struct ConfusionMatrix: Sendable, Hashable {
    package let classes: Int
    /// Row by row: those that are of class `row`, by the class `column` that they were taken for.
    package let counts: [Double]

    /// - Parameter sums: those of all batches, added up in their order.
    package init(sums: [Double]) {
        (classes, counts) = (Int(Double(sums.count).squareRoot()), sums)
        require(classes * classes == sums.count, "confusion matrix: \(sums.count) sums are no square")
    }

    /// Those that are of class `right` and were taken for class `found`.
    package subscript(right: Int, found: Int) -> Double { counts[right * classes + found] }

    /// How often each class was answered, was right, and both.
    package var classCounts: [ClassCounts] {
        (0..<classes).map { number in
            ClassCounts(
                hits: self[number, number], found: (0..<classes).reduce(0) { $0 + self[$1, number] },
                support: (0..<classes).reduce(0) { $0 + self[number, $1] })
        }
    }

    /// The share of right ones.
    package var accuracy: Double {
        Metric.ratio((0..<classes).reduce(0) { $0 + self[$1, $1] }, counts.reduce(0, +))
    }

    // MARK: As sums

    /// How many sums it has for a model's output of that shape.
    package static func sumCount(output: Shape) -> Int {
        let classes = max(2, output.rank > 0 ? output[-1] : 1)
        return classes * classes
    }

    /// A batch's part of the sums. What is of no class, in a batch that the loss refuses, is left out.
    package static func sums(_ batch: MetricBatch) -> [Double] {
        let classes = max(2, batch.width)
        var sums = [Double](repeating: 0, count: classes * classes)
        let (found, right) = batch.classes()
        for position in found.indices where 0..<classes ~= found[position] && 0..<classes ~= right[position] {
            sums[right[position] * classes + found[position]] += batch.weight(position)
        }
        return sums
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
