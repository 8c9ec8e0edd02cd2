// The four MNIST files: whole sets made by hand with one thing wrong each, and the real ones where they exist.

import Foundation
import Testing

import Datasets

struct MNISTTests {
    private let directory = TemporaryDirectory()

    /// Writes a set of two training and one test image, with the named files replaced.
    private func write(_ replacements: [String: [UInt8]] = [:]) {
        let image = [UInt8](repeating: 7, count: 28 * 28)
        let files = [
            "train-images-idx3-ubyte": idx([2, 28, 28], image + image), "train-labels-idx1-ubyte": idx([2], [3, 9]),
            "t10k-images-idx3-ubyte": idx([1, 28, 28], image), "t10k-labels-idx1-ubyte": idx([1], [0]),
        ]
        for (name, content) in files.merging(replacements, uniquingKeysWith: { $1 }) {
            _ = name.hasPrefix("t10k") ? directory.write(name, content) : directory.writeGzipped("\(name).gz", content)
        }
    }

    @Test func readsPlainAndGzippedFilesMixed() throws {
        write()
        let (train, test) = try MNIST.load(directory: directory.path)
        #expect(train.name == "mnist")
        #expect(train.sampleShape == [28, 28, 1])
        #expect(train.labels == [3, 9])
        #expect(Array(train.samples) == [UInt8](repeating: 7, count: 2 * 784))
        #expect(train.classCount == 10)
        #expect(test.labels == [0])
        #expect(test.samples.count == 784)
    }

    @Test func absentFilesAreNamedWithTheWayToGetThem() throws {
        write()
        try FileManager.default.removeItem(atPath: "\(directory.path)/t10k-labels-idx1-ubyte")
        try FileManager.default.removeItem(atPath: "\(directory.path)/train-images-idx3-ubyte.gz")
        expectDatasetError(
            "lacks the MNIST files train-images-idx3-ubyte, t10k-labels-idx1-ubyte (each may end in .gz)",
            "scripts/get-mnist \(directory.path)"
        ) { try MNIST.load(directory: directory.path) }
    }

    /// Kaggle's archive, torchvision's folders, other spellings.
    @Test(arguments: [
        "%.idx3-ubyte", "%-idx3-ubyte/%-idx3-ubyte", "%.idx3-ubyte/%.idx3-ubyte", "%-idx3-ubyte/%.idx3-ubyte",
        "MNIST/raw/%-idx3-ubyte", "mnist/raw/%-idx3-ubyte", "raw/%-idx3-ubyte", "%-IDX3-UBYTE", "%.IDX3-ubyte.GZ",
    ])
    func otherNames(pattern: String) throws {
        write()
        let manager = FileManager.default
        for file in try manager.contentsOfDirectory(atPath: directory.path) {
            let parts = file.split(separator: "-")
            let axes = parts[1] == "images" ? "idx3" : "idx1"
            let name = pattern.replacing("%", with: parts[..<2].joined(separator: "-"))
                .replacing("idx3", with: axes).replacing("IDX3", with: axes.uppercased())
            let path = directory.path + "/new/" + name
            try manager.createDirectory(
                atPath: URL(filePath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
            try manager.moveItem(atPath: "\(directory.path)/\(file)", toPath: path)
        }
        let (train, test) = try MNIST.load(directory: directory.path + "/new")
        #expect(train.labels == [3, 9] && test.labels == [0])
        #expect(try MNIST.load(.test, directory: directory.path + "/new/").labels == [0])
    }

    @Test func theUsualNameWinsAndSetsAreNotMixed() throws {
        write()
        _ = directory.write("t10k-labels.idx1-ubyte", idx([1], [5]))
        #expect(try MNIST.load(directory: directory.path).test.labels == [0])
        // The four of one folder belong together, though another holds two of them, too.
        let raw = directory.path + "/MNIST/raw"
        try FileManager.default.createDirectory(atPath: raw, withIntermediateDirectories: true)
        let manager = FileManager.default
        for file in try manager.contentsOfDirectory(atPath: directory.path) where file.contains("-ubyte") {
            try manager.copyItem(atPath: "\(directory.path)/\(file)", toPath: "\(raw)/\(file)")
        }
        try manager.removeItem(atPath: "\(directory.path)/train-images-idx3-ubyte.gz")
        _ = directory.write("t10k-labels-idx1-ubyte", idx([1], [7]))
        #expect(try MNIST.load(.test, directory: directory.path).labels == [0])
    }

    @Test func whatIsThereUnderOtherNamesIsTold() throws {
        let image = idx([1, 28, 28], [UInt8](repeating: 7, count: 784))
        _ = directory.write("emnist-letters-train-images-idx3-ubyte", image)
        _ = directory.write("notes.txt", [65])
        expectDatasetError(
            "lacks the MNIST files train-images", "it holds emnist-letters-train-images-idx3-ubyte, which"
        ) {
            try MNIST.load(directory: directory.path)
        }
        expectDatasetError("/none lacks the MNIST files", "there is no such folder") {
            try MNIST.load(directory: directory.path + "/none")
        }
        expectDatasetError("it is a file, expected their folder") {
            try MNIST.load(directory: directory.path + "/notes.txt")
        }
    }

    @Test func otherImageSize() {
        write(["t10k-images-idx3-ubyte": idx([1, 4, 2], [UInt8](repeating: 0, count: 8))])
        expectDatasetError("t10k-images-idx3-ubyte has images of 4 x 2 pixels, expected 28 x 28") {
            try MNIST.load(directory: directory.path)
        }
    }

    @Test func countsThatDiffer() {
        write(["train-labels-idx1-ubyte": idx([3], [1, 2, 3])])
        expectDatasetError("train-images-idx3-ubyte.gz has 2 images but", "train-labels-idx1-ubyte.gz has 3 labels") {
            try MNIST.load(directory: directory.path)
        }
    }

    @Test func labelOutOfRange() {
        write(["train-labels-idx1-ubyte": idx([2], [9, 10])])
        expectDatasetError(
            "label 10 at index 1 of \(directory.path)/train-labels-idx1-ubyte.gz is out of range 0 ... 9 (the file"
        ) { try MNIST.load(directory: directory.path) }
    }

    @Test func exchangedFiles() {
        write(["t10k-images-idx3-ubyte": idx([1], [0])])
        expectDatasetError("t10k-images-idx3-ubyte is a label file (IDX1), expected an image file (IDX3)") {
            try MNIST.load(directory: directory.path)
        }
    }

    @Test(.enabled(if: RealData.mnist != nil, RealData.hint))
    func realData() throws {
        let (train, test) = try MNIST.load(directory: #require(RealData.mnist))
        #expect(train.count == 60_000 && train.samples.count == 60_000 * 784)
        #expect(test.count == 10_000 && test.samples.count == 10_000 * 784)
        #expect(train.labels.prefix(10) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
        #expect(test.labels.prefix(10) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        // The published means, 0.1307 and 0.1325 of 255, and the first ink of the first 5.
        let mean = { (set: ImageDataset) in
            Double(set.samples.reduce(0) { $0 + Int($1) }) / Double(set.samples.count) / 255
        }
        #expect(abs(mean(train) - 0.1307) < 0.0001)
        #expect(abs(mean(test) - 0.1325) < 0.0001)
        #expect(Array(train.samples[152..<160]) == [3, 18, 18, 18, 126, 136, 175, 26])
    }
}

/// `scripts/get-mnist` against a mirror on the disk.
struct GetMNISTTests {
    private let directory = TemporaryDirectory()

    private func run(mirror: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = RealData.repository.appendingPathComponent("scripts/get-mnist")
        process.arguments = [directory.path]
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["LOCKSTEP_MNIST_MIRROR": "file://\(mirror)"], uniquingKeysWith: { $1 })
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }

    @Test(.enabled(if: RealData.mnist != nil, RealData.hint))
    func downloadsOnceAndRepairs() throws {
        let mirror = try #require(RealData.mnist)
        #expect(try run(mirror: mirror).status == 0)
        _ = directory.write("t10k-labels-idx1-ubyte.gz", [1, 2, 3])
        let again = try run(mirror: mirror)
        #expect(again.status == 0)
        #expect(again.output.contains("train-images-idx3-ubyte is already there"))
        #expect(again.output.contains("t10k-labels-idx1-ubyte.gz from file://"))
        #expect(try MNIST.load(directory: directory.path).test.count == 10_000)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 4)
    }

    @Test func leavesNothingOfAWrongOrAbsentFile() throws {
        let mirror = TemporaryDirectory()
        #expect(try run(mirror: mirror.path).status == 1)
        _ = mirror.writeGzipped("train-images-idx3-ubyte.gz", idx([1, 1, 1], [0]))
        let (status, output) = try run(mirror: mirror.path)
        #expect(status == 1)
        #expect(output.contains("has the wrong content there"))
        #expect(output.contains("Check the network"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }
}
