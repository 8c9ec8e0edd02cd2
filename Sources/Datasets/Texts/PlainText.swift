// Text files for language models, as bytes that are known to be UTF-8: read, divided, and turned into tokens.

import Foundation
import Streams

/// One or more files as one text. Line ends and everything else stay as they are, but for a byte order mark.
package struct PlainText: Sendable {
    /// The files, for messages.
    package let name: String
    package let bytes: [UInt8]

    /// - Throws: `DatasetError` for files that can't be read or are empty, and for what is no UTF-8, with its line.
    package init(_ paths: [String]) throws(DatasetError) {
        var bytes: [UInt8] = []
        for path in paths {
            var own: [UInt8]
            do { own = try FileBytes.read(path) } catch {
                throw DatasetError("cannot read \(path): \(error)", .unreadable)
            }
            if own.starts(with: [0xEF, 0xBB, 0xBF]) { own.removeFirst(3) }
            if String(validating: own, as: UTF8.self) == nil {
                do throws(TextError) { _ = try Text.decode(own, file: path) } catch {
                    throw DatasetError("\(error)", .damaged)
                }
            }
            bytes += own
        }
        name = paths.joined(separator: ",")
        guard !bytes.isEmpty else { throw DatasetError("\(name) is empty: expected text", .damaged) }
        self.bytes = bytes
    }

    /// Unicode scalars.
    package func characterCount(in range: Range<Int>? = nil) -> Int {
        bytes[range ?? bytes.indices].count { $0 & 0xC0 != 0x80 }
    }

    /// Where the last `fraction` of a part begins: behind floor(n (1 - fraction)) of its n characters.
    ///
    /// - Parameter atBlank: whether it is the next place behind a blank or line end.
    /// - Throws: `DatasetError` where either side is empty.
    package func cut(_ range: Range<Int>, last fraction: Double, atBlank: Bool) throws(DatasetError) -> Int {
        var left = Int((Double(characterCount(in: range)) * (1 - fraction)).rounded(.down))
        var place = range.lowerBound
        while place < range.upperBound {
            if bytes[place] & 0xC0 != 0x80 {
                if left == 0 { break }
                left -= 1
            }
            place += 1
        }
        if atBlank, let blank = bytes[max(0, place - 1)..<range.upperBound].firstIndex(where: { $0 <= 0x20 }) {
            place = blank + 1
        }
        guard place > range.lowerBound, place < range.upperBound else {
            throw DatasetError(
                "the last \(fraction) of \(characterCount(in: range)) characters of \(name) leaves nothing on one side: "
                    + "take another fraction, or more text")
        }
        return place
    }

    /// The text of a part.
    package subscript(range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The numbers of a part's tokens.
    ///
    /// - Throws: `DatasetError` naming the first character that the vocabulary lacks, with its line, where it has no number
    ///   for those.
    package func numbers(_ range: Range<Int>, _ vocabulary: Vocabulary) throws(DatasetError) -> [Int32] {
        var numbers: [Int32] = []
        bytes.withUnsafeBufferPointer {
            vocabulary.append(UnsafeBufferPointer(rebasing: $0[range]), to: &numbers)
        }
        guard numbers.contains(-1) else { return numbers }
        var line = 1 + bytes[..<range.lowerBound].count { $0 == 0x0A }
        for scalar in self[range].unicodeScalars {
            if vocabulary.numbers(of: String(scalar)) == [-1] {
                throw DatasetError(
                    "\(name):\(line): '\(scalar)' (\(scalar.codeName)) is not among the \(vocabulary.count) "
                        + "\(vocabulary.unit) that the model was trained on")
            }
            if scalar == "\n" { line += 1 }
        }
        return numbers
    }
}

extension Unicode.Scalar {
    /// `U+00E9`.
    package var codeName: String {
        let hex = String(value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex
    }
}
