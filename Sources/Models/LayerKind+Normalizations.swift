// Normalisations in model files.

import Autograd
import Layers
import Tensors

extension LayerKind {
    static let normalizations: [LayerKind] = [
        LayerKind(
            "batch-normalization", ["axis", "momentum", "epsilon", "center", "scale"]
        ) { (options) throws(ModelFileError) in
            BatchNormalization(
                axis: try options.axis(),
                momentum: try options.number("momentum", default: 0.99, expected: "a number in 0 ... 1") {
                    $0 >= 0 && $0 <= 1
                },
                epsilon: try options.epsilon(), center: try options.flag("center", default: true),
                scale: try options.flag("scale", default: true))
        },
        LayerKind(
            "group-normalization", ["groups", "axis", "epsilon", "center", "scale"]
        ) { (options) throws(ModelFileError) in
            GroupNormalization(
                groups: try options.integer("groups", default: 32, from: -1), axis: try options.axis(),
                epsilon: try options.epsilon(), center: try options.flag("center", default: true),
                scale: try options.flag("scale", default: true))
        },
        LayerKind(
            "layer-normalization", ["axis", "epsilon", "center", "scale"]
        ) { (options) throws(ModelFileError) in
            LayerNormalization(
                axes: try options.axes(), epsilon: try options.epsilon(),
                center: try options.flag("center", default: true), scale: try options.flag("scale", default: true))
        },
        LayerKind("normalization", ["mean", "variance", "axis", "invert"]) { (options) throws(ModelFileError) in
            Normalization(
                mean: try options.numbers("mean"), variance: try options.numbers("variance", from: 0),
                axes: try options.axes(), invert: try options.flag("invert", default: false))
        },
        LayerKind("rescaling", ["scale", "offset"]) { (options) throws(ModelFileError) in
            Rescaling(
                try options.numbers("scale"),
                offset: options.nodes["offset"] == nil ? [0] : try options.numbers("offset"))
        },
        LayerKind("rms-normalization", ["axis", "epsilon"]) { (options) throws(ModelFileError) in
            RMSNormalization(axes: try options.axes(), epsilon: try options.epsilon(default: 1e-6))
        },
        LayerKind("unit-normalization", ["axis"]) { (options) throws(ModelFileError) in
            UnitNormalization(axes: try options.axes())
        },
    ]
}

extension LayerOptions {
    /// An axis of a batch, 1 the first of a sample, or from -1 back.
    func axis(_ key: String = "axis") throws(ModelFileError) -> Int {
        let axes = try axes(key)
        guard axes.count == 1 else { throw wrong(key, nodes[key]!, "one axis, such as 1 or -1") }
        return axes[0]
    }

    /// An axis or a list of them; -1, the last, where the key is absent.
    func axes(_ key: String = "axis", default value: [Int] = [-1]) throws(ModelFileError) -> [Int] {
        guard let node = nodes[key] else { return value }
        let axes = node.int.map { [$0] } ?? node.sequence?.compactMap(\.int) ?? []
        let allowed = -Shape.maximumRank..<Shape.maximumRank
        guard !axes.isEmpty, axes.count == node.sequence?.count ?? 1,
            axes.allSatisfy({ allowed.contains($0) && $0 != 0 })
        else { throw wrong(key, node, "an axis of a sample, 1 the first and -1 the last, or a list of them") }
        return axes
    }

    /// A number or a list of them.
    func numbers(_ key: String, from least: Float = -.infinity) throws(ModelFileError) -> [Float] {
        let expected = "a number\(least == 0 ? " of 0 or more" : ""), or a list of one for each channel"
        guard let node = nodes[key] else { throw missing(key, expected) }
        let numbers = (node.scalar != nil ? [node.float] : node.sequence.map { $0.map(\.float) } ?? []).compactMap {
            $0
        }
        .map { Float($0) }
        guard !numbers.isEmpty, numbers.count == node.sequence?.count ?? 1,
            numbers.allSatisfy({ $0 >= least && $0.isFinite })
        else { throw wrong(key, node, expected) }
        return numbers
    }
}
