// The elements of a model file that hold other layers: `residual`, `parallel` and `repeat`. They are written out: what
// they hold become layers of the model like any other.

import Layers
import Yams

extension ModelFileParser {
    /// - Returns: the value of the last layer.
    mutating func appendContainer(
        _ word: String, _ name: Node, _ options: Node?, after previous: Int?, suffix: String
    ) throws(ModelFileError) -> Int {
        guard let start = previous else {
            throw error(
                name,
                "\(word): begins with the value before it, and there is none: put a layer that names its inputs "
                    + "above")
        }
        switch word {
        case "residual": return try appendResidual(name, options, after: start, suffix: suffix)
        case "parallel": return try appendParallel(name, options, after: start, suffix: suffix)
        default: return try appendRepeated(name, options, after: start, suffix: suffix)
        }
    }

    /// `residual: [layers]` or `residual: {layers: [...], shortcut: [...]}`: what the layers make of a value, plus the
    /// value, which goes through the layers of the shortcut where its shape changes.
    private mutating func appendResidual(
        _ name: Node, _ options: Node?, after start: Int, suffix: String
    ) throws(ModelFileError) -> Int {
        var layers = options
        var shortcut: [Node] = []
        var own: Node?
        if options?.mapping != nil {
            let mapping = try keys(options, of: "residual", name, ["layers", "shortcut", "name"])
            (layers, own) = (mapping["layers"], mapping["name"])
            if let node = mapping["shortcut"] { shortcut = try list(node, name, "residual: shortcut") }
        }
        let inner = try list(layers, name, "residual: layers")
        let end = try append(inner, after: start, suffix: suffix) ?? start
        let other = try append(shortcut, after: start, suffix: suffix) ?? start
        return try append(
            Add(), at: name, "residual", inputs: [end, other], after: nil, name: own, suffix: suffix, isWired: true)
    }

    /// `parallel: {branches: [[...], [...]], merge: concatenate}`: each branch begins with the same value; an empty one
    /// hands it on.
    private mutating func appendParallel(
        _ name: Node, _ options: Node?, after start: Int, suffix: String
    ) throws(ModelFileError) -> Int {
        let mapping = try keys(options, of: "parallel", name, ["branches", "merge", "name"])
        let branches = try list(mapping["branches"], name, "parallel: branches")
        guard branches.count >= 2 else {
            throw error(name, "parallel: expected two branches or more, each a list of layers")
        }
        var ends: [Int] = []
        for branch in branches {
            guard let layers = branch.sequence else {
                throw unexpected(branch, "parallel: expected each branch as a list of layers")
            }
            ends.append(try append(Array(layers), after: start, suffix: suffix) ?? start)
        }
        return try append(
            try merge(mapping["merge"], name), at: name, "parallel", inputs: ends, after: nil, name: mapping["name"],
            suffix: suffix, isWired: true)
    }

    /// `add`, or `concatenate: {axis: 1}`; concatenation along the last axis where nothing is said.
    private func merge(_ node: Node?, _ container: Node) throws(ModelFileError) -> any Layer {
        guard let node else { return Concatenate() }
        let word = node.scalar?.string ?? node.mapping?.first?.key.string ?? "?"
        let known = LayerKind.merges
        guard let kind = known.first(where: { $0.name == word }), node.mapping?.count ?? 1 == 1 else {
            let rest = ModelFileError.suggestion(for: word, among: known.map(\.name), what: "merges")
            throw error(node, "parallel: '\(word)' is no merge\(rest)")
        }
        let given = node.mapping?.first?.value
        guard let options = given == nil || given?.null != nil ? Node.Mapping([]) : given?.mapping else {
            throw unexpected(given ?? node, "parallel: expected the options of \(word) as {key: value, ...}")
        }
        return try kind.make(
            LayerOptions(
                options, known: kind.keys, layer: kind.name, file: file, line: node.mark?.line, registry: registry))
    }

    /// `repeat: {times: 3, layers: [...]}`: that many copies one after the other, each with weights of its own. Names
    /// within a copy are known within it; the copies of layer `a` are `a`, `a_1`, `a_2`. The `name` of all is that of the
    /// last one's value.
    private mutating func appendRepeated(
        _ name: Node, _ options: Node?, after start: Int, suffix: String
    ) throws(ModelFileError) -> Int {
        let mapping = try keys(options, of: "repeat", name, ["times", "layers", "name"])
        guard let times = mapping["times"]?.int, (1...1000).contains(times) else {
            throw unexpected(mapping["times"] ?? name, "repeat: expected times, a whole number of 1 to 1000")
        }
        let layers = try list(mapping["layers"], name, "repeat: layers")
        var value = start
        for copy in 0..<times {
            let known = draft.values
            value = try append(layers, after: value, suffix: copy == 0 ? suffix : "\(suffix)_\(copy)") ?? value
            draft.forget(allBut: known)
        }
        if let own = mapping["name"] {
            guard let word = own.scalar?.string, draft.call(value, word + suffix, as: word) else {
                throw unexpected(own, "repeat: expected a name of its own")
            }
        }
        return value
    }

    private func keys(
        _ options: Node?, of container: String, _ name: Node, _ known: [String]
    ) throws(ModelFileError) -> Node.Mapping {
        guard let mapping = options?.mapping else {
            throw error(
                name,
                "\(container): expected its parts as {key: value, ...}, with the keys \(known.joined(separator: ", "))")
        }
        for key in mapping.keys where !known.contains(key.string ?? "") {
            let word = key.string ?? "?"
            throw error(
                key,
                "unknown key '\(word)' of \(container)"
                    + ModelFileError.suggestion(for: word, among: known, what: "keys of \(container)"))
        }
        return mapping
    }

    private func list(_ node: Node?, _ container: Node, _ what: String) throws(ModelFileError) -> [Node] {
        guard let sequence = node?.sequence, !sequence.isEmpty else {
            throw error(node ?? container, "\(what): expected a list of at least one layer")
        }
        return Array(sequence)
    }
}
