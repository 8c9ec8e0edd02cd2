// A metric as a value: what it adds up over samples, or what it makes of all of them. `compile` takes metrics; the
// training step and the evaluation compute them. Those by name are in Metric+Classes.swift, Metric+Values.swift and
// Metric+Scores.swift.

import Datasets
import Tensors

/// What is reported beside the loss.
///
/// One of your own, a mean over positions:
///
///     let nearby = Metric("within_1", largerIsBetter: true, sums: 2) { batch in
///         let errors = zip(batch.outputs.scalars, batch.targets.scalars).map { abs($0 - $1) }
///         return [Double(errors.count { $0 <= 1 }), Double(errors.count)]
///     } value: { $0[0] / $0[1] }
public struct Metric: Sendable, CustomStringConvertible {
    private enum Form: Sendable {
        case sums(
            @Sendable (_ output: Shape) -> Int, of: @Sendable (MetricBatch) -> [Double],
            value: @Sendable ([Double]) -> Double)
        case scores(@Sendable (ScoredSamples) -> Double)
    }

    /// What a metric needs of outputs and targets.
    enum Needs: Sendable {
        /// Whatever it gets.
        case nothing
        /// Classes: with a loss of values, targets that are 0 and 1.
        case classes
        /// One output, or two of which the second is meant.
        case twoClasses
        /// Targets of the outputs' shape.
        case values
        /// Probabilities of classes that exclude each other.
        case distributions
    }

    /// As in the record of a run, Keras's where it has one; behind `val_` that of validation.
    package let name: String
    /// Which of two values is the better one.
    package let largerIsBetter: Bool
    let needs: Needs
    /// For a metric of one class, which.
    let classNumber: Int?
    private let form: Form

    /// A metric made of sums over samples: added over shards, chunks and ranks in a fixed order.
    ///
    /// - Parameters:
    ///   - sums: how many.
    ///   - of: them, for some samples. Called by several threads.
    ///   - value: the metric of all samples' sums.
    public init(
        _ name: String, largerIsBetter: Bool, sums: Int, of: @escaping @Sendable (MetricBatch) -> [Double],
        value: @escaping @Sendable ([Double]) -> Double
    ) {
        self.init(name, largerIsBetter, .nothing, sums: { _ in sums }, of: of, value: value)
    }

    /// A metric that is no sum: it sees all samples in their order, after training and in validation only.
    public init(
        _ name: String, largerIsBetter: Bool, scores: @escaping @Sendable (ScoredSamples) -> Double
    ) {
        self.init(name, largerIsBetter, .nothing, scores: scores)
    }

    init(
        _ name: String, _ largerIsBetter: Bool, _ needs: Needs, classNumber: Int? = nil,
        sums: @escaping @Sendable (_ output: Shape) -> Int, of: @escaping @Sendable (MetricBatch) -> [Double],
        value: @escaping @Sendable ([Double]) -> Double
    ) {
        (self.name, self.largerIsBetter, self.needs, self.classNumber) = (name, largerIsBetter, needs, classNumber)
        form = .sums(sums, of: of, value: value)
    }

    init(
        _ name: String, _ largerIsBetter: Bool, _ needs: Needs, scores: @escaping @Sendable (ScoredSamples) -> Double
    ) {
        (self.name, self.largerIsBetter, self.needs, classNumber) = (name, largerIsBetter, needs, nil)
        form = .scores(scores)
    }

    public var description: String { name }

    /// Whether it is made of sums, and so known in training.
    package var isOfSums: Bool {
        if case .sums = form { true } else { false }
    }

    /// How many sums it has for a model's output of that shape; 0 for one of scores.
    package func sumCount(output: Shape) -> Int {
        if case .sums(let count, _, _) = form { count(output) } else { 0 }
    }

    /// The sums over a batch; none for one of scores.
    package func sums(_ batch: MetricBatch) -> [Double] {
        guard case .sums(let count, let of, _) = form else { return [] }
        let sums = of(batch)
        let expected = count(batch.outputs.shape.dropFirst())
        require(sums.count == expected, "metric \(name) gave \(sums.count) sums, expected \(expected)")
        return sums
    }

    /// The metric of all samples' sums.
    package func value(_ sums: [Double]) -> Double {
        guard case .sums(_, _, let value) = form else { fatalError("metric \(name) is made of scores, not of sums") }
        return value(sums)
    }

    /// The metric of all samples.
    package func value(_ samples: ScoredSamples) -> Double {
        guard case .scores(let value) = form else { fatalError("metric \(name) is made of sums, not of scores") }
        return value(samples)
    }

    /// `sum / weight`, and 0 where nothing counts.
    static func ratio(_ sum: Double, _ weight: Double) -> Double { weight == 0 ? 0 : sum / weight }
}
