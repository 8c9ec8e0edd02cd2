// Single picture files, for `lockstep predict` and for data that comes as pictures. PNG and JPEG are decoded by libpng
// and libjpeg, Netpbm and BMP beside this file.

import CImage

/// A decoded picture, 8 bits a sample, turned as its EXIF orientation says.
package struct Picture: Sendable, Equatable {
    package var height: Int
    package var width: Int
    /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
    package var channels: Int
    /// `[height, width, channels]`, row-major.
    package var pixels: [UInt8]
    /// Whether the file has more than 8 bits a sample, but none above 255: they are then taken as they are, since programs
    /// that widen samples without scaling them are more frequent than pictures that are almost black.
    package var isUnscaled = false

    /// The most pixels that are decoded unless a caller says otherwise: 8,192 x 8,192.
    package static let mostPixels = 1 << 26

    /// The largest file that is read, unpacked.
    static let mostFileBytes = 256 << 20

    package init(height: Int, width: Int, channels: Int, pixels: [UInt8], isUnscaled: Bool = false) {
        (self.height, self.width, self.channels) = (height, width, channels)
        (self.pixels, self.isUnscaled) = (pixels, isUnscaled)
    }

    /// Decodes a PNG, JPEG, BMP, PBM, PGM or PPM file, also a gzipped one. Colours stay what they are in the file: gamma
    /// and profiles are left alone.
    ///
    /// - Parameter expected: the only size that is decoded, as height and width; any with at most `mostPixels` unless
    ///   given.
    /// - Throws: `DatasetError` when the file is missing, damaged, in another format or of another size.
    package init(path: String, expected: (height: Int, width: Int)? = nil) throws(DatasetError) {
        let file = try GzipFile(path: path)
        let bytes = try file.read(upTo: min(file.mostBytes, Picture.mostFileBytes))
        guard bytes.count < Picture.mostFileBytes else {
            throw DatasetError("\(path) is too large for a picture: expected less than \(Picture.mostFileBytes) bytes")
        }
        let most = expected.map { $0.height * $0.width } ?? Picture.mostPixels
        let decoded: DecodedPicture
        do { decoded = try DecodedPicture(bytes, mostPixels: most) } catch { throw error.described(path, bytes) }
        let turned = (decoded.orientation ?? .upright).swapsAxes
        let (height, width) = turned ? (decoded.width, decoded.height) : (decoded.height, decoded.width)
        if let expected, expected != (height, width) {
            throw DatasetError(
                "\(path) has \(width) x \(height) pixels, expected \(expected.width) x \(expected.height) "
                    + "(width x height); crop or scale it first")
        }
        guard let picture = decoded.picture else {
            throw DatasetError(
                "\(path) has \(width) x \(height) pixels, more than the \(most) that are read; scale it first")
        }
        self = decoded.orientation.map(picture.turned) ?? picture
    }
}

/// Why bytes are no picture.
enum PictureError: Error {
    case unknownFormat
    case damaged(String)

    /// - Parameter bytes: what the file begins with.
    func described(_ path: String, _ bytes: [UInt8]) -> DatasetError {
        switch self {
        case .unknownFormat:
            if let name = OtherFormats.name(of: bytes) {
                return DatasetError(
                    "\(path) is a \(name) picture, which can't be read; \(OtherFormats.advice). Expected PNG, JPEG, BMP, PGM, "
                        + "PPM or PBM")
            }
            let start = bytes.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            return DatasetError(
                "\(path) is no picture that can be read: it begins with "
                    + (start.isEmpty ? "nothing" : start.joined(separator: " "))
                    + "; expected PNG, JPEG, BMP, PGM, PPM or PBM")
        case .damaged(let reason): return DatasetError("\(path) is damaged: \(reason)", .damaged)
        }
    }
}

/// What is in a file, before it is turned.
struct DecodedPicture {
    var height: Int
    var width: Int
    /// As `Picture`'s.
    var channels: Int
    var orientation: Orientation?
    /// nil where it has too many pixels.
    var picture: Picture?

    init(_ picture: Picture) {
        self.init(height: picture.height, width: picture.width, channels: picture.channels)
        self.picture = picture
    }

    /// Of a picture with too many pixels.
    init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// By what the bytes begin with; names of files say nothing.
    init(_ bytes: [UInt8], mostPixels: Int) throws(PictureError) {
        if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
            try self.init(bytes, mostPixels, by: ci_decode_png)
        } else if bytes.starts(with: [0xff, 0xd8, 0xff]) {
            try self.init(bytes, mostPixels, by: ci_decode_jpeg)
        } else if bytes.starts(with: Array("BM".utf8)) {
            self = try BMPReader(bytes).decode(mostPixels: mostPixels)
        } else if bytes.count > 2, bytes[0] == UInt8(ascii: "P"), (UInt8(ascii: "1")...UInt8(ascii: "6")) ~= bytes[1] {
            var reader = NetpbmReader(bytes)
            self = try reader.decode(mostPixels: mostPixels)
        } else {
            throw .unknownFormat
        }
    }

    private init(
        _ bytes: [UInt8], _ mostPixels: Int,
        by decode: (
            UnsafePointer<UInt8>?, Int, UInt64, UnsafeMutablePointer<ci_picture>?, UnsafeMutablePointer<CChar>?
        ) -> Int32
    ) throws(PictureError) {
        var found = ci_picture()
        var message = [CChar](repeating: 0, count: Int(ci_message_count))
        let status = decode(bytes, bytes.count, UInt64(mostPixels), &found, &message)
        defer { ci_free(&found) }
        guard status <= 0 else {
            throw .damaged(String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
        }
        (height, width, channels) = (Int(found.height), Int(found.width), Int(found.channels))
        orientation = found.exif.flatMap { exif in
            Orientation(exif: Array(UnsafeBufferPointer(start: exif, count: found.exif_count)))
        }
        guard status == 0 else { return }
        let count = height * width * Int(found.channels)
        picture = Picture(
            height: height, width: width, channels: Int(found.channels),
            pixels: Array(UnsafeBufferPointer(start: found.pixels, count: count)), isUnscaled: found.is_unscaled != 0)
    }
}
