// The seam for data: what training, evaluation and prediction ask of a set of samples. A set of one's own conforms to it
// in one file (Examples/OwnDataset); those that come with Lockstep lie beside this file.

import Autograd
import Tensors

/// One part of a sample: its name, its shape and what its numbers are.
public struct Field: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// Bytes of a picture, handed over as `byte / 255`.
        case pixels
        /// Any numbers: measurements, or values to predict.
        case numbers
        /// Whole numbers below this, such as words, of which a layer looks up rows.
        case tokens(Int)
        /// Numbers of classes below this.
        case classes(Int)
    }

    package let name: String
    /// Without the batch axis; `[]` for a single number.
    public let shape: Shape
    package let kind: Kind
    /// What the classes are called, in their order; empty where they have no names.
    public let classNames: [String]
    /// How values that were scaled become those of the field's own unit, in which metrics and predictions are told; nil
    /// where they are as they were.
    package let scale: TargetScale?

    public init(_ name: String, shape: Shape, kind: Kind, classNames: [String] = []) {
        self.init(name, shape: shape, kind: kind, classNames: classNames, scale: nil)
    }

    package init(_ name: String, shape: Shape, kind: Kind, classNames: [String] = [], scale: TargetScale?) {
        (self.name, self.shape, self.kind, self.classNames, self.scale) = (name, shape, kind, classNames, scale)
    }

    /// What a model says of the field, `[samples, shape...]`, in the field's own unit: a table's values to predict and a
    /// series' are scaled, all else is as it is.
    public func values(_ outputs: Tensor) -> Tensor { scale?.values(outputs) ?? outputs }

    /// The number of classes, nil for other kinds.
    package var classCount: Int? { if case .classes(let count) = kind { count } else { nil } }
}

/// Numbered samples, each an input and a target: what `Model.fit` and `evaluate` take.
///
/// A sample's values never change, and several threads read at once. Weight, class and length of a sample are told without
/// decoding it, so that a step's denominator is known before the step begins.
public protocol Dataset: Sendable {
    /// Where the samples come from, for messages and the run's configuration.
    var name: String { get }
    var count: Int { get }
    /// What a model is given of each sample. Where samples have lengths, the first axis is that of positions, as long as
    /// the longest sample.
    var input: Field { get }
    /// What it shall say.
    var target: Field { get }
    /// A hash of all decoded values: two ranks with the same fingerprint train on the same data.
    var fingerprint: Fingerprint { get }
    /// Whether `weight(of:)` is anything but 1.
    var isWeighted: Bool { get }
    /// How much a sample counts in losses and metrics, at least 0; 1 unless defined.
    func weight(of sample: Int) -> Float
    /// The number of a sample's class, where targets are classes; read from the target unless defined.
    func classNumber(of sample: Int) -> Int?
    /// How many of the input's positions a sample has, 0 or more; nil, unless defined, where all samples have all of them.
    /// Losses and metrics of a model that answers for each position leave the others out. What stands there is read all
    /// the same: zeros will do, as inputs and as targets.
    func length(of sample: Int) -> Int?
    /// Writes samples one after the other: `inputs [numbers, input shape...]`, `targets [numbers, target shape...]`, each row
    /// in full.
    ///
    /// - Parameter numbers: below `count`, in any order.
    func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>)
    /// Told which samples are read next; may bring them nearer.
    func prefetch(_ numbers: ArraySlice<Int>)
}

extension Dataset {
    public var isWeighted: Bool { false }
    public func weight(of sample: Int) -> Float { 1 }
    public func length(of sample: Int) -> Int? { nil }
    public func prefetch(_ numbers: ArraySlice<Int>) {}

    public func classNumber(of sample: Int) -> Int? {
        guard target.classCount != nil, target.shape == [] else { return nil }
        return Int(batch(known: [sample], in: Workspace()).targets.scalars[0])
    }

    /// A hash over all samples in order, each decoded once.
    public var fingerprint: Fingerprint { Fingerprint(ofSamplesIn: self) }
}

/// A batch, or a shard of one.
public struct Batch {
    /// `[samples, input shape...]`
    public var inputs: Tensor
    /// `[samples]` class numbers, or `[samples, target shape...]`.
    public var targets: Tensor
    /// `[samples]`; nil where all are 1.
    package var weights: Tensor?
    /// `[samples, positions]`, 1 where a sample has the position, else 0; nil where all have all.
    public var mask: Tensor?

    package init(inputs: Tensor, targets: Tensor, weights: Tensor? = nil, mask: Tensor? = nil) {
        (self.inputs, self.targets, self.weights, self.mask) = (inputs, targets, weights, mask)
    }
}

extension Dataset {
    /// The samples with the given numbers, in that order.
    ///
    /// - Throws: `DatasetError` for a number that no sample has.
    public func batch(_ numbers: ArraySlice<Int>, in workspace: Workspace = Workspace()) throws(DatasetError) -> Batch {
        try check(numbers)
        return batch(known: numbers, in: workspace)
    }

    /// The samples of a range in memory of their own, as in Keras's `x_test[0:5]`.
    ///
    /// - Throws: `DatasetError` for a range beyond the samples.
    public subscript(range: Range<Int>) -> Batch {
        get throws(DatasetError) {
            guard range.lowerBound >= 0, range.upperBound <= count else {
                throw DatasetError("\(name) has no samples \(range): expected a range within 0 ..< \(count)")
            }
            return batch(known: Array(range)[...], in: Workspace())
        }
    }

    /// - Throws: `DatasetError` for a number that no sample has.
    package func check(_ numbers: ArraySlice<Int>) throws(DatasetError) {
        if let wrong = numbers.first(where: { $0 < 0 || $0 >= count }) {
            throw DatasetError("\(name) has no sample \(wrong): expected a number in 0 ..< \(count)")
        }
    }

    /// `batch` for numbers that are `check`ed.
    package func batch(known numbers: ArraySlice<Int>, in workspace: Workspace) -> Batch {
        let inputs = Tensor(uninitialized: input.shape.prepending(numbers.count), in: workspace)
        let targets = Tensor(uninitialized: target.shape.prepending(numbers.count), in: workspace)
        read(
            numbers, inputs: UnsafeMutableBufferPointer(start: inputs.pointer, count: inputs.count),
            targets: UnsafeMutableBufferPointer(start: targets.pointer, count: targets.count))
        var batch = Batch(inputs: inputs, targets: targets)
        if isWeighted {
            let weights = Tensor(uninitialized: [numbers.count], in: workspace)
            for (row, number) in numbers.enumerated() { weights.pointer[row] = weight(of: number) }
            batch.weights = weights
        }
        if let first = numbers.first, length(of: first) != nil { batch.mask = mask(numbers, in: workspace) }
        return batch
    }

    private func mask(_ numbers: ArraySlice<Int>, in workspace: Workspace) -> Tensor {
        let positions = input.shape[0]
        let mask = Tensor(uninitialized: [numbers.count, positions], in: workspace)
        for (row, number) in numbers.enumerated() {
            let length = length(of: number) ?? positions
            for position in 0..<positions { mask.pointer[row * positions + position] = position < length ? 1 : 0 }
        }
        return mask
    }
}

extension Fingerprint {
    /// Samples hashed at a time.
    private static let chunk = 1024

    /// The hash of hashes of chunks of samples.
    fileprivate init(ofSamplesIn data: some Dataset) {
        let workspace = Workspace()
        var hashes = ""
        for start in stride(from: 0, to: data.count, by: Fingerprint.chunk) {
            let batch = data.batch(known: Array(start..<min(data.count, start + Fingerprint.chunk))[...], in: workspace)
            for tensor in [batch.inputs, batch.targets, batch.weights, batch.mask].compactMap({ $0 }) {
                let bytes = UnsafeRawBufferPointer(start: tensor.pointer, count: 4 * tensor.count)
                hashes += Fingerprint(of: bytes).description
            }
        }
        self = Array(hashes.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
