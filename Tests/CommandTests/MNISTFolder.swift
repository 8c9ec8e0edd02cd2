// Writes small sets in MNIST's format, whole and damaged ones, and pictures.

import Foundation

/// The four files of MNIST with made-up images.
struct MNISTFolder {
    var trainLabels = (0..<60).map { UInt8($0 % 10) }
    var testLabels = (0..<20).map { UInt8($0 % 10) }
    /// Bytes cut off the end of the training images.
    var cutBytes = 0
    /// Writes the training labels in place of the training images.
    var exchangesImagesForLabels = false

    /// Image `index` of both sets: a gradient that depends on the index.
    static func image(_ index: Int) -> [UInt8] { (0..<784).map { UInt8(($0 * (index + 3)) % 256) } }

    func write(to folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, labels) in [("train", trainLabels), ("t10k", testLabels)] {
            let labelFile = Data([0, 0, 8, 1] + MNISTFolder.bigEndian(labels.count) + labels)
            var imageFile = Data(
                [0, 0, 8, 3] + [labels.count, 28, 28].flatMap(MNISTFolder.bigEndian)
                    + labels.indices.flatMap(MNISTFolder.image))
            if name == "train" {
                if exchangesImagesForLabels { imageFile = labelFile }
                imageFile.removeLast(cutBytes)
            }
            try imageFile.write(to: URL(filePath: "\(folder)/\(name)-images-idx3-ubyte"))
            try labelFile.write(to: URL(filePath: "\(folder)/\(name)-labels-idx1-ubyte"))
        }
    }

    private static func bigEndian(_ count: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: count >> $0) }
    }
}

/// Writes a 28 x 28 picture as binary PGM.
func writePGM(_ pixels: [UInt8], to path: String) throws {
    try (Data("P5\n28 28\n255\n".utf8) + Data(pixels)).write(to: URL(filePath: path))
}
