// CIFAR-10 and CIFAR-100 from the binary files of their page (A. Krizhevsky, 2009); the command calls it. CIFARFolder finds
// the files, and says what else is there in their place.

import Streams
import Tensors

/// 60,000 colour pictures of 32 x 32 pixels in 10 or 100 classes.
public enum CIFAR: Sendable, CaseIterable {
    case ten
    case hundred

    package enum Part: Sendable, CaseIterable { case train, test }

    static let side = 32

    package var classCount: Int { self == .ten ? 10 : 100 }
    /// `cifar10` or `cifar100`.
    package var name: String { self == .ten ? "cifar10" : "cifar100" }

    /// Bytes before a picture's: its class; of CIFAR-100 first one of 20 superclasses.
    private var labelBytes: Int { self == .ten ? 1 : 2 }
    private var recordBytes: Int { labelBytes + 3 * CIFAR.side * CIFAR.side }

    /// Reads `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, or `train.bin` and `test.bin`, from `directory` or
    /// the folder in it that the archive unpacks to, with the names of the classes where their file is there.
    ///
    /// - Returns: samples `[32, 32, 3]`, in the order of the files.
    /// - Throws: `DatasetError` when a file is missing, of another variant, or damaged.
    public func load(directory: String) throws(DatasetError) -> (train: ImageDataset, test: ImageDataset) {
        (try load(.train, directory: directory), try load(.test, directory: directory))
    }

    /// Reads the files of one part.
    package func load(_ part: Part, directory: String) throws(DatasetError) -> ImageDataset {
        let folder = try CIFARFolder(self, expandingHome(directory))
        var pixels: [UInt8] = []
        var labels: [Int32] = []
        for path in try folder.files(of: part) { try read(path, &pixels, &labels) }
        var set = try ImageDataset(
            name: name, sampleShape: [CIFAR.side, CIFAR.side, 3], samples: SampleBytes(pixels), labels: labels,
            classCount: classCount)
        set.classNames = folder.classNames
        return set
    }

    private func read(_ path: String, _ pixels: inout [UInt8], _ labels: inout [Int32]) throws(DatasetError) {
        let bytes = try SampleBytes(mappingAllOf: path)
        guard bytes.count > 0, bytes.count % recordBytes == 0 else {
            let other: CIFAR = self == .ten ? .hundred : .ten
            if bytes.count > 0, bytes.count % other.recordBytes == 0 {
                throw DatasetError("\(path) has the length of \(other.name)'s files; is it \(other.name):DIR?")
            }
            throw DatasetError(
                "\(path) has \(bytes.count) bytes, expected a multiple of \(recordBytes), \(labelBytes) for the class and "
                    + "3,072 for the picture; 10,000 pictures are \(10_000 * recordBytes). Download it again", .damaged)
        }
        let first = labels.count
        let count = bytes.count / recordBytes
        let area = CIFAR.side * CIFAR.side
        let converted = bytes.withUnsafeBufferPointer { bytes in
            for record in 0..<count { labels.append(Int32(bytes[record * recordBytes + labelBytes - 1])) }
            return [UInt8](unsafeUninitializedCapacity: count * 3 * area) { out, filled in
                for record in 0..<count {
                    // The file has one plane after the other.
                    let planes = record * recordBytes + labelBytes
                    for pixel in 0..<area {
                        for channel in 0..<3 {
                            out[(record * area + pixel) * 3 + channel] = bytes[planes + channel * area + pixel]
                        }
                    }
                }
                filled = count * 3 * area
            }
        }
        pixels += converted
        if let wrong = labels[first...].firstIndex(where: { $0 >= classCount }) {
            throw DatasetError(
                "\(path) has class \(labels[wrong]) at picture \(wrong - first), expected one below \(classCount); it is "
                    + "damaged, or no file of \(name)", .damaged)
        }
    }
}
