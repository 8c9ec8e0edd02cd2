// Pictures made by hand, so that every decoded byte is known.

import CZlib
import Foundation
import Testing

import Datasets

struct ImageFileTests {
    private let directory = TemporaryDirectory()

    /// A PNG file: `colorType` 0 = grey, 2 = RGB, 6 = RGBA; rows top to bottom, 8 bits a sample.
    private func png(width: Int, height: Int, colorType: UInt8, _ samples: [UInt8]) -> [UInt8] {
        func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
            let tagged = Array(type.utf8) + body
            return bigEndian(UInt32(body.count)) + tagged
                + bigEndian(UInt32(truncatingIfNeeded: crc32(0, tagged, UInt32(tagged.count))))
        }
        let rowBytes = samples.count / height
        let rows = (0..<height).flatMap { [0] + samples[$0 * rowBytes..<($0 + 1) * rowBytes] }
        var length = compressBound(UInt(rows.count))
        var packed = [UInt8](repeating: 0, count: Int(length))
        compress(&packed, &length, rows, UInt(rows.count))
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
            + chunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, colorType, 0, 0, 0])
            + chunk("IDAT", Array(packed[..<Int(length)])) + chunk("IEND", [])
    }

    private let pixels: [UInt8] = [0, 1, 127, 128, 254, 255]

    @Test func grayPNG() throws {
        let path = directory.write("gray.png", png(width: 3, height: 2, colorType: 0, pixels))
        #expect(try ImageFile.grayscale(path: path, height: 2, width: 3) == pixels)
    }

    @Test func colorsBecomeLuma() throws {
        let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90]
        let rgb = directory.write("rgb.png", png(width: 4, height: 1, colorType: 2, colors))
        #expect(try ImageFile.grayscale(path: rgb, height: 1, width: 4) == [76, 149, 28, 90])
        let rgba = directory.write("rgba.png", png(width: 1, height: 1, colorType: 6, [90, 90, 90, 3]))
        #expect(try ImageFile.grayscale(path: rgba, height: 1, width: 1) == [90])
    }

    @Test(arguments: ["P5\n3 2\n255\n", "P5 3 2 255 ", "P5\n# 9 9 9\n3 # 8\n2\n255\n"])
    func pgm(header: String) throws {
        let path = directory.write("gray.pgm", Array(header.utf8) + pixels)
        #expect(try ImageFile.grayscale(path: path, height: 2, width: 3) == pixels)
    }

    @Test func otherSizeNamesBoth() {
        let path = directory.write("gray.pgm", Array("P5\n3 2\n255\n".utf8) + pixels)
        expectDatasetError("\(path) has 3 x 2 pixels, expected 28 x 28 (width x height); crop or scale it first") {
            try ImageFile.grayscale(path: path, height: 28, width: 28)
        }
        expectDatasetError("has 3 x 2 pixels, expected 2 x 3") {
            try ImageFile.grayscale(path: path, height: 3, width: 2)
        }
    }

    @Test func absurdSizeIsNeverDecoded() {
        let path = directory.write("huge.pgm", Array("P5\n16000 16000\n255\n".utf8))
        expectDatasetError("has 16000 x 16000 pixels, expected 28 x 28") {
            try ImageFile.grayscale(path: path, height: 28, width: 28)
        }
    }

    @Test func missingAndForeignFiles() {
        expectDatasetError("cannot read", "none.png", "No such file") {
            try ImageFile.grayscale(path: "\(directory.path)/none.png", height: 1, width: 1)
        }
        for content in [[], Array("a text".utf8)] {
            let path = directory.write("text", content)
            expectDatasetError("\(path) is no picture that can be read", "expected PNG, JPEG, BMP or PGM") {
                try ImageFile.grayscale(path: path, height: 1, width: 1)
            }
        }
    }

    @Test func truncatedFiles() {
        for missing in 1...6 {
            let path = directory.write("cut.pgm", Array(("P5\n3 2\n255\n".utf8 + pixels).dropLast(missing)))
            expectDatasetError("\(path) is truncated: it holds \(6 - missing) bytes of pixels, expected 6") {
                try ImageFile.grayscale(path: path, height: 2, width: 3)
            }
        }
        let whole = png(width: 3, height: 2, colorType: 0, pixels)
        for length in [60, 50, 45] {
            let path = directory.write("cut.png", Array(whole[..<length]))
            expectDatasetError("\(path) is damaged") { try ImageFile.grayscale(path: path, height: 2, width: 3) }
        }
    }

    @Test func otherLargestValue() {
        let path = directory.write("dark.pgm", Array("P5\n3 2\n15\n".utf8) + pixels)
        expectDatasetError("\(path) has samples of 0 ... 15, expected a largest value of 255 or 65535") {
            try ImageFile.grayscale(path: path, height: 2, width: 3)
        }
    }
}
