// Reads IDX files, the format of MNIST and its successors: a magic number, the axis lengths, the bytes. MNIST.swift
// is the caller; every way such a file can be wrong has its own message.

import Tensors

/// Unsigned bytes of one to four axes, as described on the MNIST page (LeCun, Cortes, Burges): the magic number
/// 00 00 08 d with d axes, d big-endian 32-bit lengths, then the elements row by row.
package struct IDXFile: Sendable {
    /// The axis lengths, the number of samples first: `[count]` for labels, `[count, height, width]` for images.
    package let dimensions: [Int]
    /// The elements, row-major; as many as the product of `dimensions`.
    package let bytes: SampleBytes

    /// Maps a plain file, or unpacks a gzipped one into memory.
    ///
    /// - Parameter axes: how many axes the caller expects, 1 ... 4: 1 for labels, 3 for images.
    /// - Throws: `DatasetError` naming the file, what was found and what was expected. A size field never makes this
    ///   allocate more than the file can hold.
    package init(path: String, axes: Int) throws(DatasetError) {
        require((1...4).contains(axes), "an IDX file is read with 1 to 4 axes, not \(axes)")
        let file = try GzipFile(path: path)
        try IDXFile.checkMagic(file.read(upTo: 4), axes: axes, path: path)
        let lengths = try file.read(upTo: 4 * axes)
        guard lengths.count == 4 * axes else {
            throw DatasetError("\(path) is truncated: it ends inside its header; download it again", .damaged)
        }
        dimensions = (0..<axes).map { axis in lengths[4 * axis..<4 * axis + 4].reduce(0) { $0 << 8 | Int($1) } }
        bytes = try IDXFile.payload(of: file, dimensions: dimensions)
    }

    /// What a file of such axes begins with.
    package static func header(dimensions: [Int]) -> [UInt8] {
        [0, 0, 8, UInt8(dimensions.count)]
            + dimensions.flatMap { length in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) } }
    }

    private static func payload(of file: borrowing GzipFile, dimensions: [Int]) throws(DatasetError) -> SampleBytes {
        let path = file.path
        guard !dimensions.contains(0) else {
            throw DatasetError("\(path) is empty: its header announces \(dimensions) bytes")
        }
        let count = dimensions.reduce(1) { product, length in
            let (next, overflow) = product.multipliedReportingOverflow(by: length)
            return overflow ? .max : next
        }
        guard count <= file.mostBytes else {
            throw DatasetError(
                "\(path) is truncated or has a damaged header: the header announces \(dimensions) bytes, more than a "
                    + "file of \(file.storedBytes) bytes can hold; download it again")
        }
        let header = 4 + 4 * dimensions.count
        if file.isPlain, let mapped = SampleBytes(mapping: path, header: header, count: count) { return mapped }
        // Also a plain file that is too short or too long, to tell what is wrong with it.
        let bytes = try file.read(upTo: count)
        guard bytes.count == count else {
            throw DatasetError(
                "\(path) is truncated: it holds \(bytes.count) bytes after its header, expected \(count) for "
                    + "\(dimensions); download it again")
        }
        guard try file.read(upTo: 1).isEmpty else {
            throw DatasetError(
                "\(path) holds extra bytes after the \(count) that its header announces for \(dimensions); "
                    + "download it again")
        }
        return SampleBytes(bytes)
    }

    private static func checkMagic(_ magic: [UInt8], axes: Int, path: String) throws(DatasetError) {
        if magic == [0, 0, 8, UInt8(axes)] { return }
        guard magic.count == 4, magic.starts(with: [0, 0]), (8...14).contains(magic[2]), (1...4).contains(magic[3])
        else {
            let found = magic.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            throw DatasetError(
                "\(path) is no IDX file: it begins with \(magic.isEmpty ? "nothing" : found), expected "
                    + "00 00 08 0\(axes); check the path or download it again")
        }
        guard magic[2] == 8 else {
            throw DatasetError("\(path) has IDX element type 0x0\(String(magic[2], radix: 16)), expected bytes (0x08)")
        }
        throw DatasetError(
            "\(path) is \(kind(axes: Int(magic[3]))), expected \(kind(axes: axes)); were two files exchanged?")
    }

    private static func kind(axes: Int) -> String {
        switch axes {
        case 1: "a label file (IDX1)"
        case 3: "an image file (IDX3)"
        default: "a file of \(axes) axes (IDX\(axes))"
        }
    }
}
