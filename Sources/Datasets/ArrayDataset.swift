// Samples that are at hand as arrays.

import Autograd
import CKernels
import Tensors

/// Inputs with their targets, in memory.
public struct ArrayDataset: Dataset {
    private enum Inputs {
        /// Pixels, which become `byte / 255`.
        case bytes(SampleBytes)
        case floats([Float])
    }

    public let name: String
    public let count: Int
    public let input: Field
    public let target: Field
    private let inputs: Inputs
    private let targets: [Float]
    private let weights: [Float]
    private let lengths: [Int]

    /// Images with other targets, e.g. `toCategorical`'s.
    ///
    /// - Parameter targets: `[count, target shape...]`.
    /// - Throws: `DatasetError` for another number of them.
    package init(_ images: ImageDataset, targets: Tensor) throws(DatasetError) {
        guard targets.shape.rank > 0, targets.shape[0] == images.count else {
            throw DatasetError(
                "\(images.name) has \(images.count) samples, but targets of shape \(targets.shape); expected "
                    + "[\(images.count), ...]")
        }
        (name, count, input, inputs) = (images.name, images.count, images.input, .bytes(images.samples))
        target = Field("target", shape: targets.shape.dropFirst(), kind: .numbers)
        (self.targets, weights, lengths) = (targets.scalars, [], [])
    }

    /// - Parameters:
    ///   - inputs: `[count, input shape...]`.
    ///   - targets: `[count]` class numbers, or `[count, target shape...]`.
    ///   - weights: how much each sample counts, `[count]`, finite and at least 0; nil for 1.
    ///   - lengths: how many of the input's positions each sample has; nil for all.
    ///   - classes: how many there are, where targets are class numbers that something asks for, such as `ClassWeighted`.
    /// - Throws: `DatasetError` where the numbers of samples differ, or for weights and lengths that are none.
    public init(
        inputs: Tensor, targets: Tensor, weights: [Float]? = nil, lengths: [Int]? = nil, classes: Int? = nil,
        name: String = "tensors"
    ) throws(DatasetError) {
        guard inputs.shape.rank > 0, targets.shape.rank > 0, inputs.shape[0] == targets.shape[0] else {
            throw DatasetError(
                "\(name) has inputs of shape \(inputs.shape) and targets of shape \(targets.shape); expected as many "
                    + "samples of both, [count, ...]")
        }
        count = inputs.shape[0]
        try ArrayDataset.check(weights, lengths, count, inputs.shape, name)
        self.name = name
        input = Field("input", shape: inputs.shape.dropFirst(), kind: .numbers)
        target = Field("target", shape: targets.shape.dropFirst(), kind: classes.map { .classes($0) } ?? .numbers)
        self.inputs = .floats(inputs.scalars)
        self.targets = targets.scalars
        (self.weights, self.lengths) = (weights ?? [], lengths ?? [])
    }

    private static func check(
        _ weights: [Float]?, _ lengths: [Int]?, _ count: Int, _ inputs: Shape, _ name: String
    ) throws(DatasetError) {
        for given in [weights?.count, lengths?.count] where given != nil && given != count {
            throw DatasetError("\(name) has \(count) samples, but \(given!) weights or lengths; expected one for each")
        }
        if let wrong = weights?.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
            throw DatasetError(
                "sample \(wrong) of \(name) has weight \(weights![wrong]), expected a finite number, at least 0")
        }
        let most = inputs.rank > 1 ? inputs[1] : 0
        if let wrong = lengths?.firstIndex(where: { !(0...most).contains($0) }) {
            throw DatasetError(
                "sample \(wrong) of \(name) has length \(lengths![wrong]), expected 0 to the input's \(most) positions")
        }
    }

    public var isWeighted: Bool { !weights.isEmpty }
    public func weight(of sample: Int) -> Float { weights.isEmpty ? 1 : weights[sample] }
    public func length(of sample: Int) -> Int? { lengths.isEmpty ? nil : lengths[sample] }

    public func read(
        _ numbers: ArraySlice<Int>, inputs x: UnsafeMutableBufferPointer<Float>,
        targets y: UnsafeMutableBufferPointer<Float>
    ) {
        switch inputs {
        case .bytes(let bytes): bytes.scaled(numbers, width: input.shape.count, to: x)
        case .floats(let floats): copyRows(of: floats, input.shape.count, numbers, to: x)
        }
        copyRows(of: targets, target.shape.count, numbers, to: y)
    }

    public func prefetch(_ numbers: ArraySlice<Int>) {
        if case .bytes(let bytes) = inputs { bytes.prefetch(numbers, width: input.shape.count) }
    }

    private func copyRows(
        of source: [Float], _ width: Int, _ numbers: ArraySlice<Int>, to target: UnsafeMutableBufferPointer<Float>
    ) {
        guard width > 0, let place = target.baseAddress else { return }
        source.withUnsafeBufferPointer { source in
            for (row, number) in numbers.enumerated() {
                (place + row * width).update(from: source.baseAddress! + number * width, count: width)
            }
        }
    }

    public var fingerprint: Fingerprint {
        var parts = [
            targets.withUnsafeBytes(Fingerprint.init(of:)),
            {
                switch inputs {
                case .bytes(let bytes):
                    bytes.withUnsafeBufferPointer { Fingerprint(of: UnsafeRawBufferPointer($0)) }
                case .floats(let floats): floats.withUnsafeBytes(Fingerprint.init(of:))
                }
            }(),
        ]
        if !weights.isEmpty { parts.append(weights.withUnsafeBytes(Fingerprint.init(of:))) }
        if !lengths.isEmpty { parts.append(lengths.withUnsafeBytes(Fingerprint.init(of:))) }
        return Array(parts.map(\.description).joined().utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
