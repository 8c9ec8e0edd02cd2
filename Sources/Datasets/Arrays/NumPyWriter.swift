// Writes arrays that NumPy loads, e.g. predictions.

import Foundation
import Streams
import Tensors

/// Files of NumPy's format, version 1.0, little-endian, row-major.
package enum NumPyWriter {
    /// Floats as `<f4`.
    ///
    /// - Parameter shape: lengths whose product is the number of values; `[]` for one.
    /// - Throws: `DatasetError` where the file can't be written. It is complete or absent.
    package static func write(_ values: [Float], shape: [Int], to path: String) throws(DatasetError) {
        try write(data("<f4", values.map(\.bitPattern), shape), to: path)
    }

    /// Integers as `<i8`, otherwise as floats are.
    package static func write(_ values: [Int], shape: [Int], to path: String) throws(DatasetError) {
        try write(data("<i8", values.map { Int64($0) }, shape), to: path)
    }

    private static func data<T: FixedWidthInteger>(_ code: String, _ values: [T], _ shape: [Int]) -> Data {
        require(
            shape.reduce(1, *) == values.count, "NumPyWriter: \(values.count) values are no array of shape \(shape)")
        let lengths = shape.map { "\($0)," }.joined(separator: " ")
        // One length keeps its comma, a tuple of more needs none.
        let tuple = shape.count > 1 ? String(lengths.dropLast()) : lengths
        let text = "{'descr': '\(code)', 'fortran_order': False, 'shape': (\(tuple)), }"
        // The elements begin at a multiple of 64 bytes, after a newline.
        let padding = 63 - (10 + text.utf8.count) % 64
        let length = UInt16(text.utf8.count + padding + 1)
        var data = Data([0x93] + "NUMPY".utf8 + [1, 0, UInt8(truncatingIfNeeded: length), UInt8(length >> 8)])
        data.append(contentsOf: Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0a])
        values.map(\.littleEndian).withUnsafeBytes { data.append(contentsOf: $0) }
        return data
    }

    private static func write(_ data: Data, to path: String) throws(DatasetError) {
        do {
            try data.write(to: URL(fileURLWithPath: expandingHome(path)), options: .atomic)
        } catch {
            throw DatasetError(
                "cannot write \(path): \(error.localizedDescription); check the folder and its free space")
        }
    }
}
