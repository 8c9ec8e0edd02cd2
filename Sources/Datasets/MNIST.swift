// The MNIST digits from the four files of their page; the command calls it. The same reader serves every set in
// MNIST's clothes (Fashion-MNIST, KMNIST).

import Tensors

/// 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes, Burges).
public enum MNIST {
    /// Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
    /// `t10k-labels-idx1-ubyte` from `directory`, each plain or with `.gz`.
    ///
    /// - Returns: training and test set, samples `[28, 28, 1]`, labels 0 ... 9.
    /// - Throws: `DatasetError` when a file is missing, damaged, or does not fit the others.
    public static func load(directory: String) throws(DatasetError) -> (train: Dataset, test: Dataset) {
        let paths = try locate(
            ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"],
            in: directory)
        return (try dataset(images: paths[0], labels: paths[1]), try dataset(images: paths[2], labels: paths[3]))
    }

    /// The path of each of `names`, plain or gzipped; an error that lists all the absent ones.
    private static func locate(_ names: [String], in directory: String) throws(DatasetError) -> [String] {
        let found = names.map { name in
            ["\(directory)/\(name)", "\(directory)/\(name).gz"].first { GzipFile.exists(path: $0) }
        }
        let absent = zip(names, found).filter { $0.1 == nil }.map(\.0)
        guard absent.isEmpty else {
            throw DatasetError(
                "\(directory) lacks the MNIST files \(absent.joined(separator: ", ")) (each may end in .gz); "
                    + "to download them: scripts/get-mnist \(directory)")
        }
        return found.compactMap { $0 }
    }

    private static func dataset(images: String, labels: String) throws(DatasetError) -> Dataset {
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
        if let index = classes.bytes.firstIndex(where: { $0 > 9 }) {
            throw DatasetError("label \(classes.bytes[index]) at index \(index) of \(labels) is out of range 0...9")
        }
        return Dataset(
            name: "mnist", sampleShape: [28, 28, 1], samples: pixels.bytes, labels: classes.bytes, classCount: 10)
    }
}
