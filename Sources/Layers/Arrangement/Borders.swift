// Layers that add zeros at the ends of sequences and images, or cut them off.

import Autograd
import Tensors

/// Zeros before and after each sequence: `[batch, positions, channels] -> [batch, before + positions + after, channels]`.
/// The equivalent of `keras.layers.ZeroPadding1D`.
public final class ZeroPadding1D: Layer {
    private let before: Int
    private let after: Int

    public init(before: Int, after: Int) { (self.before, self.after) = (before, after) }
    public convenience init(_ both: Int = 1) { self.init(before: both, after: both) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try changedEnds(input, [(before, after)], by: 1, layer: "ZeroPadding1D")
    }

    public func call(_ input: Variable) -> Variable { input.zeroPadded(axis: 1, before, after) }
}

/// Rows and columns of zeros around each image: `[batch, height, width, channels] -> [batch, top + height + bottom,
/// left + width + right, channels]`. The equivalent of `keras.layers.ZeroPadding2D`.
public final class ZeroPadding2D: Layer {
    private let top: Int
    private let bottom: Int
    private let left: Int
    private let right: Int

    public init(top: Int, bottom: Int, left: Int, right: Int) {
        (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    }
    /// As many rows above and below, and as many columns on both sides.
    public convenience init(_ both: Pair = 1) {
        self.init(top: both.height, bottom: both.height, left: both.width, right: both.width)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try changedEnds(input, [(top, bottom), (left, right)], by: 1, layer: "ZeroPadding2D")
    }

    public func call(_ input: Variable) -> Variable {
        input.zeroPadded(axis: 1, top, bottom).zeroPadded(axis: 2, left, right)
    }
}

/// Each sequence without its first and last positions: `[batch, positions, channels] -> [batch, positions - before -
/// after, channels]`. The equivalent of `keras.layers.Cropping1D`.
public final class Cropping1D: Layer {
    private let before: Int
    private let after: Int

    public init(before: Int, after: Int) { (self.before, self.after) = (before, after) }
    public convenience init(_ both: Int = 1) { self.init(before: both, after: both) }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try changedEnds(input, [(before, after)], by: -1, layer: "Cropping1D")
    }

    public func call(_ input: Variable) -> Variable { input.sliced(axis: 1, before..<(input.shape[1] - after)) }
}

/// Each image without its outer rows and columns: `[batch, height, width, channels] -> [batch, height - top - bottom,
/// width - left - right, channels]`. The equivalent of `keras.layers.Cropping2D`.
public final class Cropping2D: Layer {
    private let top: Int
    private let bottom: Int
    private let left: Int
    private let right: Int

    public init(top: Int, bottom: Int, left: Int, right: Int) {
        (self.top, self.bottom, self.left, self.right) = (top, bottom, left, right)
    }
    /// As many rows above and below, and as many columns on both sides.
    public convenience init(_ both: Pair = 0) {
        self.init(top: both.height, bottom: both.height, left: both.width, right: both.width)
    }

    public func build(_ input: Shape) throws(ShapeError) -> Shape {
        try changedEnds(input, [(top, bottom), (left, right)], by: -1, layer: "Cropping2D")
    }

    public func call(_ input: Variable) -> Variable {
        input.sliced(axis: 1, top..<(input.shape[1] - bottom)).sliced(axis: 2, left..<(input.shape[2] - right))
    }
}

/// The shape of a sample whose first axes are longer (`sign` 1) or shorter (-1) at their ends.
private func changedEnds(
    _ input: Shape, _ ends: [(Int, Int)], by sign: Int, layer: String
) throws(ShapeError) -> Shape {
    guard ends.allSatisfy({ $0 >= 0 && $1 >= 0 }) else {
        throw ShapeError("\(layer): expected numbers of 0 or more, got \(ends.map { [$0, $1] })")
    }
    guard input.rank == ends.count + 1 else {
        let axes = ends.count == 1 ? "positions" : "height, width"
        throw ShapeError("\(layer): expected input [\(axes), channels], got \(input)")
    }
    var output = input
    for (axis, (before, after)) in ends.enumerated() {
        guard input[axis] + sign * (before + after) > 0 else {
            throw ShapeError("\(layer): nothing is left of input \(input) without \(before) and \(after)")
        }
        output[axis] = input[axis] + sign * (before + after)
    }
    return output
}
