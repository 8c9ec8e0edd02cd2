// Pooling over windows of a sequence.

import Autograd
import Tensors

/// The largest element of each window of a sequence; padding and masked positions do not count.
///
/// Input `[batch, positions, channels]`, output `[batch, positions', channels]`; 0 at positions that a sample has not.
/// The equivalent of `keras.layers.MaxPooling1D`.
public final class MaxPooling1D: Layer {
    private let windows: SequenceWindows

    /// - Parameters:
    ///   - strides: the window itself when nil.
    ///   - ceilMode: whether a last window counts that hangs over the end, as PyTorch's `ceil_mode`. Then a mask is not taken.
    public init(
        _ poolSize: Int = 2, strides: Int? = nil, padding: SequencePadding = .valid, ceilMode: Bool = false
    ) {
        windows = SequenceWindows(
            length: poolSize, stride: strides ?? poolSize, padding: padding, isCeiled: ceilMode)
    }

    public var positions: PositionUse { windows.takesMask ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try windows.pooledShape(input, layer: "MaxPooling1D(\(windows.length))")
    }

    public func call(_ input: Variable) -> Variable {
        let prepared = windows.prepared(windows.takesMask ? input : input.masked(nil))
        let options = windows.poolingOptions(for: prepared)
        let output = prepared.loweredWhereMasked.maxPooled1D(options)
        guard let mask = prepared.mask else { return output }
        return output.masked(windows.mask(mask, outputs: output.shape[1])).keptWhereUnmasked
    }
}

/// The mean of each window of a sequence; padding and masked positions do not count.
///
/// Input `[batch, positions, channels]`, output `[batch, positions', channels]`; 0 at positions that a sample has not.
/// The equivalent of `keras.layers.AveragePooling1D`.
public final class AveragePooling1D: Layer {
    private let windows: SequenceWindows

    /// - Parameters:
    ///   - strides: the window itself when nil.
    ///   - ceilMode: whether a last window counts that hangs over the end, as PyTorch's `ceil_mode`. Then a mask is not taken.
    ///   - countsPadding: whether explicit padding counts as zeros: PyTorch's `count_include_pad`. Nor is it then.
    public init(
        _ poolSize: Int = 2, strides: Int? = nil, padding: SequencePadding = .valid, ceilMode: Bool = false,
        countsPadding: Bool = false
    ) {
        windows = SequenceWindows(
            length: poolSize, stride: strides ?? poolSize, padding: padding, isCeiled: ceilMode,
            countsPadding: countsPadding)
    }

    public var positions: PositionUse { windows.takesMask ? .sequence : .fixed }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try windows.pooledShape(input, layer: "AveragePooling1D(\(windows.length))")
    }

    public func call(_ input: Variable) -> Variable {
        let prepared = windows.prepared(windows.takesMask ? input : input.masked(nil))
        let options = windows.poolingOptions(for: prepared)
        guard let mask = prepared.mask else { return prepared.averagePooled1D(options) }
        // A window's sum over as many positions as the sample has there.
        let tape = input.tape
        let sums = prepared.sumPooled1D(options)
        let counts = tape.constant(mask.reshaped(mask.shape.dimensions + [1])).sumPooled1D(options)
        return (sums * (1 / counts.clamped(1, .infinity)))
            .masked(windows.mask(mask, outputs: sums.shape[1])).keptWhereUnmasked
    }
}

extension SequenceWindows {
    /// Whether it is known which results a sample has alone.
    fileprivate var takesMask: Bool { !isCeiled && !countsPadding }

    fileprivate func pooledShape(_ input: Shape, layer: String) throws(ShapeError) -> Shape {
        let outputs = try outputs(input, layer: layer)
        guard padding != .causal, padding(for: input[0], isMasked: false).isBelow(length) else {
            throw ShapeError("\(layer): expected padding smaller than the window, got \(padding)")
        }
        return [outputs, input[1]]
    }

    fileprivate func poolingOptions(for input: Variable) -> PoolingOptions {
        PoolingOptions(
            window: Pair(1, length), strides: Pair(1, stride),
            padding: Padding(columns: padding(for: input.shape[1], isMasked: input.mask != nil)), ceilMode: isCeiled,
            countsPadding: countsPadding)
    }
}
