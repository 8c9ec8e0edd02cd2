// Lists as one text: what commas, quotes and spaces mean.

import Streams
import Testing

@Suite struct ListTextTests {
    @Test(arguments: [
        ("", []), (" ", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a , b ", ["a", "b"]), ("a,", ["a", ""]),
        ("\"a,b\",c", ["a,b", "c"]), ("\"\"", [""]), ("\"say \"\"x\"\"\"", ["say \"x\""]), ("a\"b", ["a\"b"]),
    ])
    func isSplit(text: String, words: [String]) { #expect(ListText.split(text) == words) }

    @Test(arguments: [
        [], [""], ["a"], ["", ""], ["a,b", "c"], [" a "], ["\""], ["\",", "x"], ["say \"x\"", "größe"],
    ])
    func isReadBack(words: [String]) { #expect(ListText.split(ListText.joined(words)) == words) }
}
