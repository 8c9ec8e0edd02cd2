// What a picture file says of itself before its pixels: thousands are looked at before any is decoded. PictureSurvey asks.

/// A picture's size, as it is to be looked at, colours and format.
package struct PictureHeader: Sendable, Hashable, Codable {
    package let height: Int
    package let width: Int
    /// As `Picture.channels`.
    package let channels: Int
    /// `PNG`, `JPEG`, `BMP` or `Netpbm`.
    package let format: String

    /// Bytes in which a header lies, but for those of files with much else in them.
    private static let usualBytes = 1 << 16

    /// - Throws: `DatasetError` for what is no picture, or ends before its size.
    package init(path: String) throws(DatasetError) {
        let file = try GzipFile(path: path)
        let most = min(file.mostBytes, Picture.mostFileBytes)
        var bytes = try file.read(upTo: min(most, PictureHeader.usualBytes))
        var found: DecodedPicture
        do { found = try DecodedPicture(bytes, mostPixels: 0) } catch {
            guard case .damaged = error, most > bytes.count else { throw error.described(path, bytes) }
            bytes += try file.read(upTo: most - bytes.count)
            do { found = try DecodedPicture(bytes, mostPixels: 0) } catch { throw error.described(path, bytes) }
        }
        let isTurned = (found.orientation ?? .upright).swapsAxes
        (height, width) = isTurned ? (found.width, found.height) : (found.height, found.width)
        channels = found.channels
        format = PictureHeader.format(bytes)
    }

    private static func format(_ bytes: [UInt8]) -> String {
        switch bytes.first {
        case 0x89: "PNG"
        case 0xff: "JPEG"
        case UInt8(ascii: "B"): "BMP"
        default: "Netpbm"
        }
    }
}
