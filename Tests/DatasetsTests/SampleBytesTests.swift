// Bytes in memory and in mapped files.

import Foundation
import Testing

import Datasets

struct SampleBytesTests {
    private let directory = TemporaryDirectory()
    private let payload = (0..<5000).map { UInt8($0 * 7 % 251) }

    @Test func plainFilesAreMappedAndGzippedOnesUnpacked() throws {
        let content = idx([5, 1000], payload)
        let plain = try IDXFile(path: directory.write("plain", content), axes: 2).bytes
        let packed = try IDXFile(path: directory.writeGzipped("packed.gz", content), axes: 2).bytes
        #expect(plain.isMapped && !packed.isMapped)
        for bytes in [plain, packed] {
            #expect(bytes.count == 5000 && bytes == SampleBytes(payload))
            #expect(Array(bytes) == payload && Array(bytes[998..<1003]) == Array(payload[998..<1003]))
            #expect(bytes.withUnsafeBufferPointer { Array($0) } == payload)
        }
        #expect(plain != SampleBytes(payload.dropLast() + [payload[4999] ^ 1]))
    }

    /// A header may be written by the same rules that it is read by.
    @Test(arguments: [[5], [0x0102_0304, 1], [60_000, 28, 28]]) func headersAreThoseOfTheFormat(dimensions: [Int]) {
        #expect(IDXFile.header(dimensions: dimensions) == idx(dimensions, []))
    }

    @Test func batchesOfAMappedFileAreThoseOfMemory() throws {
        let file = try IDXFile(path: directory.write("plain", idx([5, 1000], payload)), axes: 2)
        let labels: [UInt8] = [0, 1, 2, 3, 4]
        let mapped = try ImageDataset(
            name: "file", sampleShape: [1000], samples: file.bytes, labels: labels, classCount: 5)
        let inMemory = try ImageDataset(
            name: "array", sampleShape: [1000], samples: payload, labels: labels, classCount: 5)
        #expect(mapped.fingerprint == inMemory.fingerprint)
        #expect(try mapped[1..<4].inputs.scalars == inMemory[1..<4].inputs.scalars)
        // Parts are of the same mapping.
        let (train, validation) = try mapped.split(validationFraction: 0.4)
        #expect(train.samples.isMapped && validation.samples.isMapped)
        #expect(Array(validation.samples) == Array(payload[3000...]))
        #expect(Array(try validation.prefix(1).samples) == Array(payload[3000..<4000]))
        #expect(try validation[1..<2].inputs.scalars == inMemory[4..<5].inputs.scalars)
    }

    @Test func aFileThatIsReplacedStaysMapped() throws {
        let path = directory.write("plain", idx([5000], payload))
        let bytes = try IDXFile(path: path, axes: 1).bytes
        let other = directory.write("other", idx([1], [9]))
        try #require(rename(other, path) == 0)
        #expect(Array(bytes) == payload)
        #expect(try IDXFile(path: path, axes: 1).bytes == [9])
    }
}
