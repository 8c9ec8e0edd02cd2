// Every way an IDX file can be right or wrong.

import Foundation
import Testing

import Datasets

struct IDXFileTests {
    private let directory = TemporaryDirectory()

    @Test(arguments: [[5], [5, 1], [1, 5, 1], [5, 1, 1, 1]])
    func readsPlainAndGzippedFiles(dimensions: [Int]) throws {
        let content = idx(dimensions, [1, 2, 3, 250, 255])
        for path in [directory.write("plain", content), directory.writeGzipped("packed.gz", content)] {
            let file = try IDXFile(path: path, axes: dimensions.count)
            #expect(file.dimensions == dimensions)
            #expect(file.bytes == [1, 2, 3, 250, 255])
        }
    }

    @Test func missingFile() {
        expectDatasetError("cannot read", "absent/file", "No such file", "check the path") {
            try IDXFile(path: "\(directory.path)/absent/file", axes: 1)
        }
    }

    @Test func directoryInPlaceOfFile() {
        expectDatasetError(directory.path, "no regular file") { try IDXFile(path: directory.path, axes: 1) }
    }

    @Test func labelsInPlaceOfImages() {
        let path = directory.write("labels", idx([3], [1, 2, 3]))
        expectDatasetError("\(path) is a label file (IDX1), expected an image file (IDX3)") {
            try IDXFile(path: path, axes: 3)
        }
    }

    @Test func imagesInPlaceOfLabels() {
        let path = directory.writeGzipped("images.gz", idx([1, 1, 2], [1, 2]))
        expectDatasetError("\(path) is an image file (IDX3), expected a label file (IDX1)") {
            try IDXFile(path: path, axes: 1)
        }
    }

    @Test func noIDXFileAtAll() {
        let text = directory.write("text", Array("<html>not found</html>".utf8))
        expectDatasetError("\(text) is no IDX file: it begins with 3c 68 74 6d, expected 00 00 08 03") {
            try IDXFile(path: text, axes: 3)
        }
        let nothing = directory.write("nothing", [])
        expectDatasetError("\(nothing) is no IDX file: it begins with nothing") { try IDXFile(path: nothing, axes: 3) }
    }

    @Test func otherElementType() {
        let path = directory.write("floats", idx([1], type: 0x0d, [0, 0, 0, 0]))
        expectDatasetError(path, "element type 0x0d, expected bytes (0x08)") { try IDXFile(path: path, axes: 1) }
    }

    @Test func truncatedHeader() {
        let path = directory.write("header", [0, 0, 8, 3, 0, 0, 0, 1, 0])
        expectDatasetError("\(path) is truncated: it ends inside its header") { try IDXFile(path: path, axes: 3) }
    }

    @Test func truncatedPayload() {
        let content = idx([2, 2, 2], [1, 2, 3, 4, 5])
        for path in [directory.write("short", content), directory.writeGzipped("short.gz", content)] {
            expectDatasetError("\(path) is truncated: it holds 5 bytes after its header, expected 8 for [2, 2, 2]") {
                try IDXFile(path: path, axes: 3)
            }
        }
    }

    @Test func extraBytes() {
        let content = idx([4], [1, 2, 3, 4, 5])
        for path in [directory.write("long", content), directory.writeGzipped("long.gz", content)] {
            expectDatasetError("\(path) holds extra bytes after the 4 that its header announces") {
                try IDXFile(path: path, axes: 1)
            }
        }
    }

    /// The last one's product is 2^64, which wraps around to nothing.
    @Test(arguments: [[0xffff_ffff], [0xffff_ffff, 28, 28], [0x1_0000, 0x1_0000, 0x1_0000, 0x1_0000]])
    func implausibleSizeFieldsAllocateNothing(dimensions: [Int]) {
        let content = idx(dimensions, [1, 2, 3])
        for path in [directory.write("huge", content), directory.writeGzipped("huge.gz", content)] {
            expectDatasetError("\(path) is truncated or has a damaged header", "\(dimensions) bytes, more than a file")
            {
                try IDXFile(path: path, axes: dimensions.count)
            }
        }
    }

    @Test func emptySet() {
        let path = directory.write("empty", idx([0, 28, 28], []))
        expectDatasetError("\(path) is empty: its header announces [0, 28, 28] bytes") {
            try IDXFile(path: path, axes: 3)
        }
    }

    @Test func truncatedGzip() throws {
        let whole = try packed()
        for length in [whole.count - 1, whole.count - 9, whole.count / 2] {
            let path = directory.write("cut.gz", Array(whole[..<length]))
            expectDatasetError("\(path) is a truncated gzip file: its \(length) bytes end in the middle", "again") {
                try IDXFile(path: path, axes: 1)
            }
        }
    }

    @Test func damagedGzip() throws {
        var bytes = try packed()
        bytes[bytes.count - 6] ^= 1
        let checksum = directory.write("checksum.gz", bytes)
        expectDatasetError("\(checksum) is a damaged gzip file (incorrect data check); download it again") {
            try IDXFile(path: checksum, axes: 1)
        }
        bytes = try packed()
        bytes[10] |= 7
        let block = directory.write("block.gz", bytes)
        expectDatasetError("\(block) is a damaged gzip file (invalid block type)") {
            try IDXFile(path: block, axes: 1)
        }
    }

    /// A gzip file of 1,000 poorly compressible bytes, as it lies on the disk.
    private func packed() throws -> [UInt8] {
        let path = directory.writeGzipped("whole.gz", idx([1000], (0..<1000).map { UInt8($0 * $0 % 251) }))
        return try Array(Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
