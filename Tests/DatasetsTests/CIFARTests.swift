// CIFAR's binary files, made here, and what lies in their place.

import Foundation
import Testing

import Datasets

struct CIFARTests {
    private let directory = TemporaryDirectory()

    /// Records whose pixel p of channel c of picture n is n + 3p + 101c.
    private func records(_ labels: [[UInt8]]) -> [UInt8] {
        labels.enumerated().flatMap { number, label in
            label + (0..<3072).map { UInt8(truncatingIfNeeded: number + 3 * ($0 % 1024) + 101 * ($0 / 1024)) }
        }
    }

    private func writeTen(below folder: String = "") {
        for batch in 1...5 { _ = directory.write("\(folder)data_batch_\(batch).bin", records([[UInt8(batch)], [9]])) }
        _ = directory.write("\(folder)test_batch.bin", records([[0], [5], [6]]))
    }

    @Test func planesBecomeChannels() throws {
        writeTen()
        let (train, test) = try CIFAR.ten.load(directory: directory.path)
        #expect(train.sampleShape == [32, 32, 3] && train.classCount == 10 && train.name == "cifar10")
        #expect(train.labels == [1, 9, 2, 9, 3, 9, 4, 9, 5, 9] && test.labels == [0, 5, 6])
        let sample = test.samples[3072..<3078]
        #expect(sample.elementsEqual([1, 102, 203, 4, 105, 206]))
        #expect(train.classNames == [])
    }

    @Test func theArchivesFolderAndNamesAreFound() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path + "/cifar-10-batches-bin", withIntermediateDirectories: true)
        writeTen(below: "cifar-10-batches-bin/")
        let names = (0..<10).map { "class \($0)" }
        _ = directory.write(
            "cifar-10-batches-bin/batches.meta.txt", Array((names.joined(separator: "\r\n") + "\n\n").utf8))
        #expect(try CIFAR.ten.load(.test, directory: directory.path).classNames == names)
    }

    @Test func theHundredHaveTwoLabels() throws {
        _ = directory.write("train.bin", records([[19, 99], [0, 1]]))
        _ = directory.write("test.bin", records([[3, 42]]))
        let (train, test) = try CIFAR.hundred.load(directory: directory.path)
        #expect(train.labels == [99, 1] && test.labels == [42] && test.classCount == 100)
        #expect(test.samples[0..<3].elementsEqual([0, 101, 202]))
    }

    @Test func otherVersionsAreNamed() throws {
        func expectError(_ phrases: String..., files: [String], in variant: CIFAR = .ten) throws {
            let folder = directory.path + "/\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for file in files { try Data([1]).write(to: URL(filePath: "\(folder)/\(file)")) }
            let error = #expect(throws: DatasetError.self) { try variant.load(directory: folder) }
            for phrase in phrases {
                #expect(error?.description.contains(phrase) == true, "\(phrase): \(String(describing: error))")
            }
        }
        try expectError("'test.bin' is cifar100's; name it as cifar100:DIR", files: ["test.bin", "train.bin"])
        try expectError("is cifar10's", files: ["data_batch_1.bin"], in: .hundred)
        try expectError(
            "'data_batch_1' seems to be of the version for Python", "cifar-10-binary.tar.gz", files: ["data_batch_1"])
        try expectError("version for Matlab", files: ["data_batch_1.mat"])
        try expectError("unpack 'cifar-10-binary.tar.gz' there", files: ["cifar-10-binary.tar.gz"])
        try expectError("holds no files of cifar10: expected the binary version", files: ["x.png"])
        try expectError("lacks data_batch_2.bin", files: ["data_batch_1.bin", "test_batch.bin"])
        expectDatasetError("is an archive; unpack it") { try CIFAR.ten.load(directory: "/x/cifar-10-binary.tar.gz") }
    }

    @Test func lengthsAndLabelsAreChecked() throws {
        writeTen()
        _ = directory.write("test_batch.bin", Array(records([[0], [1]]).dropLast()))
        expectDatasetError("test_batch.bin has 6145 bytes, expected a multiple of 3073") {
            try CIFAR.ten.load(.test, directory: directory.path)
        }
        _ = directory.write("test_batch.bin", records([[0, 5], [1, 7]]))
        expectDatasetError("has the length of cifar100's files") {
            try CIFAR.ten.load(.test, directory: directory.path)
        }
        _ = directory.write("test_batch.bin", records([[0], [10]]))
        expectDatasetError("has class 10 at picture 1, expected one below 10") {
            try CIFAR.ten.load(.test, directory: directory.path)
        }
        _ = directory.write("test_batch.bin", [])
        expectDatasetError("has 0 bytes") { try CIFAR.ten.load(.test, directory: directory.path) }
    }
}
