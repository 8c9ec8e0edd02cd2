// The options of a layer's parameters in a model file: first values, penalties, constraints. Read by `LayerKind`.

import Autograd
import Yams

extension LayerOptions {
    public func initializer(_ key: String, default value: Initializer) throws(ModelFileError) -> Initializer {
        guard let node = nodes[key] else { return value }
        guard let initializer = node.string.flatMap({ name in Self.initializers.first { $0.0 == name } }) else {
            throw wrong(key, node, "one of " + Self.initializers.map(\.0).joined(separator: ", "))
        }
        return initializer.1
    }

    /// Keras's names; `uniform` with its default limits.
    private static let initializers: [(String, Initializer)] = [
        ("zeros", .zeros), ("ones", .ones), ("uniform", .uniform(-0.05, 0.05)), ("glorot-uniform", .glorotUniform),
        ("he-uniform", .heUniform), ("he-normal", .heNormal),
        ("orthogonal", .orthogonal),
    ]

    /// `{l2: 0.01}`, `{l1: 0.01}` or both; nil where the key is absent.
    public func regularizer(_ key: String) throws(ModelFileError) -> Regularizer? {
        guard let node = nodes[key] else { return nil }
        let factors = numbers(node, names: ["l1", "l2"]) { $0 >= 0 }
        guard let factors else {
            throw wrong(key, node, "factors of 0 or more, such as {l2: 0.01} or {l1: 0.001, l2: 0.01}")
        }
        return .l1l2(factors["l1"] ?? 0, factors["l2"] ?? 0)
    }

    /// `{max-norm: 3}`; nil where the key is absent.
    package func constraint(_ key: String) throws(ModelFileError) -> Constraint? {
        guard let node = nodes[key] else { return nil }
        guard let limit = numbers(node, names: ["max-norm"], where: { $0 > 0 })?["max-norm"] else {
            throw wrong(key, node, "a positive limit, such as {max-norm: 3}")
        }
        return .maxNorm(limit)
    }

    /// The finite numbers of a mapping with at least one key, all of them among `names`; nil for anything else.
    private func numbers(_ node: Node, names: [String], where isAllowed: (Float) -> Bool) -> [String: Float]? {
        guard let mapping = node.mapping, !mapping.isEmpty else { return nil }
        var result: [String: Float] = [:]
        for (name, value) in mapping {
            guard let name = name.string, names.contains(name), let number = value.float.map({ Float($0) }),
                number.isFinite, isAllowed(number)
            else { return nil }
            result[name] = number
        }
        return result
    }
}
