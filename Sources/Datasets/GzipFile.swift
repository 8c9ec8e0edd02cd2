// Reads a data file from the disk, unpacking it on the way when it is gzipped. IDXFile and ImageFile read through it.

import CZlib
import Streams

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file open for reading, gzipped or plain: zlib recognises the gzip magic (RFC 1952) and passes anything else on as
/// it is.
struct GzipFile: ~Copyable {
    /// Deflate never packs tighter than 1032 to 1, so a larger promise is a damaged or hostile size field.
    private static let largestRatio = 1032

    let path: String
    /// The length of the file as it lies on the disk.
    let storedBytes: Int
    private let handle: gzFile

    init(path: String) throws(DatasetError) {
        let path = expandingHome(path)
        let length = try GzipFile.length(path: path)
        guard let handle = gzopen(path, "rb") else {
            throw DatasetError("cannot open \(path): \(String(cString: strerror(errno))); check its permissions")
        }
        gzbuffer(handle, 1 << 17)
        self.path = path
        self.storedBytes = length
        self.handle = handle
    }

    deinit { gzclose_r(handle) }

    /// The length of a regular file as it lies on the disk.
    ///
    /// - Throws: `DatasetError` for what is none.
    static func length(path: String) throws(DatasetError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw DatasetError("cannot read \(path): \(String(cString: strerror(errno))); check the path", .unreadable)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw DatasetError("cannot read \(path): it is no regular file; expected a data file", .unreadable)
        }
        return Int(status.st_size)
    }

    /// Whether nothing is to be unpacked. Known after the first read.
    var isPlain: Bool { gzdirect(handle) == 1 }

    /// The most bytes that this file can hold once unpacked.
    var mostBytes: Int { isPlain ? storedBytes : storedBytes * GzipFile.largestRatio }

    /// Up to `limit` bytes from where the last read ended; fewer only at the end of the file.
    func read(upTo limit: Int) throws(DatasetError) -> [UInt8] {
        var length: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
            repeat {
                let chunk = UInt32(min(limit - filled, 1 << 30))
                length = gzread(handle, buffer.baseAddress.map { $0 + filled }, chunk)
                filled += Int(max(length, 0))
            } while length > 0 && filled < limit
        }
        // zlib reports a stream that stops half-way only after handing out what it could still unpack.
        var code: Int32 = Z_OK
        var text = gzerror(handle, &code).map { String(cString: $0) } ?? ""
        if text.hasPrefix("\(path): ") { text.removeFirst(path.count + 2) }
        switch code {
        case Z_OK, Z_STREAM_END: return bytes
        case Z_BUF_ERROR:
            throw DatasetError(
                "\(path) is a truncated gzip file: its \(storedBytes) bytes end in the middle of the packed data; "
                    + "download it again")
        case Z_ERRNO: throw DatasetError("cannot read \(path): \(text)", .unreadable)
        default: throw DatasetError("\(path) is a damaged gzip file (\(text)); download it again", .damaged)
        }
    }
}
