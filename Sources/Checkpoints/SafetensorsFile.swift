// The safetensors format, so that weights open in Python and other tools: 8 bytes of header length (little-endian),
// a JSON header with names, shapes and offsets, the floats. Checkpoint writes and reads its two tensor files with it.

import Foundation

/// Encoding and decoding of safetensors files of 32-bit floats,
/// after https://github.com/huggingface/safetensors#format. The machine must be little-endian, as the format is.
package enum SafetensorsFile {
    /// The longest header that readers of the format accept, in bytes.
    static let headerLimit = 100_000_000

    /// One file's bytes, tensors in the given order.
    ///
    /// - Parameter tensors: unique names; `bytes.count` is 4 times the product of `shape`.
    package static func encode(
        _ tensors: [(name: String, shape: [Int], bytes: UnsafeRawBufferPointer)], metadata: [String: String]
    ) -> Data {
        var data = Data()
        encode(tensors, metadata: metadata, into: &data)
        return data
    }

    /// In place of what `data` held, and in its memory where that is large enough.
    static func encode(
        _ tensors: [(name: String, shape: [Int], bytes: UnsafeRawBufferPointer)], metadata: [String: String],
        into data: inout Data
    ) {
        let pairs = metadata.sorted { $0.key < $1.key }.map { "\($0.key.jsonQuoted):\($0.value.jsonQuoted)" }
        var entries = ["\"__metadata__\":{\(pairs.joined(separator: ","))}"]
        var end = 0
        for tensor in tensors {
            precondition(
                tensor.bytes.count == tensor.shape.reduce(4, *),
                "tensor \(tensor.name) of shape \(tensor.shape) has \(tensor.bytes.count) bytes")
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            let start = end
            end += tensor.bytes.count
            entries.append(
                "\(tensor.name.jsonQuoted):{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(start),\(end)]}")
        }
        var header = Array("{\(entries.joined(separator: ","))}".utf8)
        header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
        precondition(header.count <= headerLimit, "a header of \(header.count) bytes, at most \(headerLimit) fit")
        data.removeAll(keepingCapacity: true)
        data.reserveCapacity(8 + header.count + end)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(contentsOf: header)
        for tensor in tensors { data.append(contentsOf: tensor.bytes) }
    }

    /// Shape and place of each tensor; any bytes whatever give a result or an error.
    ///
    /// - Parameter file: the path, for messages.
    /// - Returns: byte ranges counted from the first byte of `data`.
    /// - Throws: `CheckpointError` unless lengths, header, types, shapes and offsets all agree with each other.
    package static func decode(
        _ data: Data, file: String
    ) throws(CheckpointError) -> [String: (shape: [Int], range: Range<Int>)] {
        guard data.count >= 8 else {
            throw CheckpointError(
                "\(file) is truncated: \(data.count) bytes, a safetensors file has at least 8", .damaged)
        }
        let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(headerLimit) else {
            throw CheckpointError(
                "\(file) is damaged: a header of \(length) bytes, at most \(headerLimit) are allowed", .damaged)
        }
        guard length <= UInt64(data.count - 8) else {
            throw CheckpointError(
                "\(file) is truncated: a header of \(length) bytes in a file of \(data.count)", .damaged)
        }
        let start = 8 + Int(length)
        let text = data.dropFirst(8).prefix(Int(length))
        guard text.first == UInt8(ascii: "{") else {
            throw CheckpointError("\(file) is damaged: its header does not begin with {", .damaged)
        }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(text))
        } catch {
            throw CheckpointError("\(file) is damaged: its header cannot be read (\(error))", .damaged)
        }
        return try place(header.tensors, start: start, end: data.count, file: file)
    }

    private static func place(
        _ entries: [(name: String, entry: Entry)], start: Int, end: Int, file: String
    ) throws(CheckpointError) -> [String: (shape: [Int], range: Range<Int>)] {
        for (name, entry) in entries {
            guard entry.dtype == "F32" else {
                throw CheckpointError("\(file): \(name) has type \(entry.dtype), expected F32")
            }
            guard entry.offsets.count == 2, entry.offsets[0] >= 0, entry.offsets[0] <= entry.offsets[1] else {
                throw CheckpointError("\(file) is damaged: \(name) has data_offsets \(entry.offsets)", .damaged)
            }
            guard entry.byteCount == entry.offsets[1] - entry.offsets[0] else {
                throw CheckpointError(
                    "\(file) is damaged: \(name) of shape \(entry.shape) has data_offsets \(entry.offsets)")
            }
        }
        var position = 0
        var result: [String: (shape: [Int], range: Range<Int>)] = [:]
        for (name, entry) in entries.sorted(by: { $0.entry.sortKey < $1.entry.sortKey }) {
            guard entry.offsets[0] == position else {
                throw CheckpointError(
                    "\(file) is damaged: \(name) begins at \(entry.offsets[0]), expected \(position)", .damaged)
            }
            position = entry.offsets[1]
            guard position <= end - start else {
                throw CheckpointError(
                    "\(file) is truncated: \(name) ends at \(position), the file holds \(end - start) bytes of data")
            }
            result[name] = (entry.shape, start + entry.offsets[0]..<start + position)
        }
        guard position == end - start else {
            throw CheckpointError(
                "\(file) is damaged: \(end - start) bytes of data, its tensors take \(position)", .damaged)
        }
        return result
    }
}

/// What the header says of one tensor.
private struct Entry: Decodable {
    let dtype: String
    let shape: [Int]
    let offsets: [Int]

    enum CodingKeys: String, CodingKey {
        case dtype, shape
        case offsets = "data_offsets"
    }

    /// By place; empty tensors come before the one that begins where they lie. Only for two offsets.
    var sortKey: (Int, Int) { (offsets[0], offsets[1]) }

    /// nil for negative axes and for more than can be counted.
    var byteCount: Int? {
        var count = 4
        for length in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: length)
            guard length >= 0, !overflow else { return nil }
            count = product
        }
        return count
    }
}

/// The whole header; the metadata must be strings and are for people.
private struct Header: Decodable {
    var tensors: [(name: String, entry: Entry)] = []

    struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            if key.stringValue == "__metadata__" {
                _ = try container.decode([String: String].self, forKey: key)
            } else {
                tensors.append((key.stringValue, try container.decode(Entry.self, forKey: key)))
            }
        }
        tensors.sort { $0.name < $1.name }
    }
}
