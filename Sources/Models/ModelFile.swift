// A model described in YAML instead of Swift. Reads the file and makes the layers; the options are `LayerKind`'s.

import Foundation
import Layers
import Streams
import Yams

/// A `Sequential` described by a YAML text:
///
///     name: my-cnn
///     layers:
///       - conv2d: {filters: 32, kernel-size: 3, activation: relu}
///       - max-pooling2d: {pool-size: 2}
///       - flatten
///       - dropout: {rate: 0.25}
///       - dense: {units: 10, activation: softmax}
///
/// A layer without options is written by its name alone. Keys are those of the layers' initialisers in kebab case.
package struct ModelFile: Sendable {
    /// The model's name; `model` where the file gives none.
    package let name: String
    /// Freshly made, not yet built.
    package let model: Sequential

    /// Reads and parses the file at `path`.
    package init(path: String) throws(ModelFileError) {
        try self.init(text: ModelFile.read(path), file: path)
    }

    /// - Parameter file: what errors call the text.
    package init(text: String, file: String = "model") throws(ModelFileError) {
        let parser = ModelFileParser(file: file)
        (name, model) = try parser.parse(text)
    }

    /// The text of the file at `path`.
    static func read(_ path: String) throws(ModelFileError) -> String {
        let place = expandingHome(path)
        let bytes: [UInt8]
        do { bytes = try FileBytes.read(place) } catch {
            var isFolder: ObjCBool = false
            let exists = FileManager.default.fileExists(atPath: place, isDirectory: &isFolder)
            let problem =
                isFolder.boolValue
                ? "a folder; expected a model's name or a model file, such as ./cnn.yaml"
                : exists ? "can't read the model file: \(error)" : "no such model file"
            throw ModelFileError(file: path, problem: problem)
        }
        do { return try Text.decode(bytes, file: path) } catch {
            throw ModelFileError(file: path, line: error.line, problem: error.problem)
        }
    }
}

/// Walks the YAML nodes of one file.
struct ModelFileParser {
    let file: String

    func parse(_ text: String) throws(ModelFileError) -> (name: String, model: Sequential) {
        guard let root = try compose(text) else {
            throw ModelFileError(file: file, problem: "the file is empty; expected the keys name and layers")
        }
        guard let mapping = root.mapping else {
            throw unexpected(root, "expected a mapping with the keys name and layers")
        }
        for key in mapping.keys where !["name", "layers"].contains(key.string) {
            let name = key.string ?? "?"
            let rest = ModelFileError.suggestion(for: name, among: ["name", "layers"], what: "keys")
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
        var made: [any Layer] = []
        for entry in entries { made.append(try layer(entry)) }
        return (name, Sequential(made))
    }

    /// `flatten` or `dense: {units: 10}`.
    func layer(_ entry: Node) throws(ModelFileError) -> any Layer {
        let name: Node
        var options = Node.Mapping([])
        if entry.scalar != nil {
            name = entry
        } else if let mapping = entry.mapping, mapping.count == 1, let (key, value) = mapping.first {
            name = key
            if let given = value.mapping {
                options = given
            } else if value.null == nil {
                throw unexpected(value, "layer \(key.string ?? "?"): expected its options as {key: value, ...}")
            }
        } else {
            throw unexpected(entry, "expected a layer, such as flatten or dense: {units: 10}")
        }
        guard let kind = name.string.flatMap(LayerKind.named) else {
            let rest = ModelFileError.suggestion(
                for: name.string ?? "", among: LayerKind.all.map(\.name), what: "layers")
            throw error(name, "unknown layer '\(name.string ?? "?")'\(rest)")
        }
        return try kind.make(
            LayerOptions(options, known: kind.keys, layer: kind.name, file: file, line: name.mark?.line))
    }

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

    private func error(_ node: Node, _ problem: String) -> ModelFileError {
        ModelFileError(file: file, line: node.mark?.line, problem: problem)
    }

    private func unexpected(_ node: Node, _ problem: String) -> ModelFileError {
        error(node, "\(problem), got \(node.excerpt)")
    }
}
