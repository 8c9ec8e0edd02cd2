// The bytes of one table's file: mapped, or unpacked into memory, and checked to be text. Table.read opens them.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A text file in memory, as long as this object lives.
final class TableFile: Sendable {
    let path: String
    /// UTF-8 without a byte order mark and without NUL. Never written to.
    nonisolated(unsafe) let text: UnsafeBufferPointer<UInt8>
    private let storage: FileStorage

    /// - Throws: `DatasetError` for a file that can't be read, or that is no UTF-8, naming the line.
    init(_ path: String) throws(DatasetError) {
        self.path = path
        storage = try FileStorage(path)
        let all = storage.bytes
        try TableFile.checkKind(all, path)
        text = UnsafeBufferPointer(rebasing: all.dropFirst(all.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0))
        try checkEncoding()
    }

    /// At the first row, or at the end of a file without any.
    func scanner(_ syntax: TableSyntax) -> TableScanner {
        // An empty buffer has no address; a scanner that is at its end never looks at what it has instead.
        let start = text.baseAddress ?? UnsafePointer(bitPattern: 1)!
        var scanner = TableScanner(
            here: start, end: start + text.count, separator: syntax.separator, hasQuotes: syntax.hasQuotes)
        _ = scanner.nextRow()
        return scanner
    }

    /// The line of a place in the file, counted from 1.
    func line(ofAddress address: UInt) -> Int {
        guard let start = text.baseAddress else { return 1 }
        let before = text[..<min(Int(address - UInt(bitPattern: start)), text.count)]
        var ends = 0
        var previous: UInt8 = 0
        for byte in before {
            if byte == UInt8(ascii: "\r") || byte == UInt8(ascii: "\n") && previous != UInt8(ascii: "\r") { ends += 1 }
            previous = byte
        }
        return ends + 1
    }

    /// What is wrong, with the file and the line.
    func error(_ fault: TableFault) -> DatasetError {
        DatasetError("\(path):\(line(ofAddress: fault.address)): \(fault.problem)")
    }

    private static func checkKind(_ bytes: UnsafeBufferPointer<UInt8>, _ path: String) throws(DatasetError) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw DatasetError("\(path):1: this is UTF-16; save the file as UTF-8")
        }
        if bytes.starts(with: "PK\u{3}\u{4}".utf8) || bytes.starts(with: [0xD0, 0xCF, 0x11, 0xE0]) {
            throw DatasetError("\(path) is a workbook or an archive, no text; export the table as CSV (UTF-8)")
        }
    }

    /// In pieces, so that no copy of a large file is made; most files are ASCII, which takes one look at each byte.
    private func checkEncoding() throws(DatasetError) {
        let pieceBytes = 1 << 16
        var start = 0
        while start < text.count {
            var stop = min(start + pieceBytes, text.count)
            // Not within a character: its later bytes are 10xxxxxx, at most three.
            while stop < text.count, stop > start + pieceBytes - 4, text[stop] & 0xC0 == 0x80 { stop -= 1 }
            let piece = UnsafeBufferPointer(rebasing: text[start..<stop])
            if !piece.isPlainASCII { try checkUTF8(piece) }
            start = stop
        }
    }

    private func checkUTF8(_ piece: UnsafeBufferPointer<UInt8>) throws(DatasetError) {
        if let zero = piece.firstIndex(of: 0) {
            throw error(
                TableFault(
                    at: piece.baseAddress! + zero,
                    "this line has a NUL byte, so that the file is no text in UTF-8; export the table as CSV (UTF-8)"))
        }
        guard String(validating: piece, as: UTF8.self) == nil else { return }
        let lines = piece.split(omittingEmptySubsequences: false) {
            $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r")
        }
        let wrong = lines.first { String(validating: $0, as: UTF8.self) == nil } ?? piece[...]
        throw error(
            TableFault(
                at: piece.baseAddress! + wrong.startIndex,
                "this line is not UTF-8 (perhaps Latin-1 or Windows-1252); save the file as UTF-8"))
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// Whether every byte is 1 ... 127.
    fileprivate var isPlainASCII: Bool {
        let high: UInt64 = 0x8080_8080_8080_8080
        let raw = UnsafeRawBufferPointer(self)
        var marks: UInt64 = 0
        for place in stride(from: 0, to: count & ~7, by: 8) {
            let eight = raw.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            marks |= eight | (eight &- UInt64.eachByte)
        }
        for byte in self[(count & ~7)...] { marks |= byte == 0 ? high : UInt64(byte) }
        return marks & high == 0
    }
}

/// The bytes of a file: its own pages if it is plain, memory if it was packed.
private final class FileStorage: Sendable {
    nonisolated(unsafe) let bytes: UnsafeBufferPointer<UInt8>
    private let isMapped: Bool

    init(_ path: String) throws(DatasetError) {
        let file = try GzipFile(path: path)
        let beginning = try file.read(upTo: 1 << 16)
        if file.isPlain, let mapped = FileStorage.map(file.path, count: file.storedBytes) {
            (bytes, isMapped) = (mapped, true)
        } else {
            (bytes, isMapped) = (try FileStorage.unpack(file, after: beginning), false)
        }
    }

    deinit {
        let address = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
        if isMapped, let address { munmap(address, bytes.count) } else { free(address) }
    }

    /// nil for an empty file, and where files cannot be mapped.
    private static func map(_ path: String, count: Int) -> UnsafeBufferPointer<UInt8>? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard count > 0, fstat(descriptor, &status) == 0, Int(status.st_size) == count,
            let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED
        else { return nil }
        return UnsafeBufferPointer(start: address.assumingMemoryBound(to: UInt8.self), count: count)
    }

    /// Grown as the bytes come: `realloc` moves pages, not bytes.
    private static func unpack(
        _ file: borrowing GzipFile, after beginning: [UInt8]
    ) throws(DatasetError) -> UnsafeBufferPointer<UInt8> {
        var buffer: UnsafeMutableRawPointer?
        var (count, capacity) = (0, 0)
        var piece = beginning
        do throws(DatasetError) {
            while !piece.isEmpty {
                if count + piece.count > capacity {
                    capacity = max(2 * capacity, count + piece.count)
                    guard let larger = realloc(buffer, capacity) else {
                        throw DatasetError("\(file.path) unpacks to more than the memory of this machine")
                    }
                    buffer = larger
                }
                piece.withUnsafeBytes { _ = memcpy(buffer! + count, $0.baseAddress!, $0.count) }
                count += piece.count
                piece = try file.read(upTo: 1 << 20)
            }
        } catch {
            free(buffer)
            throw error
        }
        return UnsafeBufferPointer(start: buffer?.assumingMemoryBound(to: UInt8.self), count: count)
    }
}
