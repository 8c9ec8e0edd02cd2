// Which model a run trains, as configurations and checkpoints store it.

import Layers

/// A model by name, or by the text of its file, so that a run folder needs no other file to be resumed.
package enum ModelDescription: Sendable, Hashable, Codable {
    case named(NamedModel)
    /// The text of a model file.
    case file(text: String)

    /// - Parameters:
    ///   - nameOrPath: a built-in model's name, else the path of a model file, which is read and checked.
    ///   - sample: the shape of a sample, for models that fit any data.
    ///   - classes: how many are to be told apart, for these.
    /// - Throws: `ModelFileError` when it is neither, or the file is wrong.
    package init(_ nameOrPath: String, sample: [Int] = [32, 32, 3], classes: Int = 10) throws(ModelFileError) {
        if let model = NamedModel(rawValue: nameOrPath) {
            self = .named(model)
            return
        }
        if let model = FittedModel(rawValue: nameOrPath) {
            let output: AutomaticModel.Output =
                model == .autoencoder ? .inputs(sample, arePixels: true) : .classes(classes)
            self = .file(text: try model.text(.samples(sample), output))
            return
        }
        let looksLikePath = nameOrPath.contains("/") || nameOrPath.contains(".")
        if !looksLikePath {
            let known = ModelDescription.names
            let rest = ModelFileError.suggestion(for: nameOrPath, among: known, what: "models")
            throw ModelFileError(
                file: nameOrPath, problem: "no model of this name\(rest), or a file such as ./cnn.yaml")
        }
        let text = try ModelFile.read(nameOrPath)
        _ = try ModelFile(text: text, file: nameOrPath)
        self = .file(text: text)
    }

    /// The names of all built-in models.
    package static var names: [String] { NamedModel.allCases.map(\.rawValue) + FittedModel.allCases.map(\.rawValue) }

    /// The model's name, for reports.
    package var name: String {
        get throws(ModelFileError) {
            switch self {
            case .named(let model): model.rawValue
            case .file(let text): try ModelFile(text: text).name
            }
        }
    }

    /// A fresh model, not yet built.
    ///
    /// - Parameter file: what errors call the model's file.
    package func makeModel(file: String = "model") throws(ModelFileError) -> any Layer {
        switch self {
        case .named(let model): model.makeModel()
        case .file(let text): try ModelFile(text: text, file: file).model
        }
    }
}
