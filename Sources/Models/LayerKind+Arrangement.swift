// Layers that cut, repeat and rearrange, in model files.

import Layers
import Tensors
import Yams

extension LayerKind {
    static let arrangement: [LayerKind] = [
        LayerKind("cropping1d", ["cropping"]) { (options) throws(ModelFileError) in
            let ends = try options.ends("cropping")
            return Cropping1D(before: ends.height, after: ends.width)
        },
        LayerKind("cropping2d", ["cropping"]) { (options) throws(ModelFileError) in
            let sides = try options.sides("cropping", default: 0)
            return Cropping2D(top: sides.top, bottom: sides.bottom, left: sides.left, right: sides.right)
        },
        LayerKind("permute", ["dims"]) { (options) throws(ModelFileError) in
            Permute(try options.counts("dims"))
        },
        LayerKind("repeat-vector", ["n"]) { (options) throws(ModelFileError) in
            RepeatVector(try options.integer("n"))
        },
        LayerKind("up-sampling1d", ["size"]) { (options) throws(ModelFileError) in
            UpSampling1D(try options.integer("size", default: 2))
        },
        LayerKind("up-sampling2d", ["size", "interpolation"]) { (options) throws(ModelFileError) in
            UpSampling2D(
                try options.pair("size", default: 2),
                interpolation: try options.choice("interpolation", default: .nearest))
        },
        LayerKind("zero-padding1d", ["padding"]) { (options) throws(ModelFileError) in
            let ends = try options.ends("padding")
            return ZeroPadding1D(before: ends.height, after: ends.width)
        },
        LayerKind("zero-padding2d", ["padding"]) { (options) throws(ModelFileError) in
            let sides = try options.sides("padding", default: 1)
            return ZeroPadding2D(top: sides.top, bottom: sides.bottom, left: sides.left, right: sides.right)
        },
    ]
}

extension LayerOptions {
    /// How many positions at both ends, or `[before, after]`; 1 where the key is absent.
    fileprivate func ends(_ key: String) throws(ModelFileError) -> Pair {
        guard let node = nodes[key] else { return 1 }
        guard let ends = node.pair(from: 0) else { throw wrong(key, node, "a whole number or [before, after]") }
        return ends
    }

    /// How many rows and columns on all sides.
    fileprivate func sides(
        _ key: String, default value: Int
    ) throws(ModelFileError) -> (top: Int, bottom: Int, left: Int, right: Int) {
        guard let node = nodes[key] else { return (value, value, value, value) }
        guard let sides = node.sides() else {
            throw wrong(key, node, "a whole number, [rows, columns] or [[top, bottom], [left, right]]")
        }
        return sides
    }
}
