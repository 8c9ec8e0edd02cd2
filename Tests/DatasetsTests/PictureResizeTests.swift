// Pictures brought to other sizes and channels, against Pillow (scripts/reference/picture_resize.py).

import Foundation
import Testing

import Datasets

struct PictureResizeTests {
    private struct Case: Decodable {
        let shape: [Int]
        let size: [Int]?
        let channels: Int?
        let pixels: String
    }

    private static let cases: [String: [Case]] = try! JSONDecoder().decode(
        [String: [Case]].self,
        from: Data(contentsOf: URL(filePath: Bundle.module.resourcePath! + "/Reference/resize.json")))

    /// Bytes by the script's formula.
    private static func picture(_ shape: [Int]) -> Picture {
        let pixels = (0..<shape[0] * shape[1] * shape[2]).map { (index: Int) -> UInt8 in
            let value = index * index * 31 + index * 7 + (index >> 3) * 13
            return UInt8(value & 255)
        }
        return Picture(height: shape[0], width: shape[1], channels: shape[2], pixels: pixels)
    }

    private static func unhex(_ text: String) -> [UInt8] {
        let digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// A level may differ where rows grow and columns shrink: there Pillow's newer versions seem to begin with the columns.
    @Test func sizesArePillows() throws {
        let cases = try #require(Self.cases["resized"])
        #expect(cases.count == 16)
        for one in cases {
            let size = try #require(one.size)
            let found = Self.picture(one.shape).resized(height: size[0], width: size[1])
            #expect([found.height, found.width, found.channels] == size + [one.shape[2]])
            let expected = Self.unhex(one.pixels)
            let worst = zip(found.pixels, expected).map { abs(Int($0) - Int($1)) }.max() ?? 255
            let most = size[1] > one.shape[1] && size[0] < one.shape[0] ? 1 : 0
            #expect(found.pixels.count == expected.count && worst <= most, "\(one.shape) to \(size): off by \(worst)")
        }
    }

    @Test func channelsArePillowsBitByBit() throws {
        let cases = try #require(Self.cases["converted"])
        #expect(cases.count == 8)
        for one in cases {
            let found = Self.picture(one.shape).converted(channels: try #require(one.channels))
            #expect(found.channels == one.channels)
            #expect(found.pixels == Self.unhex(one.pixels), "\(one.shape) to \(found.channels) channels")
        }
    }
}
