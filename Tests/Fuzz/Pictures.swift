// Damaged pictures, from those that Tests/DatasetsTests compares with Pillow.

import Foundation
import Lockstep

func pictureTargets(_ written: @escaping ([UInt8]) throws -> String) throws -> [Target] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "DatasetsTests/Reference/pictures")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    func examples(_ endings: String...) throws -> [[UInt8]] {
        try names.filter { name in endings.contains { name.hasSuffix("." + $0) } }
            .map { Array(try Data(contentsOf: folder.appending(path: $0))) }
    }
    func decode(_ bytes: [UInt8]) throws {
        let path = try written(bytes)
        let picture = try Picture(path: path)
        precondition(picture.pixels.count == picture.height * picture.width * picture.channels)
        _ = picture.grey(over: 0)
        _ = picture.converted(channels: 3).resized(height: 9, width: 7)
        let header = try PictureHeader(path: path)
        precondition(header.height == picture.height && header.width == picture.width)
    }
    let preparation = Array(
        DataPreparation.json(
            PicturePreparation(
                PictureForm(height: 8, width: 8, channels: 1), classNames: ["a", "b"],
                normalization: ChannelNormalization(means: [0.5], deviations: [0.5]))))
    return [
        Target(name: "PNG", examples: try examples("png"), load: decode),
        // With right checksums, or what is behind them would never be read.
        Target(name: "PNG, sealed again", examples: try examples("png")) { try decode(sealed($0)) },
        Target(name: "JPEG", examples: try examples("jpg"), load: decode),
        Target(name: "Netpbm", examples: try examples("pgm", "ppm", "pbm"), load: decode),
        Target(name: "BMP", examples: try examples("bmp"), load: decode),
        Target(name: "CIFAR", examples: [[UInt8](repeating: 9, count: 2 * 3073)]) { bytes in
            let file = try written(bytes)
            let folder = file + "-cifar"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try? FileManager.default.removeItem(atPath: folder + "/test_batch.bin")
            try FileManager.default.copyItem(atPath: file, toPath: folder + "/test_batch.bin")
            let set = try CIFAR.ten.load(.test, directory: folder)
            precondition(set.count * 3073 == bytes.count)
        },
        Target(name: "preparation of pictures", examples: [preparation]) {
            _ = try DataPreparation.read(Data($0), source: "preparation.json")
        },
    ]
}

/// A PNG file whose chunks have the checksums of what is in them.
private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    var place = 8
    while place + 12 <= bytes.count {
        let length = bytes[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
        guard place + 12 + length <= bytes.count else { break }
        let end = place + 8 + length
        let checksum = ~bytes[place + 4..<end].reduce(~UInt32(0)) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { crc, _ in crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        for index in 0..<4 { result[end + index] = UInt8(truncatingIfNeeded: checksum >> UInt32(24 - 8 * index)) }
        place = end + 4
    }
    return result
}
