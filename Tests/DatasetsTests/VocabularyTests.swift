// How texts are cut into tokens, and which numbers these have.

import Foundation
import Testing

import Datasets

struct VocabularyTests {
    private func vocabulary(
        _ texts: [String], _ unit: Vocabulary.Unit, limit: Int? = nil, minimumCount: Int = 1, special: Bool = true,
        _ ordering: Vocabulary.Ordering = .frequency
    ) -> Vocabulary {
        Vocabulary(
            counting: texts, unit: unit, limit: limit, minimumCount: minimumCount, hasPadding: special,
            hasUnknown: special, ordering: ordering)
    }

    private func tokens(_ vocabulary: Vocabulary) -> [String] { (0..<vocabulary.count).map(vocabulary.token) }

    /// Each scalar that is no blank is in some token, in order.
    @Test(
        arguments: [
            ("don't stop", ["don't", "stop"]), ("'quoted' words'", ["'", "quoted", "'", "words", "'"]),
            ("a,b;c  d\t\n\r\ne", ["a", ",", "b", ";", "c", "d", "e"]), ("£1.50", ["£", "1", ".", "50"]),
            ("naïve nai\u{308}ve", ["naïve", "nai\u{308}ve"]), ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),
            ("日本、東京", ["日本", "、", "東京"]), ("👍🏽x", ["👍", "🏽", "x"]), ("rock’n’roll’", ["rock’n’roll", "’"]),
            ("a\u{a0}b\u{2003}c\u{85}d", ["a", "b", "c", "d"]), ("a_b", ["a", "_", "b"]),
            ("x''y", ["x", "'", "'", "y"]),
            ("", []), (" \u{3000}\t", []), ("٣٤ Ⅷ ½", ["٣٤", "Ⅷ", "½"]), ("e\u{301}", ["e\u{301}"]),
        ] as [(String, [String])])
    func wordsAreCut(text: String, expected: [String]) {
        let vocabulary = vocabulary([text], .words)
        let found = vocabulary.numbers(of: text).map { Array(vocabulary.token(Int($0)).utf8) }
        #expect(found == expected.map { Array($0.utf8) })
    }

    @Test func charactersAreScalars() {
        let vocabulary = vocabulary(["a\r\n", "e\u{301}é"], .characters, special: false, .sorted)
        #expect(
            tokens(vocabulary).map { Array($0.unicodeScalars) } == [["\n"], ["\r"], ["a"], ["e"], ["é"], ["\u{301}"]])
        #expect(vocabulary.numbers(of: "\r\na") == [1, 0, 2])
        #expect(vocabulary.numbers(of: "x") == [-1] && vocabulary.unknown == nil && vocabulary.padding == nil)
        #expect(Array(vocabulary.text(of: [3, 5, 1, 0]).utf8) == Array("e\u{301}\r\n".utf8))
    }

    @Test func bytesAreAllThere() {
        let plain = vocabulary(["abc"], .bytes, limit: 3, special: false)
        #expect(plain.count == 256 && plain.numbers(of: "aé") == [97, 195, 169])
        #expect(plain.text(of: [97, 195, 169]) == "aé" && plain.token(195) == "<0xC3>" && plain.token(97) == "a")
        let special = vocabulary([], .bytes)
        #expect(special.count == 258 && special.numbers(of: "\0\u{7f}") == [2, 129])
    }

    @Test func theMoreFrequentComeFirst() {
        let texts = ["b a b", "é z c c", "c z"]
        let all = vocabulary(texts, .words)
        #expect(tokens(all) == ["<padding>", "<unknown>", "c", "b", "z", "a", "é"])
        #expect(all.numbers(of: "z nothing c") == [4, 1, 2])
        #expect(tokens(vocabulary(texts.reversed(), .words)) == tokens(all))
        #expect(tokens(vocabulary(texts, .words, limit: 4)) == ["<padding>", "<unknown>", "c", "b"])
        #expect(tokens(vocabulary(texts, .words, limit: 1)) == ["<padding>", "<unknown>"])
        #expect(tokens(vocabulary(texts, .words, minimumCount: 2)) == ["<padding>", "<unknown>", "c", "b", "z"])
        #expect(tokens(vocabulary(texts, .words, limit: 4, .sorted)) == ["<padding>", "<unknown>", "b", "c"])
        #expect(all.text(of: [2, 0, 1, 6, 0]) == "c \u{FFFD} é")
    }

    /// Scalars beyond those with a table of their own, and more words than a first table holds.
    @Test func manyTokens() {
        let words = (0..<5000).map { "w\($0)" }
        let vocabulary = vocabulary([words.joined(separator: " ")], .words)
        #expect(vocabulary.count == 5002 && Set(vocabulary.numbers(of: words.joined(separator: " "))).count == 5000)
        let scalars = (0..<4000).compactMap { Unicode.Scalar(0x2F00 + $0) } + ["😀"]
        let text = String(String.UnicodeScalarView(scalars))
        let characters = self.vocabulary([text], .characters)
        let found = characters.numbers(of: text + "\u{1F601}a").map { Int($0) }
        #expect(Array(characters.text(of: found.dropLast(2)).utf8) == Array(text.utf8) && found.suffix(2) == [1, 1])
    }

    @Test(arguments: Vocabulary.Unit.allCases)
    func itTravelsAsJSON(unit: Vocabulary.Unit) throws {
        let vocabulary = vocabulary(["a \u{301} é e\u{301} \u{0}\r\n\u{2028} 😀 \"\\"], unit)
        let coded = try JSONEncoder().encode(vocabulary)
        let read = try JSONDecoder().decode(Vocabulary.self, from: coded)
        #expect(read == vocabulary && read.hashValue == vocabulary.hashValue)
        #expect(read.numbers(of: "e\u{301} \0😀x") == vocabulary.numbers(of: "e\u{301} \0😀x"))
    }

    @Test func differentBytesAreDifferent() {
        #expect(vocabulary(["é"], .words) != vocabulary(["e\u{301}"], .words))
        #expect(vocabulary(["a"], .words) != vocabulary(["a"], .characters))
    }

    @Test(arguments: [#"["a","a"]"#, #"["a",3]"#])
    func damagedOnesAreRefused(tokens: String) {
        let json = Data(#"{"unit":"words","hasPadding":true,"hasUnknown":true,"tokens":\#(tokens)}"#.utf8)
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(Vocabulary.self, from: json) }
    }

    private struct KerasCase: Decodable {
        let unit: Vocabulary.Unit
        let size: Int
        let lowercase: Bool
        let train, texts, vocabulary: [String]
        let numbers: [[Int32]]
    }

    /// scripts/reference/texts.py
    @Test func kerasGivesTheSameNumbers() throws {
        let url = try #require(Bundle.module.url(forResource: "Reference/texts", withExtension: "json"))
        let cases = try JSONDecoder().decode([KerasCase].self, from: Data(contentsOf: url))
        #expect(cases.count == 6)
        for keras in cases {
            var options = TextOptions()
            options.lowercase = keras.lowercase
            let vocabulary = vocabulary(keras.train.map(options.cleaned), keras.unit, limit: keras.size)
            #expect(tokens(vocabulary).dropFirst(2) == keras.vocabulary.dropFirst(2))
            #expect(keras.texts.map { vocabulary.numbers(of: options.cleaned($0)) } == keras.numbers, "\(keras)")
        }
    }
}
