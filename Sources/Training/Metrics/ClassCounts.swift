// What precision, recall and F1 of a class are made of. Metrics add these up over batches, the confusion matrix has them
// in its rows and columns.

import Tensors

/// How often a class was answered, was right, and both; weighted.
package struct ClassCounts: Sendable, Hashable {
    /// Taken for the class, and of it.
    package var hits = 0.0
    /// Taken for the class.
    package var found = 0.0
    /// Of the class, what scikit-learn calls its support.
    package var support = 0.0

    package var precision: Double { Metric.ratio(hits, found) }
    package var recall: Double { Metric.ratio(hits, support) }
    package var f1: Double { Metric.ratio(2 * hits, found + support) }

    static func + (a: ClassCounts, b: ClassCounts) -> ClassCounts {
        ClassCounts(hits: a.hits + b.hits, found: a.found + b.found, support: a.support + b.support)
    }

    // MARK: As sums

    /// Three for each class; then the weight of positions whose outputs are questions of their own.
    static func sumCount(output: Shape) -> Int { 3 * max(2, output.rank > 0 ? output[-1] : 1) + 1 }

    static func sums(_ batch: MetricBatch) -> [Double] {
        let width = batch.width
        var sums = [Double](repeating: 0, count: 3 * max(2, width) + 1)
        func count(_ number: Int, _ isFound: Bool, _ isRight: Bool, _ weight: Double) {
            if isFound && isRight { sums[3 * number] += weight }
            if isFound { sums[3 * number + 1] += weight }
            if isRight { sums[3 * number + 2] += weight }
        }
        if case .questions(let threshold) = batch.reading, width > 1 {
            let (outputs, targets) = (batch.outputs.scalars, batch.targets.scalars)
            for position in 0..<batch.positions {
                let weight = batch.weight(position)
                sums[sums.count - 1] += weight
                for number in 0..<width {
                    let index = position * width + number
                    count(number, outputs[index] > threshold, targets[index] > 0.5, weight)
                }
            }
            return sums
        }
        let (found, right) = batch.classes()
        for position in found.indices {
            let weight = batch.weight(position)
            for number in Set([found[position], right[position]]) where number >= 0 && number < max(2, width) {
                count(number, found[position] == number, right[position] == number, weight)
            }
        }
        return sums
    }

    static func classes(ofSums sums: [Double]) -> (classes: [ClassCounts], areQuestions: Bool) {
        let classes = (0..<(sums.count / 3)).map {
            ClassCounts(hits: sums[3 * $0], found: sums[3 * $0 + 1], support: sums[3 * $0 + 2])
        }
        return (classes, sums[sums.count - 1] > 0)
    }

    /// One number of several classes' ones; scikit-learn's averages. nil takes class 1 of two, and the macro average of
    /// more, or of questions.
    static func average(
        _ classes: [ClassCounts], _ average: Metric.Average?, areQuestions: Bool, _ measure: (ClassCounts) -> Double
    ) -> Double {
        switch average {
        case nil where classes.count == 2 && !areQuestions: return measure(classes[1])
        case .oneClass(let number): return number < classes.count ? measure(classes[number]) : 0
        case .micro: return measure(classes.reduce(ClassCounts(), +))
        case .macro, nil:
            // Of classes that exclude each other, those that occur nowhere have no say.
            let counted = areQuestions ? classes : classes.filter { $0.found + $0.support > 0 }
            return Metric.ratio(counted.reduce(0) { $0 + measure($1) }, Double(counted.count))
        case .weighted:
            return Metric.ratio(
                classes.reduce(0) { $0 + $1.support * measure($1) }, classes.reduce(0) { $0 + $1.support })
        }
    }
}
