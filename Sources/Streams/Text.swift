// Text files that people edit and other systems send: every reader of one decodes it here.

import Foundation

/// UTF-8 text with the line ends of any system.
package enum Text {
    /// The text of a file's bytes, without a byte order mark; CR LF and CR alone have become LF, so that lines are what
    /// LF divides.
    ///
    /// - Parameter file: what errors call it.
    /// - Throws: `TextError` for bytes that are no UTF-8, with the first line that holds some.
    package static func decode(_ bytes: some Sequence<UInt8>, file: String) throws(TextError) -> String {
        var bytes = Array(bytes)
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw TextError(file: file, line: 1, problem: "this is UTF-16; save the file as UTF-8")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        unifyLineEnds(&bytes)
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        // A line end is never part of another character.
        let lines = bytes.split(separator: lineFeed, omittingEmptySubsequences: false)
        let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw TextError(file: file, line: line + 1, problem: "this line is not UTF-8; save the file as UTF-8")
    }

    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    private static func unifyLineEnds(_ bytes: inout [UInt8]) {
        guard bytes.contains(carriageReturn) else { return }
        var kept = 0
        for (index, byte) in bytes.enumerated() {
            let isFirstOfTwo = byte == carriageReturn && index + 1 < bytes.count && bytes[index + 1] == lineFeed
            if isFirstOfTwo { continue }
            bytes[kept] = byte == carriageReturn ? lineFeed : byte
            kept += 1
        }
        bytes.removeSubrange(kept...)
    }
}

/// A file that is no text, and where.
package struct TextError: Error, CustomStringConvertible, Sendable {
    package let file: String
    /// Counted from 1.
    package let line: Int
    package let problem: String

    package var description: String { "\(file):\(line): \(problem)" }
}
