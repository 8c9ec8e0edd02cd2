// Picture files against Pillow (scripts/reference/pictures.py), damaged ones, and what becomes of colours.

import CZlib
import Foundation
import Testing

import Datasets

struct PictureTests {
    private struct Expected: Decodable {
        let shape: [Int]
        let pixels: String
    }

    private static let folder = Bundle.module.resourcePath! + "/Reference/pictures"
    private static let expected: [String: Expected] = try! JSONDecoder().decode(
        [String: Expected].self, from: Data(contentsOf: URL(filePath: folder + "/expected.json")))

    private let directory = TemporaryDirectory()

    private static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: "\(folder)/\(name)")))
    }

    private static func unhex(_ text: String) -> [UInt8] {
        let digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    @Test(arguments: expected.keys.sorted()) func isDecodedAsByPillow(name: String) throws {
        let expected = try #require(Self.expected[name])
        let picture = try Picture(path: "\(Self.folder)/\(name)")
        #expect([picture.height, picture.width, picture.channels] == expected.shape)
        let values = Self.unhex(expected.pixels)
        // Two versions of a JPEG library may round colours in other places.
        let worst = zip(picture.pixels, values).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(picture.pixels.count == values.count && worst <= (name.hasSuffix(".jpg") ? 1 : 0), "off by \(worst)")
        #expect(picture.isUnscaled == name.hasPrefix("unscaled"))
    }

    /// Whatever is cut off or changed: what every format can notice is refused, and all else is read without harm.
    @Test func damagedFilesAreRefused() throws {
        for name in Self.expected.keys.sorted() {
            let whole = try Self.bytes(name)
            // Of a BMP file the padding of the last row may be missing, of a plain Netpbm file its last digits.
            let most = name.hasSuffix(".png") || name.hasSuffix(".jpg") ? whole.count - 1 : whole.count - 5
            for length in Array(stride(from: 8, to: most, by: max(1, whole.count / 40))) + [most] {
                let path = directory.write("cut-" + name, Array(whole[..<length]))
                expectDatasetError("\(path) is damaged") { try Picture(path: path) }
            }
            guard name.hasSuffix(".png") else { continue }
            for place in stride(from: 8, to: whole.count, by: max(1, whole.count / 40)) {
                var changed = whole
                changed[place] ^= 0x20
                let path = directory.write("changed-" + name, changed)
                expectDatasetError("\(path) is damaged") { try Picture(path: path) }
            }
        }
    }

    /// The checksum of a chunk that nobody needs counts, too.
    @Test func wrongChecksumIsNamed() throws {
        var bytes = try Self.bytes("gamma.png")
        let chunk = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("gAMA".utf8)) })
        bytes[chunk + 8] ^= 1
        let path = directory.write("gamma.png", bytes)
        expectDatasetError("\(path) is damaged: gAMA: CRC error") { try Picture(path: path) }
    }

    @Test func picturesBeyondTheLimitAreNotDecoded() throws {
        var png = Array(try Self.bytes("grey8.png"))
        png.replaceSubrange(16..<24, with: bigEndian(100_000) + bigEndian(50_000))
        png.replaceSubrange(29..<33, with: bigEndian(UInt32(crc32(0, Array(png[12..<29]), 17))))
        var jpeg = try Self.bytes("grey.jpg")
        let frame = try #require(jpeg.indices.first { jpeg[$0...].starts(with: [0xff, 0xc0]) })
        jpeg.replaceSubrange(frame + 5..<frame + 9, with: [0xff, 0x00, 0xff, 0x00])
        var bitmap = try Self.bytes("palette4.bmp")
        bitmap.replaceSubrange(18..<22, with: bigEndian(1_000_000).reversed())
        bitmap.replaceSubrange(22..<26, with: bigEndian(1_000_000).reversed())
        let netpbm = Array("P5\n70000 70000\n255\n".utf8)
        for (size, bytes) in [
            ("100000 x 50000", png), ("65280 x 65280", jpeg), ("1000000 x 1000000", bitmap), ("70000 x 70000", netpbm),
        ] {
            let path = directory.write("huge", bytes)
            expectDatasetError("\(path) has \(size) pixels, more than the 67108864 that are read") {
                try Picture(path: path)
            }
            expectDatasetError("\(path) has \(size) pixels, expected 28 x 28 (width x height); crop or scale it") {
                try Picture(path: path, expected: (28, 28))
            }
        }
        // As it is looked at: turned, 24 x 16 pixels are 16 x 24.
        let turned = "\(Self.folder)/orientation6.jpg"
        #expect(try Picture(path: turned, expected: (24, 16)).width == 16)
        expectDatasetError("has 16 x 24 pixels, expected 24 x 16") { try Picture(path: turned, expected: (16, 24)) }
    }

    @Test func missingAndForeignFiles() {
        expectDatasetError("cannot read", "none.png", "No such file") {
            try Picture(path: "\(directory.path)/none.png")
        }
        for (content, start) in [([], "nothing"), (Array("wxyz".utf8), "77 78 79 7a")] {
            let path = directory.write("other", content)
            expectDatasetError(
                "\(path) is no picture that can be read: it begins with \(start)", "PNG, JPEG, BMP, PGM, PPM or PBM"
            ) { try Picture(path: path) }
        }
    }

    @Test(arguments: [
        ("GIF89a", "GIF"), ("RIFF\u{4}\0\0\0WEBPVP8 ", "WebP"), ("II*\0\u{8}\0\0\0", "TIFF"),
        ("MM\0*\0\0\0\u{8}", "TIFF"),
        ("\0\0\0\u{18}ftypheic", "HEIC"), ("\0\0\0\u{18}ftypavif", "AVIF"), ("<?xml version=\"1.0\"?>\n<svg>", "SVG"),
    ]) func picturesOfOtherKindsAreCalledWhatTheyAre(text: String, kind: String) {
        let path = directory.write("photo.jpg", Array(text.utf8))
        expectDatasetError("\(path) is a \(kind) picture, which can't be read; convert such pictures to PNG or JPEG") {
            try Picture(path: path)
        }
        expectDatasetError("\(path) is a \(kind) picture") { try PictureHeader(path: path) }
    }

    /// As of BMP: where the decoder of libpng, and with it others, would take black, the file is damaged.
    @Test(arguments: [UInt8(1), 2, 200]) func aColourThatThePaletteLacksIsNamed(index: UInt8) throws {
        let header = bigEndian(3) + bigEndian(1) + [8, 3, 0, 0, 0]
        var rows = [UInt8](repeating: 0, count: 64)
        var count = UInt(rows.count)
        #expect(compress(&rows, &count, [0, 1, index, 0], 4) == Z_OK)
        func chunk(_ kind: String, _ body: [UInt8]) -> [UInt8] {
            let bytes = Array(kind.utf8) + body
            return bigEndian(UInt32(body.count)) + bytes + bigEndian(UInt32(crc32(0, bytes, UInt32(bytes.count))))
        }
        let bytes =
            [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header)
            + chunk("PLTE", [10, 20, 30, 40, 50, 60]) + chunk("IDAT", Array(rows[..<Int(count)])) + chunk("IEND", [])
        let path = directory.write("palette.png", bytes)
        if index < 2 {
            #expect(try Picture(path: path).pixels == [40, 50, 60, 40, 50, 60, 10, 20, 30])
        } else {
            expectDatasetError("\(path) is damaged: it holds colour \(index) of a palette of 2") {
                try Picture(path: path)
            }
        }
    }

    @Test(arguments: [
        ("P5\n3 0\n255\n", "it has 3 x 0 pixels"), ("P5\n3 1\n70000\nabc", "largest value is 70000"),
        ("P2\n3 1\n9\n1 2 x", "sample 2 is no number"),
        ("P2\n3 1\n9\n1 2 10", "the sample 10, above its largest value 9"),
        ("P6\n1 1\n255\nab", "it ends early: 2 bytes of pixels, expected 3"), ("P4 x", "its header has no width"),
        ("P1 2 1 1 7", "sample 1 is no number"), ("P2 2 1 255 1", "it ends early: 1 samples, expected 2"),
    ]) func wrongNetpbmIsNamed(text: String, problem: String) {
        let path = directory.write("wrong.pnm", Array(text.utf8))
        expectDatasetError("\(path) is damaged: ", problem) { try Picture(path: path) }
    }

    @Test func gzippedPicturesAreRead() throws {
        let path = directory.writeGzipped("grey.pgm.gz", try Self.bytes("raw255.pgm"))
        #expect(try Picture(path: path) == Picture(path: "\(Self.folder)/raw255.pgm"))
    }

    /// Pillow: `Image.new("RGB", size, background).paste(image, mask=alpha)`, then `convert("L")`.
    @Test func coloursBecomeLumaOverTheBackground() {
        let rgb = Picture(
            height: 1, width: 4, channels: 3, pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90])
        #expect(rgb.grey(over: 0) == [76, 150, 29, 90])
        let rgba = Picture(
            height: 2, width: 2, channels: 4, pixels: [255, 255, 255, 0, 9, 9, 9, 255, 200, 100, 50, 128, 0, 0, 0, 64])
        #expect(rgba.grey(over: 0) == [0, 9, 62, 0])
        #expect(rgba.grey(over: 255) == [255, 9, 189, 191])
        let grey = Picture(height: 1, width: 2, channels: 2, pixels: [255, 0, 255, 255])
        #expect(grey.grey(over: 0) == [0, 255])
    }
}
