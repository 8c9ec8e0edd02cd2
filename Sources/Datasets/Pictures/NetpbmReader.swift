// PBM, PGM and PPM, plain (P1 to P3) and raw (P4 to P6), as netpbm(5) describes them.

/// Reads one picture from a file's bytes; more may follow it.
struct NetpbmReader {
    private let bytes: [UInt8]
    /// The kind: 1 and 4 black or white, 2 and 5 grey, 3 and 6 RGB.
    private let kind: UInt8
    private var position = 2

    /// - Parameter bytes: beginning with `P1` to `P6`.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        kind = bytes[1] - UInt8(ascii: "0")
    }

    private var isBitmap: Bool { kind == 1 || kind == 4 }
    private var isRaw: Bool { kind >= 4 }

    mutating func decode(mostPixels: Int) throws(PictureError) -> DecodedPicture {
        let (width, height) = (try number("width"), try number("height"))
        let largest = isBitmap ? 1 : try number("largest value")
        guard width > 0, height > 0 else { throw .damaged("it has \(width) x \(height) pixels") }
        guard (1...65535).contains(largest) else {
            throw .damaged("its largest value is \(largest), expected 1 ... 65535")
        }
        let channels = kind == 3 || kind == 6 ? 3 : 1
        guard width * height <= mostPixels else {
            return DecodedPicture(height: height, width: width, channels: channels)
        }
        if isRaw {
            // One blank follows the header; a line end of two characters where so many bytes are left.
            let isPair = bytes[position...].starts(with: [13, 10])
            let rowBytes = isBitmap ? (width + 7) / 8 : width * channels * (largest > 255 ? 2 : 1)
            position += isPair && bytes.count - position - 2 == rowBytes * height ? 2 : 1
        }
        let samples =
            isRaw
            ? try raw(width: width, height: height, channels: channels, isWide: largest > 255)
            : try plain(width * height * channels)
        if let wrong = samples.first(where: { $0 > largest }) {
            throw .damaged("it holds the sample \(wrong), above its largest value \(largest)")
        }
        let isUnscaled = largest == 65535 && samples.allSatisfy { $0 <= 255 } && samples.contains { $0 > 0 }
        // In a bitmap 1 is black.
        let levels =
            isBitmap
            ? [255, 0]
            : (0...largest).map { UInt8((Double($0) / Double(largest) * 255).rounded(.toNearestOrEven)) }
        return DecodedPicture(
            Picture(
                height: height, width: width, channels: channels,
                pixels: isUnscaled ? samples.map { UInt8($0) } : samples.map { levels[Int($0)] },
                isUnscaled: isUnscaled))
    }

    /// The next number of the header, after blanks and comments.
    private mutating func number(_ name: String) throws(PictureError) -> Int {
        skipBlanks()
        guard let value = digits() else { throw .damaged("its header has no \(name)") }
        return value
    }

    private mutating func skipBlanks() {
        while position < bytes.count {
            if bytes[position] == UInt8(ascii: "#") {
                position = bytes[position...].firstIndex { $0 == 10 || $0 == 13 } ?? bytes.count
            } else if (9...13).contains(bytes[position]) || bytes[position] == 32 {
                position += 1
            } else {
                return
            }
        }
    }

    /// A number at most 2^31: of pixels there can be no more, and two of them can be multiplied.
    private mutating func digits() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) {
            value = min(value * 10 + Int(bytes[position] - UInt8(ascii: "0")), 1 << 31)
            position += 1
        }
        return position > start ? value : nil
    }

    private mutating func raw(width: Int, height: Int, channels: Int, isWide: Bool) throws(PictureError) -> [UInt16] {
        let rowBytes = isBitmap ? (width + 7) / 8 : width * channels * (isWide ? 2 : 1)
        let found = bytes.count - position
        guard found >= rowBytes * height else {
            throw .damaged("it ends early: \(max(found, 0)) bytes of pixels, expected \(rowBytes * height)")
        }
        let pixels = bytes[position..<position + rowBytes * height]
        let first = pixels.startIndex
        if isBitmap {
            return (0..<width * height).map { index in
                let (row, column) = index.quotientAndRemainder(dividingBy: width)
                return UInt16(pixels[first + row * rowBytes + column / 8] >> UInt8(7 - column % 8) & 1)
            }
        }
        if !isWide { return pixels.map { UInt16($0) } }
        return (0..<width * height * channels).map { index in
            UInt16(pixels[first + 2 * index]) << 8 | UInt16(pixels[first + 2 * index + 1])
        }
    }

    private mutating func plain(_ count: Int) throws(PictureError) -> [UInt16] {
        var samples: [UInt16] = []
        // A sample takes a byte of the file at least.
        samples.reserveCapacity(min(count, bytes.count))
        while samples.count < count {
            skipBlanks()
            guard position < bytes.count else {
                throw .damaged("it ends early: \(samples.count) samples, expected \(count)")
            }
            var value: Int?
            if isBitmap, (UInt8(ascii: "0")...UInt8(ascii: "1")).contains(bytes[position]) {
                // No blank is needed between two bits.
                value = Int(bytes[position] - UInt8(ascii: "0"))
                position += 1
            } else if !isBitmap {
                value = digits()
            }
            guard let value else { throw .damaged("sample \(samples.count) is no number") }
            samples.append(UInt16(clamping: value))
        }
        return samples
    }
}
