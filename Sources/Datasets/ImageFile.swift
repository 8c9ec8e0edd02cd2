// Decodes single picture files for `lockstep predict` and for data that comes as pictures, by stb_image.

import CImage

/// Picture files as grey bytes.
public enum ImageFile {
    /// The largest file that is read, far above any picture of a plausible network input.
    static let mostFileBytes = 256 << 20

    /// Decodes a PNG, JPEG, BMP, PGM or PPM file (also gzipped) of exactly `height` x `width` pixels.
    ///
    /// Colours become grey (luma 0.30 R + 0.59 G + 0.11 B), 16-bit samples keep their high byte, transparency is
    /// dropped. Nothing is resized: how to crop and scale is the user's decision.
    ///
    /// - Returns: `height * width` bytes, row-major, 0 = black.
    /// - Throws: `DatasetError` when the file is missing, damaged, in another format or of another size.
    public static func grayscale(path: String, height: Int, width: Int) throws(DatasetError) -> [UInt8] {
        let file = try GzipFile(path: path)
        let bytes = try file.read(upTo: min(file.mostBytes, mostFileBytes))
        guard bytes.count < mostFileBytes else {
            throw DatasetError("\(path) is too large for a picture: expected less than \(mostFileBytes) bytes")
        }
        // The size is read before anything is decoded, so a picture of absurd size is never allocated.
        var (foundWidth, foundHeight, channels): (Int32, Int32, Int32) = (0, 0, 0)
        guard stbi_info_from_memory(bytes, Int32(bytes.count), &foundWidth, &foundHeight, &channels) == 1 else {
            throw DatasetError("\(path) is no picture that can be read (\(reason)); expected PNG, JPEG, BMP or PGM")
        }
        guard (Int(foundHeight), Int(foundWidth)) == (height, width) else {
            throw DatasetError(
                "\(path) has \(foundWidth) x \(foundHeight) pixels, expected \(width) x \(height) (width x height); "
                    + "crop or scale it first")
        }
        try checkNetpbm(bytes, samples: height * width * Int(channels), path: path)
        guard
            let pixels = stbi_load_from_memory(bytes, Int32(bytes.count), &foundWidth, &foundHeight, &channels, 1)
        else { throw DatasetError("\(path) is damaged: \(reason)") }
        defer { stbi_image_free(pixels) }
        return [UInt8](UnsafeBufferPointer(start: pixels, count: height * width))
    }

    private static var reason: String { stbi_failure_reason().map { String(cString: $0) } ?? "unknown reason" }

    /// stb_image 2.27 neither notices that a PGM or PPM ends early nor scales by its largest value, so both are checked
    /// here. Other formats pass.
    private static func checkNetpbm(_ bytes: [UInt8], samples: Int, path: String) throws(DatasetError) {
        guard bytes.starts(with: Array("P5".utf8)) || bytes.starts(with: Array("P6".utf8)) else { return }
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        var position = 2
        var number = 0
        for _ in ["width", "height", "largest value"] {
            while position < bytes.count, !digits.contains(bytes[position]) {
                let comment = bytes[position] == UInt8(ascii: "#")
                position = comment ? bytes[position...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count : position + 1
            }
            number = 0
            while position < bytes.count, digits.contains(bytes[position]) {
                number = min(number * 10 + Int(bytes[position] - digits.lowerBound), 1 << 16)
                position += 1
            }
        }
        guard number == 255 || number == 65535 else {
            throw DatasetError("\(path) has samples of 0 ... \(number), expected a largest value of 255 or 65535")
        }
        let expected = number == 255 ? samples : 2 * samples
        let found = bytes.count - position - 1
        guard found >= expected else {
            throw DatasetError("\(path) is truncated: it holds \(max(found, 0)) bytes of pixels, expected \(expected)")
        }
    }
}
