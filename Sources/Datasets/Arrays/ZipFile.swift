// Reads zip archives, with 64-bit sizes: their directory, and the members' bytes. NumPyArchive is the caller; damage of
// every kind ends in an error, and no size field allocates anything.

import CZlib

/// A zip archive, mapped (PKWARE's APPNOTE.TXT 6.3).
struct ZipFile: Sendable {
    struct Member: Sendable {
        let name: String
        let flags: Int
        /// 0 stored, 8 deflated.
        let method: Int
        let checksum: UInt32
        let packedBytes: Int
        let byteCount: Int
        /// Where its local header begins.
        let headerOffset: Int
    }

    let path: String
    /// In the order of the archive's directory.
    let members: [Member]
    private let bytes: SampleBytes

    /// - Throws: `DatasetError` unless the file ends in a whole directory.
    init(path: String) throws(DatasetError) {
        self.path = path
        bytes = try SampleBytes(mappingAllOf: path)
        let directory = try ZipDirectory(bytes, path: path)
        members = try directory.members()
    }

    /// The bytes of a member: those of the mapped file where they are stored, else unpacked into memory.
    ///
    /// - Throws: `DatasetError` for an encrypted member, another method than deflate, and damage.
    func contents(of member: Member) throws(DatasetError) -> SampleBytes {
        let name = "\(path): member \(member.name)"
        guard member.flags & 1 == 0 else {
            throw DatasetError("\(name) is encrypted; save the archive without a password, e.g. by np.savez")
        }
        let packed = bytes.part(try packedRange(of: member, name: name))
        let contents: SampleBytes
        switch member.method {
        case 0:
            guard member.packedBytes == member.byteCount else { throw damaged(name, "two sizes of stored data differ") }
            contents = packed
        case 8: contents = SampleBytes(try inflate(packed, expecting: member.byteCount, name: name))
        default:
            throw DatasetError(
                "\(name) is packed by method \(member.method); expected 0 (stored) or 8 (deflate): save it by np.savez or "
                    + "np.savez_compressed")
        }
        let found = contents.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
        guard found == UInt(member.checksum) else { throw damaged(name, "its checksum is another") }
        return contents
    }

    private func damaged(_ name: String, _ reason: String) -> DatasetError {
        DatasetError("\(name) is damaged: \(reason); copy or save the archive again", .damaged)
    }

    /// Where a member's data lie: behind its local header, whose name and extra fields have lengths of their own.
    private func packedRange(of member: Member, name: String) throws(DatasetError) -> Range<Int> {
        let header = member.headerOffset
        guard bytes.littleEndian(at: header, 4) == 0x0403_4b50, let nameLength = bytes.littleEndian(at: header + 26, 2),
            let extraLength = bytes.littleEndian(at: header + 28, 2), header + 30 + nameLength <= bytes.count
        else { throw damaged(name, "no header is where the archive's directory says") }
        let start = header + 30 + nameLength + extraLength
        guard start <= bytes.count, member.packedBytes <= bytes.count - start else {
            throw damaged(name, "its \(member.packedBytes) bytes reach beyond the file's end")
        }
        guard bytes.part(header + 30..<header + 30 + nameLength).elementsEqual(member.name.utf8) else {
            throw damaged(name, "its header has another name than the archive's directory")
        }
        return start..<start + member.packedBytes
    }

    /// Unpacks deflated data. The array grows with what comes out, whatever size was announced.
    private func inflate(
        _ packed: SampleBytes, expecting count: Int, name: String
    ) throws(DatasetError) -> [UInt8] {
        var unpacked: [UInt8] = []
        let status = packed.withUnsafeBufferPointer { packed in
            ZipFile.inflate(packed) { chunk in
                guard chunk.count <= count - unpacked.count else { return false }
                if unpacked.capacity < unpacked.count + chunk.count {
                    unpacked.reserveCapacity(min(count, 2 * unpacked.count + chunk.count))
                }
                unpacked.append(contentsOf: chunk)
                return true
            }
        }
        switch status {
        case Z_STREAM_END: break
        case Z_OK: throw damaged(name, "it unpacks to more than the \(count) bytes that are announced")
        case Z_BUF_ERROR: throw damaged(name, "its data end too early")
        default: throw damaged(name, "its data are no deflate stream")
        }
        guard unpacked.count == count else {
            throw damaged(name, "it unpacks to \(unpacked.count) bytes, expected the \(count) that are announced")
        }
        return unpacked
    }

    /// Hands what is unpacked to `body`, in chunks, until it says false.
    ///
    /// - Returns: Z_STREAM_END for a whole stream without anything after it, Z_OK where `body` said false, else zlib's
    ///   error.
    private static func inflate(
        _ packed: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Bool
    ) -> Int32 {
        // zlib remembers where the stream's state lies, so it may not move.
        let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
        stream.initialize(to: z_stream())
        defer { stream.deallocate() }
        // Negative: raw data without zlib's header.
        let begun = inflateInit2_(stream, -15, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard begun == Z_OK else { return begun }
        defer { inflateEnd(stream) }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1 << 18) { chunk in
            var rest = packed[...]
            while true {
                let part = rest.prefix(1 << 30)
                stream.pointee.next_in = UnsafeMutablePointer(mutating: UnsafeBufferPointer(rebasing: part).baseAddress)
                stream.pointee.avail_in = UInt32(part.count)
                stream.pointee.next_out = chunk.baseAddress
                stream.pointee.avail_out = UInt32(chunk.count)
                let status = CZlib.inflate(stream, Z_NO_FLUSH)
                rest = rest.dropFirst(part.count - Int(stream.pointee.avail_in))
                let filled = chunk.count - Int(stream.pointee.avail_out)
                if filled > 0, !body(UnsafeBufferPointer(rebasing: chunk[..<filled])) { return Z_OK }
                if status == Z_STREAM_END { return rest.isEmpty ? Z_STREAM_END : Z_DATA_ERROR }
                guard status == Z_OK else { return status }
            }
        }
    }
}

extension SampleBytes {
    /// The number in so many bytes from `offset` on; nil where they end before or it is 2^63 or more.
    func littleEndian(at offset: Int, _ byteCount: Int) -> Int? {
        guard offset >= 0, offset <= count - byteCount else { return nil }
        let value = (0..<byteCount).reduce(UInt64(0)) { $0 | UInt64(self[offset + $1]) << UInt64(8 * $1) }
        return Int(exactly: value)
    }
}
