// Walks the YAML nodes of a model file: its keys, its layers one after the other, and what they are connected with.
// ModelFileParser+Containers.swift has the elements that hold other layers.

import Layers
import Tensors
import Yams

struct ModelFileParser {
    let file: String
    let registry: LayerRegistry
    var draft = ModelDraft(inputs: nil)

    /// Keys that any layer takes.
    static let commonKeys = ["name", "inputs", "tied-to"]
    /// Elements that hold layers.
    static let containers = ["parallel", "repeat", "residual"]
    /// Repeats within repeats would fill any memory.
    static let mostLayers = 10_000
    private static let keys = ["name", "inputs", "layers", "outputs"]

    init(file: String, registry: LayerRegistry) { (self.file, self.registry) = (file, registry) }

    mutating func parse(_ text: String) throws(ModelFileError) -> (name: String, model: any Layer) {
        guard let root = try compose(text) else {
            throw ModelFileError(file: file, problem: "the file is empty; expected the keys name and layers")
        }
        guard let mapping = root.mapping else {
            throw unexpected(root, "expected a mapping with the keys name and layers")
        }
        for key in mapping.keys where !Self.keys.contains(key.string ?? "") {
            let name = key.string ?? "?"
            let rest = ModelFileError.suggestion(for: name, among: Self.keys, what: "keys")
            throw error(key, "unknown key '\(name)'\(rest)")
        }
        var name = "model"
        if let node = mapping["name"] {
            guard let text = node.scalar?.string, !text.isEmpty else { throw unexpected(node, "name: expected a word") }
            name = text
        }
        guard let layers = mapping["layers"] else { throw error(root, "the key 'layers' is missing: a list of layers") }
        guard let entries = layers.sequence, !entries.isEmpty else {
            throw unexpected(layers, "layers: expected a list of at least one layer")
        }
        draft = ModelDraft(inputs: try mapping["inputs"].map { node throws(ModelFileError) in try inputs(node) })
        let last = try append(Array(entries), after: draft.inputs.count == 1 ? 0 : nil, suffix: "")
        var outputs = [last ?? 0]
        if let node = mapping["outputs"] {
            outputs = try names(node).map { name throws(ModelFileError) in try value(name) }
        }
        if let input = draft.unusedInput(outputs: outputs) { throw error(root, "no layer takes the input '\(input)'") }
        if let unused = draft.unused(outputs: outputs) {
            throw ModelFileError(
                file: file, line: unused.line,
                problem: "no layer takes the value of '\(unused.name)', and it is not the model's output")
        }
        do { return (name, try draft.model(outputs: outputs, file: file)) } catch let problem {
            throw ModelFileError(file: file, problem: problem.description)
        }
    }

    /// `{image: [28, 28, 1], age: 1}`
    private func inputs(_ node: Node) throws(ModelFileError) -> [Graph.Input] {
        let expected = "inputs: expected names with the shapes of their samples, such as {image: [28, 28, 1], age: 1}"
        guard let mapping = node.mapping, !mapping.isEmpty else { throw unexpected(node, expected) }
        var inputs: [Graph.Input] = []
        for (key, value) in mapping {
            let lengths = value.int.map { [$0] } ?? value.sequence.map { $0.compactMap(\.int) } ?? []
            let count = value.int == nil ? value.sequence?.count ?? 0 : 1
            guard let name = key.string, Self.isName(name) else {
                throw unexpected(key, "inputs: expected \(Self.nameForm) as the name of each")
            }
            guard lengths.count == count, (1...5).contains(count),
                lengths.allSatisfy({ (1...Int(Int32.max)).contains($0) })
            else { throw unexpected(value, expected) }
            inputs.append((name, Shape(lengths)))
        }
        return inputs
    }

    // MARK: Layers

    /// Appends layers one after the other.
    ///
    /// - Parameters:
    ///   - value: what the first takes unless it says otherwise; nil where it must say.
    ///   - suffix: of the names that the file gives: layers that are repeated have others each time.
    /// - Returns: the value of the last.
    mutating func append(_ entries: [Node], after value: Int?, suffix: String) throws(ModelFileError) -> Int? {
        var value = value
        for entry in entries { value = try append(entry, after: value, suffix: suffix) }
        return value
    }

    /// `flatten` or `dense: {units: 10}`.
    private mutating func append(_ entry: Node, after previous: Int?, suffix: String) throws(ModelFileError) -> Int {
        let (name, options) = try split(entry)
        let word = name.string ?? "?"
        if Self.containers.contains(word) {
            return try appendContainer(word, name, options, after: previous, suffix: suffix)
        }
        guard let kind = registry.named(word) else {
            let known = (registry.kinds.map(\.name) + Self.containers).sorted()
            let rest = ModelFileError.suggestion(for: word, among: known, what: "layers")
            throw error(name, "unknown layer '\(word)'\(rest)")
        }
        guard let mapping = options == nil || options?.null != nil ? Node.Mapping([]) : options?.mapping else {
            throw unexpected(options ?? name, "layer \(word): expected its options as {key: value, ...}")
        }
        guard draft.calls.count < Self.mostLayers else {
            throw error(name, "expected at most \(Self.mostLayers) layers, each copy that repeat makes counted")
        }
        let layer = try layer(kind, mapping, name)
        let given = try mapping["inputs"].map { node throws(ModelFileError) in try names(node) }
        return try append(
            layer, at: name, word, inputs: given?.map { name throws(ModelFileError) in try value(name) },
            after: previous,
            name: mapping["name"], suffix: suffix, isWired: given != nil || mapping["tied-to"] != nil)
    }

    /// An element's name and what follows it.
    private func split(_ entry: Node) throws(ModelFileError) -> (name: Node, options: Node?) {
        if entry.scalar != nil { return (entry, nil) }
        guard let mapping = entry.mapping, mapping.count == 1, let (key, value) = mapping.first else {
            throw unexpected(entry, "expected a layer, such as flatten or dense: {units: 10}")
        }
        return (key, value)
    }

    /// Appends one layer; checks what it takes.
    mutating func append(
        _ layer: any Layer, at node: Node, _ word: String, inputs: [Int]?, after previous: Int?, name: Node? = nil,
        suffix: String, isWired: Bool
    ) throws(ModelFileError) -> Int {
        guard let taken = inputs ?? previous.map({ [$0] }) else {
            throw error(
                node,
                "layer \(word): say which of the model's inputs it takes, such as inputs: [\(draft.inputs[0].name)]")
        }
        if layer is any MergeLayer {
            guard taken.count >= 2 || !LayerKind.merges.contains(where: { $0.name == word }) else {
                throw error(node, "layer \(word) takes two inputs or more: name them, as in \(word): {inputs: [A, B]}")
            }
        } else if taken.count != 1 {
            throw error(
                node, "layer \(word) takes one input, got \(taken.count); join them first, with add or concatenate")
        }
        if let name, !(name.scalar.map { Self.isName($0.string) } ?? false) {
            throw unexpected(name, "name of layer \(word): expected \(Self.nameForm)")
        }
        let given = name?.scalar?.string
        guard
            let value = draft.append(
                layer, inputs: taken, name: given, suffix: suffix, line: node.mark?.line, isWired: isWired)
        else {
            throw error(name ?? node, "two layers or inputs have the name '\(given ?? word)'")
        }
        return value
    }

    /// The layer that an entry asks for, or that it is tied to.
    private func layer(_ kind: LayerKind, _ mapping: Node.Mapping, _ name: Node) throws(ModelFileError) -> any Layer {
        var own = Node.Mapping([])
        for (key, value) in mapping where !Self.commonKeys.contains(key.string ?? "") { own[key] = value }
        guard let tie = mapping["tied-to"] else {
            return try kind.make(
                LayerOptions(
                    own, known: kind.keys, layer: kind.name, file: file, line: name.mark?.line, registry: registry))
        }
        guard let partner = draft.layer(of: try value(tie)) else {
            throw unexpected(tie, "tied-to of layer \(kind.name): expected the name of a layer")
        }
        if kind.name == "dense", let embedding = partner as? Embedding {
            let options = try LayerOptions(
                own, known: ["activation", "use-bias"], layer: "dense tied to an embedding", file: file,
                line: name.mark?.line, registry: registry)
            return TiedDense(
                embedding, activation: try options.choice("activation", default: .linear),
                useBias: try options.flag("use-bias", default: true))
        }
        let type = partner.typeName
        guard kind.name.split(separator: "-").joined().lowercased() == type.lowercased() else {
            throw error(
                tie,
                "layer \(kind.name) can't be tied to '\(tie.string ?? "?")', a \(type): expected a layer of its kind, or "
                    + "a dense layer tied to an embedding")
        }
        guard own.isEmpty else {
            throw error(
                name,
                "layer \(kind.name) is tied to '\(tie.string ?? "?")', the same layer again: it has no options of its own"
            )
        }
        return partner
    }

    /// One layer within another's options, which is connected with nothing else.
    func layer(_ entry: Node) throws(ModelFileError) -> any Layer {
        let (name, options) = try split(entry)
        let word = name.string ?? "?"
        guard let kind = registry.named(word) else {
            let rest = ModelFileError.suggestion(for: word, among: registry.kinds.map(\.name), what: "layers")
            throw error(name, "unknown layer '\(word)'\(rest)")
        }
        guard let mapping = options == nil || options?.null != nil ? Node.Mapping([]) : options?.mapping else {
            throw unexpected(options ?? name, "layer \(word): expected its options as {key: value, ...}")
        }
        return try kind.make(
            LayerOptions(
                mapping, known: kind.keys, layer: word, file: file, line: name.mark?.line, registry: registry))
    }

    // MARK: Names

    private static let nameForm = "a word without dots, slashes and line ends"

    /// Whether parameters, files and lines can bear a name.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && !text.contains { $0 == "." || $0 == "/" || $0.isNewline }
            && !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// `A`, or `[A, B]`.
    private func names(_ node: Node) throws(ModelFileError) -> [Node] {
        if node.scalar != nil { return [node] }
        guard let names = node.sequence, !names.isEmpty, names.allSatisfy({ $0.scalar != nil }) else {
            throw unexpected(node, "expected the name of a layer or a list of names")
        }
        return Array(names)
    }

    /// The value of the layer or input that a node names.
    func value(_ node: Node) throws(ModelFileError) -> Int {
        let name = node.scalar?.string ?? "?"
        if let value = draft.values[name] { return value }
        let rest = ModelFileError.suggestion(for: name, among: draft.values.keys.sorted(), what: "names here")
        throw error(
            node, "no layer above has the name '\(name)': layers take inputs, or values of layers above them\(rest)")
    }

    // MARK: YAML

    private func compose(_ text: String) throws(ModelFileError) -> Node? {
        do {
            return try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw syntaxError(error)
        } catch {
            throw ModelFileError(file: file, problem: "not YAML: \(error)")
        }
    }

    private func syntaxError(_ error: YamlError) -> ModelFileError {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let place = context.map { " \($0.text) that begins on line \($0.mark.line)" } ?? ""
            return ModelFileError(file: file, line: mark.line, problem: "not YAML: \(problem)\(place)")
        case .duplicatedKeysInMapping(let keys, let context):
            let names = keys.map { "'\($0)'" }.joined(separator: ", ")
            return ModelFileError(file: file, line: context.mark.line, problem: "a mapping has a key twice: \(names)")
        default:
            return ModelFileError(file: file, problem: "not YAML: \(error)")
        }
    }

    func error(_ node: Node, _ problem: String) -> ModelFileError {
        ModelFileError(file: file, line: node.mark?.line, problem: problem)
    }

    func unexpected(_ node: Node, _ problem: String) -> ModelFileError {
        error(node, "\(problem), got \(node.excerpt)")
    }
}
