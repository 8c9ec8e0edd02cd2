// All of a model's parameters in one flat array: [trainable | statistics | step record], each parameter aligned to a
// cache line. Optimizers, reduction, broadcast, checkpoints and fingerprints work on ranges of it.

import Tensors

/// The flat buffer that holds a model's parameters.
public final class ParameterBuffer: @unchecked Sendable {
    /// Floats that parameters start at multiples of: one cache line.
    package static let alignment = 16

    /// In declaration order, trainable ones first.
    package let parameters: [Parameter]
    /// Where the optimizer works; the rest are statistics and the record.
    package let trainable: Range<Int>
    /// All parameters: what checkpoints and fingerprints cover.
    package let all: Range<Int>
    /// A tail of `recordCount` floats that the reduction sums over the shards like gradients: loss, hits, and
    /// whatever else a step must know about all shards.
    package let record: Range<Int>
    package let values: FlatBuffer

    /// Floats in `values`, and in every gradient buffer.
    package var count: Int { values.count }

    /// Memory for a gradient of every parameter, for a `Tape` and then for `Optimizer.update`.
    public func makeGradients() -> FlatBuffer { FlatBuffer(count: count) }
    /// The number of scalars that training changes, padding and frozen parameters not counted.
    package var trainableScalarCount: Int { scalarCount(isTrained) }

    /// Room for the step's record.
    package static let recordCount = 16

    /// Places `parameters` in memory of its own; see `init(_:seed:allocate:)`.
    package convenience init(_ parameters: [Parameter], seed: UInt64) {
        self.init(parameters, seed: seed) { FlatBuffer(count: $0) }
    }

    /// Places `parameters`, whose shapes must be known. Those that already have values keep them, others are drawn
    /// from `seed` by their position.
    ///
    /// - Parameter allocate: gives the memory for a number of floats, zeroed.
    package init(_ parameters: [Parameter], seed: UInt64, allocate: (Int) throws -> FlatBuffer) rethrows {
        let ordered = parameters.filter { $0.role == .trainable } + parameters.filter { $0.role != .trainable }
        var ranges: [Range<Int>] = []
        var end = 0
        var trainableEnd = 0
        for parameter in ordered {
            guard let shape = parameter.shape else { fatalError("parameter \(parameter.path) has no shape yet") }
            ranges.append(end..<(end + shape.count))
            end =
                (end + shape.count + ParameterBuffer.alignment - 1) / ParameterBuffer.alignment
                * ParameterBuffer.alignment
            if parameter.role == .trainable { trainableEnd = end }
        }
        self.parameters = ordered
        trainable = 0..<trainableEnd
        all = 0..<end
        record = end..<(end + ParameterBuffer.recordCount)
        values = try allocate(record.upperBound)
        for (index, parameter) in ordered.enumerated() {
            parameter.place(
                in: values, range: ranges[index],
                key: RandomKey(seed: seed, purpose: .initialization, index: index))
        }
    }

    /// The hash of all parameter values.
    public var fingerprint: Fingerprint { values.fingerprint(all) }

    /// What the regularizers add to a loss at the present values, as Keras shows it in training and evaluation: the sum
    /// over all parameters that have one and are not frozen, in the order of declaration.
    package var penalty: Double {
        parameters.reduce(0) { sum, parameter in
            guard let regularizer = parameter.regularizer, isTrained(parameter) else { return sum }
            return sum + regularizer.penalty(of: values[parameter.range])
        }
    }

    /// Restores the constraints of all parameters that have one and are not frozen. For whoever updates, after each
    /// update of the whole buffer: an update's slices may cut a unit. Every rank does it for its own replica, so that all
    /// have the same bits.
    package func applyConstraints() {
        for parameter in parameters where isTrained(parameter) {
            guard let constraint = parameter.constraint, let shape = parameter.shape else { continue }
            constraint.apply(to: values[parameter.range], units: shape.rank > 0 ? shape[-1] : 1)
        }
    }

    private func isTrained(_ parameter: Parameter) -> Bool { parameter.role == .trainable && !parameter.isFrozen }

    private func scalarCount(_ include: (Parameter) -> Bool) -> Int {
        parameters.filter(include).reduce(0) { $0 + $1.range.count }
    }

    /// Swaps the trainable values for others of the same layout.
    package func exchangeTrainable(with other: FlatBuffer) {
        require(
            other.count >= trainable.upperBound,
            "exchange: \(other.count) values do not hold \(trainable.upperBound) parameters")
        for index in trainable { swap(&values.pointer[index], &other.pointer[index]) }
    }
}
