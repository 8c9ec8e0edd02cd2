// Samples that are their own targets, for networks that give back what they are given.

import Autograd
import Tensors

/// Another set whose targets are its inputs: what an autoencoder learns. Weights and classes stay; a transform changes
/// inputs alone, so that augmentation makes a denoising one of it.
///
///     try model.fit(InputsAsTargets(SyntheticDigits.load().train), epochs: 5)
public struct InputsAsTargets: Dataset {
    private let base: any Dataset

    public init(_ base: any Dataset) { self.base = base }

    public var name: String { base.name }
    public var count: Int { base.count }
    public var input: Field { base.input }
    public var target: Field { Field(base.input.name, shape: base.input.shape, kind: .numbers) }
    public var isWeighted: Bool { base.isWeighted }
    public func weight(of sample: Int) -> Float { base.weight(of: sample) }
    public func length(of sample: Int) -> Int? { base.length(of: sample) }
    public func prefetch(_ numbers: ArraySlice<Int>) { base.prefetch(numbers) }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        // The set's own targets go where nobody looks.
        withUnsafeTemporaryAllocation(of: Float.self, capacity: numbers.count * base.target.shape.count) {
            base.read(numbers, inputs: inputs, targets: $0)
        }
        if let place = targets.baseAddress, let values = inputs.baseAddress {
            place.update(from: values, count: inputs.count)
        }
    }

    public var fingerprint: Fingerprint {
        Array("inputs of \(base.fingerprint)".utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
