// Text from other systems is read as it is meant, or refused by line.

import Foundation
import Streams
import Testing

@Suite struct TextTests {
    @Test(arguments: [
        ("a\nb\n", "a\nb\n"), ("a\r\nb\r\n", "a\nb\n"), ("a\rb\r", "a\nb\n"), ("a\r\r\n\nb", "a\n\n\nb"), ("", ""),
        ("\u{FEFF}a\r\nb", "a\nb"), ("\u{FEFF}", ""), ("a\u{FEFF}b\n", "a\u{FEFF}b\n"), ("\r", "\n"),
        ("größe: 1\r\n\u{1F600}\u{2028}\u{85}", "größe: 1\n\u{1F600}\u{2028}\u{85}"),
    ])
    func linesEndInLineFeeds(written: String, meant: String) throws {
        let text = try Text.decode(Data(written.utf8), file: "f")
        // By scalars: CR LF is one Character, and equal to nothing else.
        #expect(Array(text.unicodeScalars) == Array(meant.unicodeScalars))
    }

    @Test(arguments: [
        (Data("a\r\nb\r".utf8) + [0xE4, 0x0A], "f:3: this line is not UTF-8; save the file as UTF-8"),
        (Data([0xFF, 0xFE, 0x61, 0x00]), "f:1: this is UTF-16; save the file as UTF-8"),
        (Data([0xFE, 0xFF, 0x00, 0x61]), "f:1: this is UTF-16; save the file as UTF-8"),
        (Data("ok\n".utf8) + [0xC3], "f:2: this line is not UTF-8; save the file as UTF-8"),
    ])
    func whatIsNoTextIsRefusedByLine(bytes: Data, message: String) {
        let error = #expect(throws: TextError.self) { try Text.decode(bytes, file: "f") }
        #expect(error?.description == message)
    }
}
