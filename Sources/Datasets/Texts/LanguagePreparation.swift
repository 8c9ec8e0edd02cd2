// What a language model's run keeps of its text: the vocabulary, and how long the windows are. evaluate and generate turn
// other texts into the same tokens by it.

import Foundation

/// The tokens of a language model.
package struct LanguagePreparation: Preparation, Hashable {
    package static let kind = "language"

    /// How many tokens there are.
    package let vocabularySize: Int
    /// Of a text; nil where the numbers come from another program and are no characters.
    package let vocabulary: Vocabulary?
    /// What tokens of another program stand for, where that is known and not in `vocabulary`.
    package let tokenTexts: [String]?
    /// The positions of a window.
    package let blockSize: Int

    package init(_ vocabulary: Vocabulary, blockSize: Int) {
        (self.vocabulary, self.blockSize) = (vocabulary, blockSize)
        (vocabularySize, tokenTexts) = (vocabulary.count, nil)
    }

    /// Tokens that another program has numbered.
    ///
    /// - Parameter texts: what each stands for, nil where that is not known.
    package init(vocabularySize: Int, texts: [String]?, blockSize: Int) {
        (self.vocabularySize, self.blockSize) = (vocabularySize, blockSize)
        vocabulary = texts.flatMap(LanguagePreparation.characters)
        tokenTexts = vocabulary == nil ? texts : nil
    }

    /// A vocabulary of these characters in their order; nil where they are others than single ones, each once.
    private static func characters(_ texts: [String]) -> Vocabulary? {
        struct Stored: Encodable {
            let unit = Vocabulary.Unit.characters
            let hasPadding = false
            let hasUnknown = false
            let tokens: [String]
        }
        guard texts.allSatisfy({ $0.unicodeScalars.count == 1 }) else { return nil }
        return (try? JSONEncoder().encode(Stored(tokens: texts))).flatMap {
            try? JSONDecoder().decode(Vocabulary.self, from: $0)
        }
    }

    package var notes: [String] { [] }

    /// What a token is, in words: `characters`.
    package var unit: Vocabulary.Unit? { vocabulary?.unit }

    package func check(_ source: String) throws(DatasetError) {
        try vocabulary?.check(source)
        let isSized = vocabulary.map { $0.count == vocabularySize } ?? true
        guard isSized, tokenTexts.map({ $0.count == vocabularySize }) ?? true, (1...1 << 24).contains(vocabularySize),
            (1...1 << 24).contains(blockSize)
        else { throw DatasetError("\(source) holds a damaged vocabulary; take another checkpoint", .damaged) }
    }

    /// The tokens of a text to continue.
    ///
    /// - Throws: `DatasetError` naming a character that the vocabulary lacks, and where there is no vocabulary.
    package func numbers(of text: String) throws(DatasetError) -> [Int] {
        guard let vocabulary else {
            throw DatasetError(
                "the run was trained on numbers of tokens, and how text becomes such numbers is not known to it: give "
                    + "numbers")
        }
        let numbers = vocabulary.numbers(of: text).map(Int.init)
        if numbers.contains(-1) {
            let missing = text.unicodeScalars.filter { vocabulary.numbers(of: String($0)) == [-1] }
            let names = Set(missing).sorted().prefix(8).map { "'\($0)' (\($0.codeName))" }.joined(separator: ", ")
            throw DatasetError("not among the \(vocabulary.count) \(vocabulary.unit) of the run: \(names)")
        }
        return numbers
    }
}

/// Text as its tokens come, in pieces that are whole characters.
package struct TokenText {
    private let preparation: LanguagePreparation
    private var pending: [Int] = []
    private var isFirst = true

    package init(_ preparation: LanguagePreparation) { self.preparation = preparation }

    /// What can be shown after one more token; empty within a character of several bytes.
    package mutating func add(_ token: Int) -> String {
        defer { isFirst = false }
        guard let vocabulary = preparation.vocabulary else {
            return preparation.tokenTexts?[token] ?? (isFirst ? "" : " ") + "\(token)"
        }
        switch vocabulary.unit {
        case .characters: return vocabulary.text(of: [token])
        case .words: return (isFirst ? "" : " ") + vocabulary.text(of: [token])
        case .bytes:
            pending.append(token)
            let whole = pending.prefix(pending.count - openBytes)
            defer { pending.removeFirst(whole.count) }
            return vocabulary.text(of: whole)
        }
    }

    /// What is left: bytes that no character was made of.
    package mutating func end() -> String {
        defer { pending = [] }
        return preparation.vocabulary?.text(of: pending) ?? ""
    }

    /// How many bytes at the end may be the begin of a character.
    private var openBytes: Int {
        for (distance, byte) in pending.suffix(3).reversed().enumerated() {
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return distance + 1 < length ? distance + 1 : 0
        }
        return 0
    }
}
