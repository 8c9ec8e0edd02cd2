// The weights of a checkpoint as the file that they are.

import Foundation

extension Checkpoint {
    /// The verified bytes of its weights, a safetensors file, and that file's path.
    package func weights() throws(CheckpointError) -> (data: Data, file: String) {
        (try contents(of: Checkpoint.modelFile), path + "/" + Checkpoint.modelFile)
    }
}
