// What the transforms of pictures share.

import Tensors

extension Shape {
    /// Whether samples are pictures: `[height, width, channels]`.
    package var isPicture: Bool { rank == 3 }

    func noPicture(_ what: String) -> String {
        "\(what): wanted pictures [height, width, channels], got samples \(self)"
    }
}

extension Batch {
    typealias PictureSize = (height: Int, width: Int, channels: Int)

    /// The batch with inputs that `write` writes, all values of one picture `[height, width, channels]` after the other.
    func eachPicture(
        _ write: (_ index: Int, _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, PictureSize) -> Void
    ) -> Batch {
        var result = self
        let size: PictureSize = (inputs.shape[1], inputs.shape[2], inputs.shape[3])
        let count = size.height * size.width * size.channels
        let output = Tensor(uninitialized: inputs.shape, in: inputs.workspace)
        for index in 0..<inputs.shape[0] {
            write(index, UnsafePointer(inputs.pointer + index * count), output.pointer + index * count, size)
        }
        result.inputs = output
        return result
    }
}
