// Typed access to the options of one layer in a model file, with errors that name file and line. Read by `LayerKind`.

import Layers
import Yams

/// The options of one layer entry. Every accessor throws what is wrong with the value it was asked for.
public struct LayerOptions {
    let file: String
    let layer: String
    /// Of the layer's entry.
    let line: Int?
    let nodes: [String: Node]
    /// What layers within the layer may be.
    let registry: LayerRegistry

    /// - Parameter known: the keys the layer takes; any other is an error.
    init(
        _ mapping: Node.Mapping, known: [String], layer: String, file: String, line: Int?, registry: LayerRegistry
    ) throws(ModelFileError) {
        (self.file, self.layer, self.line, self.registry) = (file, layer, line, registry)
        var nodes: [String: Node] = [:]
        for (key, value) in mapping {
            guard let name = key.string, known.contains(name) else {
                let name = key.string ?? "?"
                let rest =
                    known.isEmpty
                    ? "; it takes none" : ModelFileError.suggestion(for: name, among: known, what: "keys of \(layer)")
                throw ModelFileError(
                    file: file, line: key.mark?.line ?? line, problem: "unknown key '\(name)' of layer \(layer)\(rest)")
            }
            nodes[name] = value
        }
        self.nodes = nodes
    }

    /// A whole number, `least` or more, and at most `most`; without a default, the key has to be there.
    public func integer(
        _ key: String, default value: Int? = nil, from least: Int = 1, to most: Int? = nil
    ) throws(ModelFileError) -> Int {
        let expected = "a whole number, " + (most.map { "\(least) to \($0)" } ?? "\(least) or more")
        if nodes[key] == nil, let value { return value }
        guard let node = nodes[key] else { throw missing(key, expected) }
        guard let value = node.int, (least...(most ?? Int(Int32.max))).contains(value) else {
            throw wrong(key, node, expected)
        }
        return value
    }

    /// Nil where the key is absent.
    package func optionalInteger(_ key: String) throws(ModelFileError) -> Int? {
        nodes[key] == nil ? nil : try integer(key)
    }

    /// A list of whole numbers, each positive or -1.
    package func lengths(_ key: String) throws(ModelFileError) -> [Int] {
        let expected = "a list of one to five lengths, positive or one of them -1, such as [7, 7, -1]"
        guard let node = nodes[key] else { throw missing(key, expected) }
        let values = node.sequence.map { $0.map(\.int) } ?? []
        let lengths = values.compactMap { $0 }
        guard
            lengths.count == values.count, (1...5).contains(lengths.count),
            lengths.allSatisfy({ $0 == -1 || (1...Int(Int32.max)).contains($0) }),
            lengths.count(where: { $0 == -1 }) <= 1
        else { throw wrong(key, node, expected) }
        return lengths
    }

    /// A number that is allowed; without a default, the key has to be there.
    ///
    /// - Parameter expected: what is, in words: `a number of 0 to 1`.
    public func number(
        _ key: String, default value: Float? = nil, expected: String, where isAllowed: (Float) -> Bool
    ) throws(ModelFileError) -> Float {
        if nodes[key] == nil, let value { return value }
        guard let node = nodes[key] else { throw missing(key, expected) }
        guard let value = node.float.map({ Float($0) }), isAllowed(value) else { throw wrong(key, node, expected) }
        return value
    }

    public func flag(_ key: String, default value: Bool) throws(ModelFileError) -> Bool {
        guard let node = nodes[key] else { return value }
        guard let flag = node.bool else { throw wrong(key, node, "true or false") }
        return flag
    }

    /// One of the names of an enumeration, e.g. of `Padding`.
    public func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default value: Choice? = nil
    ) throws(ModelFileError) -> Choice where Choice.RawValue == String {
        let names = Choice.allCases.map(\.rawValue)
        guard let node = nodes[key] else {
            if let value { return value }
            throw missing(key, "one of " + names.joined(separator: ", "))
        }
        guard let choice = node.string.flatMap(Choice.init(rawValue:)) else {
            throw wrong(key, node, "one of " + names.joined(separator: ", "))
        }
        return choice
    }

    /// A list of whole numbers, each 1 or more; with `count`, as many as that, all the same where one number is given.
    package func counts(_ key: String, each count: Int? = nil) throws(ModelFileError) -> [Int] {
        let expected =
            count.map { "one whole number, 1 or more, or a list of \($0)" }
            ?? "a list of whole numbers, 1 or more, such as [5, 12]"
        guard let node = nodes[key] else { throw missing(key, expected) }
        let allowed = 1...Int(Int32.max)
        if let count, let value = node.int, allowed.contains(value) { return Array(repeating: value, count: count) }
        let values = node.sequence?.compactMap(\.int) ?? []
        guard let found = node.sequence?.count, values.count == found, values.allSatisfy({ allowed.contains($0) }),
            found == count ?? found
        else { throw wrong(key, node, expected) }
        return values
    }

    func missing(_ key: String, _ expected: String) -> ModelFileError {
        ModelFileError(file: file, line: line, problem: "layer \(layer) needs the key '\(key)': \(expected)")
    }

    func wrong(_ key: String, _ node: Node, _ expected: String) -> ModelFileError {
        ModelFileError(
            file: file, line: node.mark?.line ?? line,
            problem: "\(key) of layer \(layer): expected \(expected), got \(node.excerpt)")
    }
}

extension Node {
    /// What was found, for messages; short lists of words and numbers in full.
    var excerpt: String {
        if let scalar { return "'\(scalar.string)'" }
        guard let sequence else { return "a mapping" }
        let words = sequence.compactMap { $0.scalar?.string }
        return words.count == sequence.count && words.count <= 8 ? "[" + words.joined(separator: ", ") + "]" : "a list"
    }
}
