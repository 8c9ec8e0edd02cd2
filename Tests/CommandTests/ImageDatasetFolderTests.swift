// Pictures in folders for programs: `ImageDataset.load(folder:)`.

import Foundation
import Lockstep
import TestSupport
import Testing

@Suite struct ImageDatasetFolderTests {
    /// A PGM file of one grey.
    private func write(_ grey: UInt8, side: Int, to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        let data = Data("P5\n\(side) \(side)\n255\n".utf8) + Data(repeating: grey, count: side * side)
        try data.write(to: URL(filePath: path))
    }

    /// Two classes of ten pictures of 4 x 4, grey 10 ... 19 and 200 ... 209.
    private func draw(_ folder: String) throws {
        for index in 0..<10 {
            try write(UInt8(10 + index), side: 4, to: "\(folder)/dark/\(index).pgm")
            try write(UInt8(200 + index), side: 4, to: "\(folder)/light/\(index).pgm")
        }
    }

    @Test func aFolderOfClassesIsDividedByClass() throws {
        try withTemporaryFolder { folder in
            try draw(folder + "/data")
            let whole = try ImageDataset.load(folder: folder + "/data")
            #expect(whole.validation == nil && whole.test == nil)
            #expect(whole.train.count == 20 && whole.train.input.shape == [4, 4, 1])
            #expect(whole.train.target.classNames == ["dark", "light"])
            let light = try whole.train[10..<11].inputs.scalars
            #expect(light.count == 16 && light.allSatisfy { abs($0 - 200.0 / 255) < 1e-6 })
            let parts = try ImageDataset.load(
                folder: folder + "/data", size: (2, 6), channels: 3, validationSplit: 0.2, seed: 5)
            let validation = try #require(parts.validation)
            #expect(parts.train.count == 16 && parts.train.input.shape == [2, 6, 3])
            #expect((0..<4).map { validation.classNumber(of: $0) } == [0, 0, 1, 1])
            let again = try ImageDataset.load(
                folder: folder + "/data", size: (2, 6), channels: 3, validationSplit: 0.2, seed: 5)
            #expect(again.train.fingerprint == parts.train.fingerprint)
            let other = try ImageDataset.load(
                folder: folder + "/data", size: (2, 6), channels: 3, validationSplit: 0.2, seed: 6)
            #expect(other.train.fingerprint != parts.train.fingerprint)
        }
    }

    @Test func decodedPixelsAreKeptInTheCache() throws {
        try withTemporaryFolder { folder in
            try draw(folder + "/data/train")
            try write(12, side: 9, to: folder + "/data/val/dark/0.pgm")
            try write(13, side: 9, to: folder + "/data/test/light/0.pgm")
            let plain = try ImageDataset.load(folder: folder + "/data")
            let cached = try ImageDataset.load(folder: folder + "/data", cache: folder + "/cache")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/cache")
            #expect(files.count { $0.hasSuffix(".pixels") } == 3, "\(files)")
            #expect(cached.train.fingerprint == plain.train.fingerprint)
            #expect(cached.validation?.fingerprint == plain.validation?.fingerprint)
            #expect(plain.test?.classNumber(of: 0) == 1 && plain.test?.count == 1)
            // Read from there: a picture that is damaged now, with the same size and time, is not looked at.
            let path = folder + "/data/train/dark/0.pgm"
            let length = try Data(contentsOf: URL(filePath: path)).count
            _ = try runProcess("/bin/cp", ["-p", path, folder + "/former"], timeoutSeconds: 10)
            try Data(repeating: 7, count: length).write(to: URL(filePath: path))
            _ = try runProcess("/bin/touch", ["-r", folder + "/former", path], timeoutSeconds: 10)
            let again = try ImageDataset.load(
                folder: folder + "/data", size: (4, 4), channels: 1, cache: folder + "/cache")
            #expect(again.train.fingerprint == plain.train.fingerprint)
            #expect(throws: DatasetError.self) {
                try ImageDataset.load(folder: folder + "/data", size: (4, 4), channels: 1)
            }
            let left = try ImageDataset.load(folder: folder + "/data", size: (4, 4), channels: 1, skipDamaged: true)
            #expect(left.train.count == 19)
        }
    }

    @Test func whatCannotBeIsRefused() throws {
        try withTemporaryFolder { folder in
            try draw(folder + "/data")
            for (size, channels) in [((0, 4), 1), ((4, 4), 2), ((1 << 20, 1 << 20), 3)] {
                #expect(throws: DatasetError.self, "\(size) \(channels)") {
                    try ImageDataset.load(folder: folder + "/data", size: size, channels: channels)
                }
            }
            #expect(throws: DatasetError.self) { try ImageDataset.load(folder: folder + "/none") }
            #expect(throws: DatasetError.self) { try ImageDataset.load(folder: folder + "/data", validationSplit: 1.5) }
        }
    }
}
