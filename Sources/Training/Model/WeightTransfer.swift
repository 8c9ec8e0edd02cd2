// Fine-tuning: the weights of another model, of which some layers are the same.

import Autograd
import Checkpoints
import Foundation
import Streams
import Tensors

/// What of a model came from a file of weights. Layers count as a whole: one of which a parameter is missing or has another
/// shape, such as the last layer for other classes, begins anew, with its bias.
public struct WeightTransfer: Sendable, Hashable, CustomStringConvertible {
    /// The file.
    package let source: String
    /// Parameters that have the file's values.
    package let used: [String]
    /// Parameters of layers that are new, each with the reason.
    public let new: [String]
    /// What the file holds besides.
    public let unused: [String]

    /// Whether the file is of the same model.
    package var isWhole: Bool { new.isEmpty && unused.isEmpty }

    /// Three lines: how many are used, which are new, and which are not used.
    public var description: String {
        let lines = [
            "weights of \(source): \(used.count) of \(used.count + new.count) parameters used",
            "  new: " + WeightTransfer.listed(new), "  not used: " + WeightTransfer.listed(unused),
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func listed(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
}

extension Model {
    /// Reads the weights of those layers that have the names and shapes they have in a file of `save`, a checkpoint or a run's
    /// newest one, as Keras's `load_weights` does with `skip_mismatch`; others are drawn as `build` does.
    ///
    /// - Returns: which.
    /// - Throws: `TrainingError` where no layer is in the file.
    @discardableResult
    public func loadMatching(_ path: String, input: Shape) throws -> WeightTransfer {
        if Model.isFolder(path) { return try loadMatching(Checkpoint.open(path), input: input) }
        guard let data = FileManager.default.contents(atPath: expandingHome(path)) else {
            throw TrainingError("can't read the weights in \(path): no such file, or not readable")
        }
        return try transfer(data, file: path, input)
    }

    /// Reads the weights of those layers that have the names and shapes they have in a checkpoint.
    @discardableResult
    package func loadMatching(_ checkpoint: Checkpoint, input: Shape) throws -> WeightTransfer {
        let (data, file) = try checkpoint.weights()
        return try transfer(data, file: file, input)
    }

    /// Whether a path of weights is that of a run or a checkpoint, not of a file.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: expandingHome(path), isDirectory: &isFolder) && isFolder.boolValue
    }

    private func transfer(_ data: Data, file: String, _ input: Shape) throws -> WeightTransfer {
        let buffer = try buffer(input: input)
        let tensors = try SafetensorsFile.decode(data, file: file)
        func defect(_ parameter: Parameter) -> String? {
            let wanted = parameter.value.shape.dimensions
            guard let tensor = tensors[parameter.path] else { return "not in the file" }
            return tensor.shape == wanted ? nil : "the file has \(tensor.shape)"
        }
        let misfits = Set(buffer.parameters.filter { defect($0) != nil }.map(\.layerPath))
        let taken = buffer.parameters.filter { !misfits.contains($0.layerPath) }
        let new = buffer.parameters.filter { misfits.contains($0.layerPath) }.map { parameter in
            let reason = defect(parameter).map { " (\($0))" } ?? ""
            return "\(parameter.path) \(parameter.value.shape)\(reason)"
        }
        let names = Set(taken.map(\.path))
        let unused = tensors.keys.filter { !names.contains($0) }.sorted().map { "\($0) \(tensors[$0]!.shape)" }
        guard !taken.isEmpty else {
            throw TrainingError(
                "\(file) is of another model: no layer has the same name and shapes\n  the model has \(new.joined(separator: ", "))"
                    + "\n  the file has \(unused.joined(separator: ", "))")
        }
        for parameter in taken {
            data[tensors[parameter.path]!.range].withUnsafeBytes {
                buffer.values.bytes(parameter.range).copyMemory(from: $0)
            }
        }
        return WeightTransfer(source: file, used: taken.map(\.path), new: new, unused: unused)
    }
}

extension Parameter {
    /// The path of its layer, `dense_1` of `dense_1.kernel`.
    fileprivate var layerPath: String { String(path.dropLast(name.count)) }
}
