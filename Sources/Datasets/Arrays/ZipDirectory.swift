// The directory at the end of a zip archive, which says where its members are. ZipFile reads it.

/// Where an archive's directory lies, found from the file's end.
struct ZipDirectory {
    private let bytes: SampleBytes
    private let path: String
    private let count: Int
    private let range: Range<Int>

    /// - Throws: `DatasetError` unless a directory lies within the file.
    init(_ bytes: SampleBytes, path: String) throws(DatasetError) {
        self.bytes = bytes
        self.path = path
        guard let end = ZipDirectory.end(of: bytes) else {
            let isZip = bytes.littleEndian(at: 0, 4) == 0x0403_4b50
            throw DatasetError(
                isZip
                    ? "\(path) is truncated: it has no directory at its end; copy or save the archive again"
                    : "\(path) is no zip archive, which a .npz file is; save it by np.savez")
        }
        // Numbers that do not fit stand in a larger record before this one, and in the place of one before that.
        let record = try ZipDirectory.record64(bytes, before: end, path: path)
        let fields = record.map { ($0 + 32, $0 + 40, $0 + 48, 8) } ?? (end + 10, end + 12, end + 16, 4)
        guard let count = bytes.littleEndian(at: fields.0, record == nil ? 2 : 8),
            let length = bytes.littleEndian(at: fields.1, fields.3),
            let start = bytes.littleEndian(at: fields.2, fields.3),
            start <= end, length <= end - start, count <= length / 46
        else { throw ZipDirectory.damaged(path, "its directory does not lie within the file") }
        self.count = count
        range = start..<start + length
    }

    private static func damaged(_ path: String, _ reason: String) -> DatasetError {
        DatasetError("\(path) is damaged: \(reason); copy or save the archive again", .damaged)
    }

    /// Where the end record begins: its comment, of up to 65,535 bytes, reaches to the file's end.
    private static func end(of bytes: SampleBytes) -> Int? {
        let last = bytes.count - 22
        guard last >= 0 else { return nil }
        return (max(0, last - 65_535)...last).reversed().first {
            bytes[$0] == 0x50 && bytes.littleEndian(at: $0, 4) == 0x0605_4b50
                && bytes.littleEndian(at: $0 + 20, 2) == last - $0
        }
    }

    /// Where the end record with 64-bit numbers begins, nil for an archive without one.
    private static func record64(_ bytes: SampleBytes, before end: Int, path: String) throws(DatasetError) -> Int? {
        guard bytes.littleEndian(at: end - 20, 4) == 0x0706_4b50 else { return nil }
        guard let record = bytes.littleEndian(at: end - 12, 8), bytes.littleEndian(at: record, 4) == 0x0606_4b50 else {
            throw damaged(path, "its 64-bit directory is not where its end says")
        }
        return record
    }

    /// The members in order.
    ///
    /// - Throws: `DatasetError` for a damaged entry and for two members of one name.
    func members() throws(DatasetError) -> [ZipFile.Member] {
        var members: [ZipFile.Member] = []
        var names: Set<String> = []
        var offset = range.lowerBound
        for number in 0..<count {
            guard let (member, end) = entry(at: offset) else {
                throw ZipDirectory.damaged(path, "entry \(number) of its directory is none")
            }
            guard names.insert(member.name).inserted else {
                throw DatasetError("\(path) holds two members named \(member.name); save it again")
            }
            members.append(member)
            offset = end
        }
        guard offset == range.upperBound else {
            throw ZipDirectory.damaged(path, "its directory holds more than the \(count) members that are announced")
        }
        return members
    }

    /// An entry, and where the next one begins; nil for what is none.
    private func entry(at offset: Int) -> (ZipFile.Member, end: Int)? {
        guard offset <= range.upperBound - 46, bytes.littleEndian(at: offset, 4) == 0x0201_4b50 else { return nil }
        func number(_ place: Int, _ byteCount: Int) -> Int { bytes.littleEndian(at: offset + place, byteCount)! }
        let extra = offset + 46 + number(28, 2)
        let comment = extra + number(30, 2)
        let end = comment + number(32, 2)
        guard end <= range.upperBound else { return nil }
        // What does not fit into 32 bits stands in the extra field, in this order.
        var sizes = [number(24, 4), number(20, 4), number(42, 4)]
        if sizes.contains(0xffff_ffff) {
            guard let field = extraField(1, in: extra..<comment) else { return nil }
            var place = field.lowerBound
            for index in sizes.indices where sizes[index] == 0xffff_ffff {
                guard place + 8 <= field.upperBound, let size = bytes.littleEndian(at: place, 8) else { return nil }
                sizes[index] = size
                place += 8
            }
        }
        let member = ZipFile.Member(
            name: String(decoding: bytes.part(offset + 46..<extra), as: UTF8.self), flags: number(8, 2),
            method: number(10, 2), checksum: UInt32(number(16, 4)), packedBytes: sizes[1], byteCount: sizes[0],
            headerOffset: sizes[2])
        return (member, end)
    }

    /// The data of the extra field with an identifier.
    private func extraField(_ identifier: Int, in range: Range<Int>) -> Range<Int>? {
        var place = range.lowerBound
        while place + 4 <= range.upperBound {
            let end = place + 4 + bytes.littleEndian(at: place + 2, 2)!
            guard end <= range.upperBound else { return nil }
            if bytes.littleEndian(at: place, 2) == identifier { return place + 4..<end }
            place = end
        }
        return nil
    }
}
