// Weights alone, as one safetensors file: what `Model.save` and the ModelCheckpoint callback write.

import Autograd
import Checkpoints
import Foundation
import Streams

extension ParameterBuffer {
    /// Writes all parameters to `path`, durably, complete or not at all.
    func save(_ path: String) throws(TrainingError) {
        let tensors = parameters.map {
            ($0.path, $0.value.shape.dimensions, UnsafeRawBufferPointer(values.bytes($0.range)))
        }
        let data = SafetensorsFile.encode(tensors, metadata: ["format": "lockstep"])
        do {
            try DurableFile.replace(path, data)
        } catch {
            throw TrainingError("can't write the weights to \(path): \(error)")
        }
    }

    /// Reads all parameters from `path`; nothing is changed unless names and shapes all fit.
    func load(_ path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrainingError("can't read the weights in \(path): no such file, or not readable")
        }
        let tensors = try SafetensorsFile.decode(data, file: path)
        for parameter in parameters {
            let expected = parameter.value.shape.dimensions
            guard let tensor = tensors[parameter.path] else {
                throw TrainingError("\(path) has no tensor \(parameter.path); it holds \(tensors.keys.sorted())")
            }
            guard tensor.shape == expected else {
                throw TrainingError("\(path): \(parameter.path) has shape \(tensor.shape), the model wants \(expected)")
            }
        }
        for parameter in parameters {
            data[tensors[parameter.path]!.range].withUnsafeBytes { values.bytes(parameter.range).copyMemory(from: $0) }
        }
    }
}

extension WeightsAccess {
    /// - Parameter step: its parameters may be elsewhere in memory later.
    init(_ step: TrainingStep) {
        let reducer = step.reducer
        func copy() -> [Float] { Array(reducer.parameters.values[reducer.parameters.all]) }
        func restore(_ values: [Float]) {
            _ = reducer.parameters.values[reducer.parameters.all].update(fromContentsOf: values)
        }
        self.init(
            copy: copy, restore: restore, copyJudged: { try step.withAverages(copy) },
            restoreJudged: {
                restore($0)
                guard let average = step.state.average else { return }
                let trainable = reducer.parameters.trainable
                _ = average[trainable].update(fromContentsOf: reducer.parameters.values[trainable])
            }, save: { try reducer.parameters.save($0) }, fingerprint: { reducer.parameters.fingerprint })
    }
}
