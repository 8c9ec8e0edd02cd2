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

    /// A dataset with its labels as class numbers, or with other targets, e.g. `toCategorical`'s.
    ///
    /// - Parameter targets: `[count, target shape...]`.
    public init(_ dataset: Dataset, targets: Tensor? = nil) {
        require(
            targets == nil || targets!.shape.rank > 0 && targets!.shape[0] == dataset.count,
            "Samples: \(dataset.name) has \(dataset.count) samples, targets have shape \(targets?.shape ?? [])")
        name = dataset.name
        count = dataset.count
        inputShape = dataset.sampleShape
        targetShape = targets?.shape.dropFirst() ?? []
        inputs = .bytes(dataset.samples)
        self.targets = targets?.scalars ?? dataset.labels.map(Float.init)
    }

    /// - Parameters:
    ///   - inputs: `[count, input shape...]`.
    ///   - targets: `[count]` class numbers, or `[count, target shape...]`.
    public init(inputs: Tensor, targets: Tensor, name: String = "tensors") {
        require(
            inputs.shape.rank > 0 && targets.shape.rank > 0 && inputs.shape[0] == targets.shape[0],
            "Samples: inputs \(inputs.shape) and targets \(targets.shape) differ in the number of samples")
        self.name = name
        count = inputs.shape[0]
        inputShape = inputs.shape.dropFirst()
        targetShape = targets.shape.dropFirst()
        self.inputs = .floats(inputs.scalars)
        self.targets = targets.scalars
    }

    /// The samples with the given numbers, in that order.
    public func batch(_ numbers: ArraySlice<Int32>, in workspace: Workspace) -> Batch {
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
    public subscript(range: Range<Int>) -> Batch {
        require(
            range.lowerBound >= 0 && range.upperBound <= count, "\(name): range \(range) is outside \(count) samples")
        return batch(range.map(Int32.init)[...], in: Workspace())
    }

    private func copyRows(of source: [Float], _ width: Int, _ numbers: ArraySlice<Int32>, to target: Tensor) {
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

    /// The last class that occurs, when targets are class numbers.
    public var largestTarget: Float { targets.max() ?? 0 }
}
