// The options of a layer's parameters in a model file: first values, penalties, constraints. Read by `LayerKind`.

import Autograd
import Yams

extension LayerOptions {
    public func initializer(_ key: String, default value: Initializer) throws(ModelFileError) -> Initializer {
        guard let node = nodes[key] else { return value }
        if let named = node.string.flatMap({ name in Self.initializers.first { $0.0 == name } }) { return named.1 }
        if let value = numbers(node, names: ["constant"], where: { _ in true })?["constant"] { return .constant(value) }
        if let value = numbers(node, names: ["normal"], where: { $0 >= 0 })?["normal"] { return .normal(value) }
        throw wrong(
            key, node,
            "one of " + Self.initializers.map(\.0).joined(separator: ", ") + ", or {constant: 0.1} or {normal: 0.05}")
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

    /// `non-negative`, `unit-norm`, `{max-norm: 3}` or `{min-norm: 0.5, max-norm: 1, rate: 1}`; nil where the key is absent.
    package func constraint(_ key: String) throws(ModelFileError) -> Constraint? {
        guard let node = nodes[key] else { return nil }
        switch node.scalar?.string {
        case "non-negative": return .nonNegative
        case "unit-norm": return .unitNorm
        default: break
        }
        let limits = numbers(node, names: ["min-norm", "max-norm", "rate"]) { $0 >= 0 }
        guard let limits, let most = limits["max-norm"], most > 0, limits["min-norm"] ?? 0 <= most,
            limits["rate"] ?? 1 <= 1
        else {
            throw wrong(
                key, node,
                "non-negative, unit-norm, {max-norm: 3} or {min-norm: 0.5, max-norm: 1, rate: 1}, with positive limits and "
                    + "a rate of at most 1")
        }
        return limits.count == 1
            ? .maxNorm(most) : .minMaxNorm(limits["min-norm"] ?? 0, most, rate: limits["rate"] ?? 1)
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
