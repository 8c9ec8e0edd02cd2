// The MNIST digits from the four files of their page; the command calls it. The same reader serves every set in
// MNIST's clothes (Fashion-MNIST, KMNIST).

import Tensors

/// 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes, Burges).
public enum MNIST {
    /// The two sets, by what their files' names begin with.
    package enum Part: String, Sendable, CaseIterable {
        case train
        case test = "t10k"

        /// The names of its files.
        package var images: String { "\(rawValue)-images-idx3-ubyte" }
        package var labels: String { "\(rawValue)-labels-idx1-ubyte" }
    }

    /// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    /// `t10k-labels-idx1-ubyte` from `directory`, under these names or similar ones, each plain or with `.gz`. Plain
    /// files are mapped.
    ///
    /// - Parameter name: what the sets are called.
    /// - Returns: training and test set, samples `[28, 28, 1]`, labels 0 ... 9.
    /// - Throws: `DatasetError` when a file is missing, damaged, or does not fit the others.
    public static func load(
        directory: String, name: String = "mnist"
    ) throws(DatasetError) -> (train: ImageDataset, test: ImageDataset) {
        _ = try files(of: Part.allCases, in: directory)
        return (
            try load(.train, directory: directory, name: name), try load(.test, directory: directory, name: name)
        )
    }

    /// Reads the two files of one set.
    package static func load(
        _ part: Part, directory: String, name: String = "mnist"
    ) throws(DatasetError) -> ImageDataset {
        let paths = try files(of: [part], in: directory)
        return try dataset(images: paths[0], labels: paths[1], name: name)
    }

    private static func dataset(images: String, labels: String, name: String) throws(DatasetError) -> ImageDataset {
        let pixels = try IDXFile(path: images, axes: 3)
        let classes = try IDXFile(path: labels, axes: 1)
        guard pixels.dimensions[1...] == [28, 28] else {
            throw DatasetError(
                "\(images) has images of \(pixels.dimensions[1]) x \(pixels.dimensions[2]) pixels, expected 28 x 28")
        }
        guard pixels.dimensions[0] == classes.dimensions[0] else {
            throw DatasetError(
                "\(images) has \(pixels.dimensions[0]) images but \(labels) has \(classes.dimensions[0]) labels; "
                    + "expected as many: are both from the same set?")
        }
        try check(classes.bytes, of: labels)
        return try ImageDataset(
            name: name, sampleShape: [28, 28, 1], samples: pixels.bytes, labels: Array(classes.bytes),
            classCount: 10)
    }

    private static func check(_ labels: SampleBytes, of path: String) throws(DatasetError) {
        guard let index = labels.firstIndex(where: { $0 > 9 }) else { return }
        let range = "\(labels.min() ?? 0) ... \(labels.max() ?? 0)"
        throw DatasetError(
            "label \(labels[index]) at index \(index) of \(path) is out of range 0 ... 9 (the file's labels are \(range)). "
                + "Supported are sets of ten classes in MNIST's format: MNIST, Fashion-MNIST, KMNIST. EMNIST's letters "
                + "and its other splits of more than ten classes are not, and EMNIST's pictures lie transposed")
    }
}
