// Layers of several inputs in model files.

import Layers

extension LayerKind {
    static let merges: [LayerKind] = [
        LayerKind("add") { (_) throws(ModelFileError) in Add() },
        LayerKind("average") { (_) throws(ModelFileError) in Average() },
        LayerKind("concatenate", ["axis"]) { (options) throws(ModelFileError) in
            Concatenate(axis: try options.axis("axis", default: -1))
        },
        LayerKind("dot", ["axis", "normalize"]) { (options) throws(ModelFileError) in
            let axes = try options.axes()
            guard axes.count <= 2 else {
                throw options.wrong("axis", options.nodes["axis"]!, "one axis, or one of each input")
            }
            return Dot(axes: (axes[0], axes[axes.count - 1]), normalize: try options.flag("normalize", default: false))
        },
        LayerKind("maximum") { (_) throws(ModelFileError) in Maximum() },
        LayerKind("minimum") { (_) throws(ModelFileError) in Minimum() },
        LayerKind("multiply") { (_) throws(ModelFileError) in Multiply() },
        LayerKind("subtract") { (_) throws(ModelFileError) in Subtract() },
    ]
}

extension LayerOptions {
    /// An axis of the samples: from 1 on, or from the end, -1 and below.
    func axis(_ key: String, default value: Int) throws(ModelFileError) -> Int {
        guard let node = nodes[key] else { return value }
        guard let axis = node.int, axis != 0, (-8...8).contains(axis) else {
            throw wrong(key, node, "an axis of the samples: 1, 2, ... from the first or -1, -2, ... from the last")
        }
        return axis
    }
}
