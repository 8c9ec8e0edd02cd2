// What can be given as a setting can be read back from the configuration's text, whatever it holds.

import Testing
import Training

@Suite struct ConfigurationTextTests {
    private static let nasty = [
        "", " ", "plain", "/a/b #c", "/a: b", "a:", ":a", "a #", "#a", " leading", "trailing ", "\t", "a\tb", "tab\t",
        "*alias", "&anchor", "!tag", "!!str x", "|", ">", "%percent", "@at", "`tick", "'single'", "'", "\"",
        "\"double\"",
        "it's", "[a, b]", "{a: b}", "a]", "}", ",", "a, b", "- item", "-", "--", "---", "--- x", "...", "? key", "?",
        "~",
        "null", "Null", "true", "True", "yes", "No", "on", "off", "y", "0x10", "0o7", "1e3", "1_000", "1.0", ".inf",
        ".NaN", "12:30:45", "2026-01-31", "<<", "=", "a\\b", "\\", "\\n", "a\nb", "a\n", "\na", "\n", "a\n\n b\n",
        "a\r\nb", "\r", "größe/ünïcode", "日本語", "\u{1F600}", "e\u{301}", "\u{85}", "a\u{2028}b", "\u{2029}",
        "a\u{FEFF}", "\u{A0}", " \u{A0} ", "\u{1}", "\u{1B}[0m", "\u{7F}", "\u{200B}", "\u{FFFF}",
        String(repeating: "long ", count: 60), String(repeating: "x", count: 3000), "a  b   c", "$HOME/${x}", "a=b",
    ]

    private func expectRoundTrip(_ entries: [(key: String, value: String)]) throws {
        let read = try RunSettings.entries(RunSettings.text(entries))
        #expect(read.map(\.key) == entries.map(\.key))
        // By scalars: Swift takes some strings that differ for equal.
        for (found, meant) in zip(read, entries) {
            #expect(
                Array(found.value.unicodeScalars) == Array(meant.value.unicodeScalars),
                "\(meant.value.debugDescription)")
        }
    }

    @Test func nastyValues() throws {
        for value in ConfigurationTextTests.nasty { try expectRoundTrip([("data", value), ("epochs", "5")]) }
        try expectRoundTrip(ConfigurationTextTests.nasty.enumerated().map { ("key\($0.offset)", $0.element) })
    }

    /// Every pair of the characters that mean something in YAML, at the start, in the middle and at the end.
    @Test func pairsOfSpecialCharacters() throws {
        let special = " \n\t#:-?,[]{}&*!|>'\"%@`~=\\a0.\u{85}\u{FEFF}\u{2028}é\u{1F600}".unicodeScalars.map(String.init)
        // Foundation's decoding takes U+FEFF off the start of any string.
        for first in special where first != "\u{FEFF}" {
            try expectRoundTrip(
                special.map { first + $0 }.enumerated().flatMap { index, pair in
                    [
                        ("a\(index)", pair + "x"), ("b\(index)", "x" + pair + "y"), ("c\(index)", "x" + pair),
                        ("d\(index)", pair),
                    ]
                })
        }
    }

    @Test func plainValuesStayPlain() throws {
        let text = try RunSettings.text([
            ("model", "mnist-cnn"), ("data", "mnist:/data/mnist"), ("epochs", "10"), ("learning-rate", "0.001"),
            ("nesterov", "true"), ("clip-norm", "1e-05"),
        ])
        #expect(
            text == """
                model: mnist-cnn
                data: mnist:/data/mnist
                epochs: 10
                learning-rate: 0.001
                nesterov: true
                clip-norm: 1e-05

                """)
    }

    @Test(arguments: ["- a\n", "a: [1, [2]]\n", "a: {b: 1}\n", "a\n", "a: b: c\n", "'"]) func whatIsNoMappingIsRefused(
        text: String
    ) {
        let error = #expect(throws: TrainingError.self) { try RunSettings.entries(text, file: "f.yaml") }
        #expect(error?.description.hasPrefix("f.yaml") == true)
    }

    @Test func listsAreReadBack() throws {
        let lists = [[], [""], ["a"], ["a,b", "c"], ["say \"x\"", " d "], ConfigurationTextTests.nasty]
        let entries = lists.enumerated().map {
            ConfigurationEntry(key: "k\($0.offset)", words: $0.element, isList: true)
        }
        let text = try ConfigurationEntry.text(entries)
        #expect(text.hasPrefix("k0: []\n"))
        let read = try ConfigurationEntry.read(text, file: "f.yaml")
        #expect(read.map(\.words) == lists)
        #expect(!read.contains { !$0.isList })
        #expect(read[2].line == 3)
        #expect(try ConfigurationEntry.read("k:\n  - a\n  - b\n", file: "")[0].words == ["a", "b"])
        // As one text.
        #expect(try RunSettings.entries(text).prefix(4).map(\.value) == ["", "\"\"", "a", "\"a,b\",c"])
    }

    /// A setting that a configuration of an earlier version lacks is what it is by default.
    @Test func absenceHasAMeaning() throws {
        var settings = RunSettings(folder: "", configuration: "a: 1\nb: [x, y]\n", modelName: "")
        #expect(throws: TrainingError.self) { try settings.require(sameBitsAs: "b: [x, y]\n") }
        settings.meaning = { $0 == "a" ? $1 ?? "1" : $1 }
        try settings.require(sameBitsAs: "b: ['x', \"y\"]\n")
        #expect(throws: TrainingError.self) { try settings.require(sameBitsAs: "b: [x, z]\n") }
    }

    @Test func settingsAreComparedByMeaning() throws {
        var settings = RunSettings(folder: "", configuration: "a: 'x # y'\nb: 2\n", modelName: "")
        try settings.require(sameBitsAs: "\"b\": \"2\"\n# a comment\na: \"x # y\"\n")
        settings.configuration = "a: 'x # z'\nb: 2\n"
        let error = #expect(throws: TrainingError.self) { try settings.require(sameBitsAs: "a: 'x # y'\nb: 2\n") }
        #expect(error?.description.contains("a: x # z instead of x # y") == true)
    }
}
