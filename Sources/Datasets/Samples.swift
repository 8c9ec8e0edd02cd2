// What training reads: inputs and targets by sample number. A worker cuts its shard of a batch straight out of it.

import Autograd
import CKernels
import Tensors

/// A batch, or a shard of one.
public struct Batch {
    /// `[samples, sample shape...]`
    public let inputs: Tensor
    /// `[samples]` class numbers, or `[samples, target shape...]`.
    public let targets: Tensor

    public init(inputs: Tensor, targets: Tensor) {
        self.inputs = inputs
        self.targets = targets
    }
}

/// Inputs with their targets.
public struct Samples: Sendable {
    private enum Inputs {
        /// Pixels, which become `byte / 255`.
        case bytes(SampleBytes)
        case floats([Float])
    }

    /// Where they come from, for messages and the run's configuration.
    public let name: String
    public let count: Int
    /// The shape of one input.
    public let inputShape: Shape
    /// The shape of one target, `[]` for class numbers.
    public let targetShape: Shape
    private let inputs: Inputs
    private let targets: [Float]

    /// A dataset with its labels as class numbers.
    public init(_ dataset: Dataset) {
        self.init(dataset, targets: dataset.labels.map(Float.init), targetShape: [])
    }

    /// A dataset with other targets, e.g. `toCategorical`'s.
    ///
    /// - Parameter targets: `[count, target shape...]`.
    /// - Throws: `DatasetError` for another number of them.
    public init(_ dataset: Dataset, targets: Tensor) throws(DatasetError) {
        guard targets.shape.rank > 0, targets.shape[0] == dataset.count else {
            throw DatasetError(
                "\(dataset.name) has \(dataset.count) samples, but targets of shape \(targets.shape); expected "
                    + "[\(dataset.count), ...]")
        }
        self.init(dataset, targets: targets.scalars, targetShape: targets.shape.dropFirst())
    }

    private init(_ dataset: Dataset, targets: [Float], targetShape: Shape) {
        name = dataset.name
        count = dataset.count
        inputShape = dataset.sampleShape
        inputs = .bytes(dataset.samples)
        self.targetShape = targetShape
        self.targets = targets
    }

    /// - Parameters:
    ///   - inputs: `[count, input shape...]`.
    ///   - targets: `[count]` class numbers, or `[count, target shape...]`.
    /// - Throws: `DatasetError` where the numbers of samples differ.
    public init(inputs: Tensor, targets: Tensor, name: String = "tensors") throws(DatasetError) {
        guard inputs.shape.rank > 0, targets.shape.rank > 0, inputs.shape[0] == targets.shape[0] else {
            throw DatasetError(
                "\(name) has inputs of shape \(inputs.shape) and targets of shape \(targets.shape); expected as many "
                    + "samples of both, [count, ...]")
        }
        self.name = name
        count = inputs.shape[0]
        inputShape = inputs.shape.dropFirst()
        targetShape = targets.shape.dropFirst()
        self.inputs = .floats(inputs.scalars)
        self.targets = targets.scalars
    }

    /// The samples with the given numbers, in that order.
    ///
    /// - Throws: `DatasetError` for a number that no sample has.
    public func batch(_ numbers: ArraySlice<Int32>, in workspace: Workspace) throws(DatasetError) -> Batch {
        try check(numbers)
        return batch(known: numbers, in: workspace)
    }

    /// - Throws: `DatasetError` for a number that no sample has.
    package func check(_ numbers: ArraySlice<Int32>) throws(DatasetError) {
        let count = UInt32(count)
        if let wrong = numbers.first(where: { UInt32(bitPattern: $0) >= count }) {
            throw DatasetError("\(name) has no sample \(wrong): expected a number in 0 ..< \(count)")
        }
    }

    /// `batch` for numbers that are `check`ed.
    package func batch(known numbers: ArraySlice<Int32>, in workspace: Workspace) -> Batch {
        let x = Tensor(uninitialized: inputShape.prepending(numbers.count), in: workspace)
        let y = Tensor(uninitialized: targetShape.prepending(numbers.count), in: workspace)
        let width = inputShape.count
        switch inputs {
        case .bytes(let bytes):
            bytes.withUnsafeBufferPointer { bytes in
                numbers.withUnsafeBufferPointer {
                    lk_take_bytes(
                        x.pointer, bytes.baseAddress, $0.baseAddress, Int64(numbers.count), Int64(width), 1 / 255)
                }
            }
        case .floats(let floats): copyRows(of: floats, width, numbers, to: x)
        }
        copyRows(of: targets, targetShape.count, numbers, to: y)
        return Batch(inputs: x, targets: y)
    }

    /// Brings samples that will be taken soon into the cache: chosen at random, they lie where no processor expects them.
    package func prefetch(_ numbers: ArraySlice<Int32>) {
        guard case .bytes(let bytes) = inputs else { return }
        let width = inputShape.count
        bytes.withUnsafeBufferPointer { bytes in
            for number in numbers { lk_prefetch(bytes.baseAddress! + Int(number) * width, Int64(width)) }
        }
    }

    /// The samples of a range in memory of their own, as in Keras's `x_test[0:5]`.
    ///
    /// - Throws: `DatasetError` for a range beyond the samples.
    public subscript(range: Range<Int>) -> Batch {
        get throws(DatasetError) {
            guard range.lowerBound >= 0, range.upperBound <= count else {
                throw DatasetError("\(name) has no samples \(range): expected a range within 0 ..< \(count)")
            }
            return batch(known: range.map(Int32.init)[...], in: Workspace())
        }
    }

    private func copyRows(of source: [Float], _ width: Int, _ numbers: ArraySlice<Int32>, to target: Tensor) {
        guard width > 0 else { return }
        source.withUnsafeBufferPointer { source in
            for (row, number) in numbers.enumerated() {
                (target.pointer + row * width).update(from: source.baseAddress! + Int(number) * width, count: width)
            }
        }
    }

    /// A hash of all inputs and targets: two ranks with the same fingerprint train on the same data.
    public var fingerprint: Fingerprint {
        let parts = [
            targets.withUnsafeBytes(Fingerprint.init(of:)),
            {
                switch inputs {
                case .bytes(let bytes):
                    bytes.withUnsafeBufferPointer { Fingerprint(of: UnsafeRawBufferPointer($0)) }
                case .floats(let floats): floats.withUnsafeBytes(Fingerprint.init(of:))
                }
            }(),
        ]
        return Array(parts.map(\.description).joined().utf8).withUnsafeBytes(Fingerprint.init(of:))
    }

    /// The first number in any target that is as wanted, nil where none is.
    package func firstTarget(where isWanted: (Float) -> Bool) -> Float? { targets.first(where: isWanted) }
}

extension Samples {
    /// The first sample whose target is not `allowed`, in words; nil where all are.
    ///
    /// - Parameter numbers: those to look at, which are `check`ed; all unless given.
    package func refusedTarget(_ allowed: AllowedValues, in numbers: ArraySlice<Int32>? = nil) -> String? {
        let width = targetShape.count
        let place = targets.withUnsafeBufferPointer { all -> Int? in
            guard let numbers else { return allowed.firstViolation(in: all) }
            for first in numbers.lazy.map({ Int($0) * width }) {
                let sample = UnsafeBufferPointer(rebasing: all[first..<first + width])
                if let place = allowed.firstViolation(in: sample) { return first + place }
            }
            return nil
        }
        return place.map { describe($0, value: targets[$0], targetShape, "target", allowed) }
    }

    /// The first sample with an input that is no number of a row, of so many; nil where all are.
    package func refusedIndex(below limit: Int) -> String? {
        let allowed = AllowedValues.numbers(below: limit)
        switch inputs {
        case .floats(let floats):
            return floats.withUnsafeBufferPointer(allowed.firstViolation).map {
                describe($0, value: floats[$0], inputShape, "index", allowed)
            }
        case .bytes(let bytes):
            let scaled = (0...255).map { Float($0) * (1 / 255) }
            let isAllowed = scaled.map(allowed.accepts)
            return bytes.firstIndex { !isAllowed[Int($0)] }.map {
                describe($0, value: scaled[Int(bytes[$0])], inputShape, "index", allowed)
            }
        }
    }

    private func describe(_ place: Int, value: Float, _ shape: Shape, _ kind: String, _ allowed: AllowedValues)
        -> String
    {
        refusal(RefusedValue(row: 0, of: 1, value: value, kind: kind, expected: allowed), sample: place / shape.count)
    }

    /// A value of one of these samples that can't be used, in words.
    package func refusal(_ refused: RefusedValue, sample: Int) -> String {
        "sample \(sample) of \(name): \(refused.problem)"
    }
}
