// Metrics of classes: the shares of right answers, of what was found, and of what there was to find.

import Autograd
import Tensors

extension Metric {
    /// The share of right classes, resolved by the shapes of outputs and targets as by Keras 3:
    ///
    /// - one output: binary, the output on the target's side of 0.5, of a logit or a hinge loss on that of 0;
    /// - several, and one class number as target: the largest output is the target's;
    /// - several of both: the largest output is where the largest target is.
    ///
    /// Where a sample has several positions (`[batch, positions..., outputs]`), each counts, by its weight. Refused for
    /// regression: with losses of values the targets have to be zeros and ones.
    public static let accuracy = Metric("accuracy", true, .classes, sums: { _ in 2 }) { batch in
        let right: [Bool]
        if batch.width == 1 {
            let threshold = batch.threshold
            right = zip(batch.outputs.scalars, batch.targets.scalars).map { ($0 > threshold ? 1 : 0) == $1 }
        } else {
            let targets = batch.hasClassNumbers ? batch.targets : batch.targets.argmax()
            right = zip(batch.outputs.argmax().scalars, targets.scalars).map { $0 == $1 }
        }
        return batch.share(right)
    } value: {
        ratio($0[0], $0[1])
    }

    /// The share of outputs on their target's side of 0.5, of a logit or a hinge loss on that of 0; each of several
    /// outputs counts.
    public static let binaryAccuracy = Metric("binary_accuracy", true, .classes, sums: { _ in 2 }) { batch in
        let (targets, threshold) = (batch.targetRows, batch.threshold)
        let right = zip(batch.outputs.scalars, targets.scalars).map { ($0 > threshold ? 1 : 0) == $1 }
        return batch.share(right)
    } value: {
        ratio($0[0], $0[1])
    }

    /// The share of positions where fewer than `k` outputs are larger than the target's class, or the largest target's.
    public static func topK(_ k: Int) -> Metric {
        require(k > 0, "topK: \(k), expected at least 1")
        return Metric("top_\(k)_accuracy", true, .classes, sums: { _ in 2 }) { batch in
            let right = batch.classes().right
            let (outputs, width) = (batch.outputs.scalars, batch.width)
            if width == 1 {
                return batch.share(zip(batch.classes().found, right).map { k > 1 || $0 == $1 })
            }
            return batch.share(
                right.indices.map { position in
                    guard (0..<width).contains(right[position]) else { return false }
                    let row = outputs[(position * width)..<((position + 1) * width)]
                    let own = row[row.startIndex + right[position]]
                    return own == own && row.count { !($0 <= own) } < k
                })
        } value: {
            ratio($0[0], $0[1])
        }
    }

    // MARK: Precision, recall, F1

    /// How the numbers of several classes become one.
    public enum Average: Sendable, Hashable {
        /// Over all classes together, each position counting once.
        case micro
        /// The mean over the classes that occur, as targets or as answers.
        case macro
        /// The mean over classes, weighted by how often each is the target.
        case weighted
        /// That of one class, by number.
        case oneClass(Int)
    }

    /// Of what is taken for a class, the share that is: tp / (tp + fp), 0 where nothing is. For one output, and for two
    /// that exclude each other, that of class 1; for more classes the macro average. Where outputs are questions of their
    /// own, as with binary cross-entropy, each is a class.
    public static let precision = of("precision", nil) { $0.precision }
    /// Of what is of a class, the share that is found: tp / (tp + fn), 0 where there is nothing to find. Classes as for
    /// `precision`.
    public static let recall = of("recall", nil) { $0.recall }
    /// 2 tp / (2 tp + fp + fn), the harmonic mean of precision and recall; 0 where all are 0. Classes as for `precision`.
    public static let f1Score = of("f1_score", nil) { $0.f1 }

    public static func precision(average: Average) -> Metric { of("precision", average) { $0.precision } }
    public static func recall(average: Average) -> Metric { of("recall", average) { $0.recall } }
    public static func f1Score(average: Average) -> Metric { of("f1_score", average) { $0.f1 } }

    private static func of(
        _ name: String, _ average: Average?, _ measure: @escaping @Sendable (ClassCounts) -> Double
    ) -> Metric {
        let suffix: String
        var classNumber: Int?
        switch average {
        case nil: suffix = ""
        case .micro: suffix = "_micro"
        case .macro: suffix = "_macro"
        case .weighted: suffix = "_weighted"
        case .oneClass(let number): (suffix, classNumber) = ("_class_\(number)", number)
        }
        return Metric(
            name + suffix, true, .classes, classNumber: classNumber, sums: { ClassCounts.sumCount(output: $0) },
            of: { ClassCounts.sums($0) }
        ) { sums in
            let (classes, areQuestions) = ClassCounts.classes(ofSums: sums)
            return ClassCounts.average(classes, average, areQuestions: areQuestions, measure)
        }
    }
}

extension MetricBatch {
    /// The weight of what is right, and of all. As many as positions, or as outputs.
    fileprivate func share(_ right: [Bool]) -> [Double] {
        let each = max(1, right.count / max(1, positions))
        var (hits, total) = (0.0, 0.0)
        if weights == nil { return [Double(right.count { $0 }), Double(right.count)] }
        for (index, isRight) in right.enumerated() {
            let weight = weight(index / each)
            total += weight
            if isRight { hits += weight }
        }
        return [hits, total]
    }

    /// Targets of the outputs' shape: class numbers as ones and zeros.
    fileprivate var targetRows: Tensor { hasClassNumbers ? targets.oneHot(classCount: width) : targets }
}
