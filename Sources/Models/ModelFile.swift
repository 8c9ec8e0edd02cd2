// A model described in YAML instead of Swift. Reads the file and makes the layers; the options are `LayerKind`'s.

import Foundation
import Layers
import Streams
import Yams

/// A model described by a YAML text:
///
///     name: my-cnn
///     layers:
///       - conv2d: {filters: 32, kernel-size: 3, activation: relu}
///       - max-pooling2d: {pool-size: 2}
///       - flatten
///       - dropout: {rate: 0.25}
///       - dense: {units: 10, activation: softmax}
///
/// A layer without options is written by its name alone. Keys are those of the layers' initialisers in kebab case. Any
/// layer may say of which it takes its input, `inputs: [A, B]`, and `name`, `tied-to` and the containers `residual`,
/// `parallel` and `repeat` make graphs; docs/models.md has them all.
public struct ModelFile: Sendable {
    /// The model's name; `model` where the file gives none.
    package let name: String
    /// Freshly made, not yet built: a `Sequential` of layers in a row without names of their own, else a `Graph`.
    public let model: any Layer

    /// Reads and parses the file at `path`.
    ///
    /// - Parameter layers: what the file may name.
    /// - Throws: `ModelFileError` with file and line.
    public init(path: String, layers: LayerRegistry = .standard) throws(ModelFileError) {
        try self.init(text: ModelFile.read(path), file: path, layers: layers)
    }

    /// - Parameter file: what errors call the text.
    public init(text: String, file: String = "model", layers: LayerRegistry = .standard) throws(ModelFileError) {
        var parser = ModelFileParser(file: file, registry: layers)
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
