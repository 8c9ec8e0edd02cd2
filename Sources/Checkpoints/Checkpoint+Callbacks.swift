// Weights that callbacks remember, e.g. the best ones of EarlyStopping: a third file of a checkpoint, there only where one
// does. The snapshot writes it, the training loop reads it when a run goes on.

import Autograd
import Foundation

extension Checkpoint {
    /// A safetensors file of flat arrays.
    static func encode(_ arrays: [(name: String, values: [Float])], step: Int) -> Data {
        let buffers = arrays.map { array in
            let buffer = FlatBuffer(count: array.values.count)
            _ = buffer[0..<buffer.count].update(fromContentsOf: array.values)
            return buffer
        }
        return withExtendedLifetime(buffers) {
            SafetensorsFile.encode(
                zip(arrays, buffers).map {
                    ($0.name, [$1.count], UnsafeRawBufferPointer($1.bytes(0..<$1.count)))
                }, metadata: ["format": "lockstep", "step": String(step)])
        }
    }

    /// What callbacks remember, by the names that the training loop gave them; empty where there is none.
    package func callbackWeights() throws(CheckpointError) -> [String: [Float]] {
        guard state.files[Checkpoint.callbackFile] != nil else { return [:] }
        let data = try contents(of: Checkpoint.callbackFile)
        let found = try SafetensorsFile.decode(data, file: path + "/" + Checkpoint.callbackFile)
        return found.mapValues { tensor in
            [Float](unsafeUninitializedCapacity: tensor.range.count / MemoryLayout<Float>.stride) { buffer, count in
                count = data.copyBytes(to: buffer, from: tensor.range) / MemoryLayout<Float>.stride
            }
        }
    }
}
