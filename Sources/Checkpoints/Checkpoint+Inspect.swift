// Looking at checkpoints without going on from them: where two of them differ. The command compare calls it.

import Foundation

extension Checkpoint {
    /// The first value, in the order of the files, that is not the same in `other`: the weights before the optimizer's
    /// state. nil where all bits are equal.
    ///
    /// - Returns: e.g. `dense.kernel[0, 17] is 0.25 and 0.5; 3 of 50890 values of model.safetensors differ`.
    /// - Throws: `CheckpointError` where a file is damaged.
    package func firstDifference(from other: Checkpoint) throws(CheckpointError) -> String? {
        for file in [Checkpoint.modelFile, Checkpoint.optimizerFile] {
            let (mine, theirs) = (try contents(of: file), try other.contents(of: file))
            if mine == theirs { continue }
            let tensors = try SafetensorsFile.decode(mine, file: path + "/" + file)
            let others = try SafetensorsFile.decode(theirs, file: other.path + "/" + file)
            var (first, differing, count): (String?, Int, Int) = (nil, 0, 0)
            for (name, tensor) in tensors.sorted(by: { $0.value.range.lowerBound < $1.value.range.lowerBound }) {
                guard let match = others[name], match.shape == tensor.shape else {
                    return
                        "\(name) has shape \(tensor.shape), there \(others[name].map { "\($0.shape)" } ?? "it is absent")"
                }
                let values = zip(Checkpoint.floats(mine[tensor.range]), Checkpoint.floats(theirs[match.range]))
                for (index, (value, there)) in values.enumerated() where value.bitPattern != there.bitPattern {
                    differing += 1
                    first = first ?? "\(name)\(Checkpoint.position(index, tensor.shape)) is \(value) and \(there)"
                }
                count += tensor.range.count / 4
            }
            if let first { return "\(first); \(differing) of \(count) values of \(file) differ" }
        }
        return nil
    }

    private static func floats(_ data: Data) -> [Float] {
        data.withUnsafeBytes { bytes in
            (0..<(bytes.count / 4)).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        }
    }

    /// The indices of an element, row by row.
    private static func position(_ index: Int, _ shape: [Int]) -> [Int] {
        var rest = index
        return shape.reversed().map { length in
            defer { rest /= length }
            return rest % length
        }.reversed()
    }
}
