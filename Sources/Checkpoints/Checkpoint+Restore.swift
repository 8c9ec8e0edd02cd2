// From a checkpoint's files back into memory: first everything is compared with the model and the optimizer at hand,
// then copied. Resuming, evaluating and predicting call it.

import Autograd
import Foundation
import Optimizers
import Tensors

extension Checkpoint {
    /// A named piece of a flat buffer.
    typealias Piece = (name: String, shape: [Int], bytes: UnsafeMutableRawBufferPointer)

    /// Copies the weights into `parameters`, and the moments and the step into `optimizer` if given.
    ///
    /// - Throws: `CheckpointError` naming both shapes, or the missing and unexpected names, where the checkpoint is of
    ///   another model or optimizer, or damaged since it was opened; nothing has been copied then.
    package func restore(parameters: ParameterBuffer, optimizer: OptimizerState?) throws(CheckpointError) {
        let weights = Checkpoint.tensors(of: parameters)
        let model = try matched(Checkpoint.modelFile, weights, kind: "model")
        if let optimizer {
            let moments = Checkpoint.tensors(of: optimizer, parameters)
            let saved = try matched(Checkpoint.optimizerFile, moments, kind: "optimizer")
            Checkpoint.copy(saved, to: moments)
            optimizer.step = state.step
        }
        Checkpoint.copy(model, to: weights)
    }

    /// Copies the moving averages of the trainable parameters into their place.
    ///
    /// - Throws: `CheckpointError` as `restore`, and where one is missing.
    package func restoreAverages(parameters: ParameterBuffer) throws(CheckpointError) {
        try restore(parameters: parameters, optimizer: nil)
        let data = try contents(of: Checkpoint.optimizerFile)
        let found = try SafetensorsFile.decode(data, file: path + "/" + Checkpoint.optimizerFile)
        for parameter in parameters.parameters where parameter.role == .trainable {
            let name = "\(parameter.path).\(OptimizerState.averageName)"
            guard let tensor = found[name], tensor.shape == parameter.value.shape.dimensions else {
                throw CheckpointError(
                    "checkpoint \(path) has no moving average of the shape \(parameter.value.shape): \(name)",
                    .otherKind)
            }
            data.withUnsafeBytes { bytes in
                parameters.values.bytes(parameter.range).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: bytes[tensor.range]))
            }
        }
    }

    /// The hash of the weights: equal for equal weights, on any machine.
    ///
    /// - Throws: `CheckpointError` unless the files are still what state.json says.
    package func weightsFingerprint() throws(CheckpointError) -> Fingerprint {
        try Checkpoint.openFolder(path).state.fingerprint
    }

    /// Every parameter under its path, trainable ones and statistics.
    static func tensors(of parameters: ParameterBuffer) -> [Piece] {
        let pieces = parameters.parameters.map { parameter in
            (parameter.path, parameter.value.shape.dimensions, parameters.values.bytes(parameter.range))
        }
        require(Set(pieces.map(\.0)).count == pieces.count, "two parameters have the same path: \(pieces.map(\.0))")
        return pieces
    }

    /// `PATH.STATE` for each kind of state and each trainable parameter.
    static func tensors(of optimizer: OptimizerState, _ parameters: ParameterBuffer) -> [Piece] {
        zip(optimizer.names, optimizer.buffers).flatMap { name, buffer in
            require(
                buffer.count >= parameters.trainable.upperBound,
                "optimizer state \(name) has \(buffer.count) floats, the model \(parameters.trainable.upperBound)")
            return parameters.parameters.filter { $0.role == .trainable }.map { parameter in
                ("\(parameter.path).\(name)", parameter.value.shape.dimensions, buffer.bytes(parameter.range))
            }
        }
    }

    /// The file's bytes and the range of each of `wanted`, once names and shapes are the same.
    private func matched(
        _ file: String, _ wanted: [Piece], kind: String
    ) throws(CheckpointError) -> (data: Data, ranges: [Range<Int>]) {
        let data = try contents(of: file)
        let found = try SafetensorsFile.decode(data, file: path + "/" + file)
        let other = "checkpoint \(path) is of another \(kind)"
        var ranges: [Range<Int>] = []
        for piece in wanted {
            guard let tensor = found[piece.name] else { continue }
            guard tensor.shape == piece.shape else {
                throw CheckpointError(
                    "\(other): \(piece.name) has shape \(tensor.shape), the model wants \(piece.shape)")
            }
            ranges.append(tensor.range)
        }
        let names = Set(wanted.map(\.name))
        let missing = wanted.map(\.name).filter { found[$0] == nil }
        let unexpected = found.keys.filter { !names.contains($0) }.sorted()
        guard missing.isEmpty, unexpected.isEmpty else {
            let lacks = missing.isEmpty ? [] : ["it lacks \(Checkpoint.listed(missing))"]
            let extra = unexpected.isEmpty ? [] : ["it has \(Checkpoint.listed(unexpected)), unknown to the \(kind)"]
            throw CheckpointError("\(other): \((lacks + extra).joined(separator: "; "))", .otherKind)
        }
        return (data, ranges)
    }

    private static func copy(_ saved: (data: Data, ranges: [Range<Int>]), to pieces: [Piece]) {
        saved.data.withUnsafeBytes { bytes in
            for (piece, range) in zip(pieces, saved.ranges) {
                piece.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[range]))
            }
        }
    }

    /// The first few names.
    private static func listed(_ names: [String]) -> String {
        names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
    }
}
