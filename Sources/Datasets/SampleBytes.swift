// The bytes of samples, wherever they are: in memory of their own or in a file. IDXFile and NumPyArray make them,
// Dataset and Samples hold them.

import Streams

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Bytes that never change: an array's, or those of a file that is mapped into memory, which all ranks of a host share.
///
/// A mapped file is read as its bytes are used. Replacing it (a new file renamed into its place) does no harm, but one
/// that somebody else shortens while it is mapped ends the process with SIGBUS.
package struct SampleBytes: RandomAccessCollection, Sendable {
    private enum Storage: Sendable {
        case array([UInt8])
        case file(MappedFile)
    }

    private let storage: Storage
    /// What of the storage is meant.
    private let range: Range<Int>

    private init(_ storage: Storage, _ range: Range<Int>) { (self.storage, self.range) = (storage, range) }

    package init(_ bytes: [UInt8]) { self.init(.array(bytes), bytes.indices) }

    /// The `count` bytes that follow the first `header` of a file, mapped; nil where it holds more or less than these, or
    /// can't be mapped.
    init?(mapping path: String, header: Int, count: Int) {
        guard let file = MappedFile(path, byteCount: header + count) else { return nil }
        self.init(.file(file), header..<header + count)
    }

    /// All bytes of a file, mapped.
    ///
    /// - Throws: `DatasetError` for what is missing, no regular file or can't be mapped.
    package init(mappingAllOf path: String) throws(DatasetError) {
        let path = expandingHome(path)
        let length = try GzipFile.length(path: path)
        guard length > 0 else {
            self = []
            return
        }
        guard let file = MappedFile(path, byteCount: length) else {
            throw DatasetError(
                "cannot map \(path) of \(length) bytes into memory: \(String(cString: strerror(errno))); check its "
                    + "permissions")
        }
        self.init(.file(file), 0..<length)
    }

    /// Whether they are in a file.
    package var isMapped: Bool { if case .file = storage { true } else { false } }

    package var startIndex: Int { 0 }
    package var endIndex: Int { range.count }

    package subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < range.count, "SampleBytes: no byte \(position) of \(range.count)")
        switch storage {
        case .array(let bytes): return bytes[range.lowerBound + position]
        case .file(let file): return file.bytes[range.lowerBound + position]
        }
    }

    /// Those at `part` alone, without a copy.
    package func part(_ part: Range<Int>) -> SampleBytes {
        precondition(
            part.lowerBound >= 0 && part.upperBound <= range.count, "SampleBytes: no bytes \(part) of \(range.count)")
        return SampleBytes(storage, range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
    }

    /// Hands them to `body`, for whose duration the pointer is valid.
    package func withUnsafeBufferPointer<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result {
        switch storage {
        case .array(let bytes): try bytes.withUnsafeBufferPointer { try body(UnsafeBufferPointer(rebasing: $0[range])) }
        case .file(let file): try body(UnsafeBufferPointer(rebasing: file.bytes[range]))
        }
    }

    package func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? { try withUnsafeBufferPointer(body) }
}

extension SampleBytes: Equatable, ExpressibleByArrayLiteral {
    package static func == (left: SampleBytes, right: SampleBytes) -> Bool { left.elementsEqual(right) }

    package init(arrayLiteral bytes: UInt8...) { self.init(bytes) }
}

/// A file mapped for reading, until nobody uses it any more.
private final class MappedFile: Sendable {
    /// Never written to, and valid as long as this object.
    nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>

    /// nil unless `path` is a file of exactly `byteCount` bytes that can be mapped.
    init?(_ path: String, byteCount: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, Int(status.st_size) == byteCount, byteCount > 0,
            let address = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0), address != MAP_FAILED
        else { return nil }
        bytes = UnsafeBufferPointer(start: address.assumingMemoryBound(to: UInt8.self), count: byteCount)
    }

    deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress!), bytes.count) }
}
