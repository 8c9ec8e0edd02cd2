// What `inspect` says of texts to continue: tokens, vocabulary, the commonest, and how they are divided.

import Foundation
import Lockstep

struct LanguageSummary: Encodable {
    struct Part: Encodable {
        let name: String
        let tokenCount: Int
        let windowCount: Int
    }

    struct Token: Encodable {
        let number: Int
        let text: String
        let count: Int
    }

    let name: String
    /// `characters`, `words` or `bytes`; nil for numbers of another program.
    let unit: String?
    let vocabularySize: Int
    /// Tokens that the training part holds.
    let usedTokenCount: Int
    let blockSize: Int
    let stride: Int
    let parts: [Part]
    /// Of the training part, the commonest first.
    let commonest: [Token]
    let notes: [String]

    private static let listed = 12

    /// nil for other data.
    init?(_ loaded: LoadedData) {
        guard let train = loaded.train as? TokenDataset, let language = loaded.preparation as? LanguagePreparation
        else { return nil }
        name = train.name
        (unit, vocabularySize) = (language.unit?.rawValue, language.vocabularySize)
        (blockSize, stride) = (train.blockSize, train.stride)
        let all = [("training", train), ("validation", loaded.validation), ("test", loaded.test)]
        parts = all.compactMap { (name: String, part: (any Dataset)?) in
            (part as? TokenDataset).map { Part(name: name, tokenCount: $0.tokens.count, windowCount: $0.count) }
        }
        var counts = [Int](repeating: 0, count: language.vocabularySize)
        train.tokens.forEach { counts[$0] += 1 }
        usedTokenCount = counts.count { $0 > 0 }
        commonest = counts.indices.filter { counts[$0] > 0 }.sorted { (-counts[$0], $0) < (-counts[$1], $1) }
            .prefix(LanguageSummary.listed).map {
                Token(
                    number: $0, text: language.vocabulary?.token($0) ?? language.tokenTexts?[$0] ?? "\($0)",
                    count: counts[$0])
            }
        notes = loaded.notes
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Lines, without the last one's end.
    var text: String {
        let total = max(1, parts[0].tokenCount)
        var lines = [name]
        lines.append(
            "vocabulary  \(vocabularySize) \(unit ?? "tokens"), \(usedTokenCount) of them in the training part")
        lines.append("windows     \(blockSize) positions, every \(stride) tokens in training")
        for part in parts { lines.append("\(part.name): \(part.tokenCount) tokens in \(part.windowCount) windows") }
        lines += ["", "commonest  number     count   share"]
        for token in commonest {
            let text = token.text.debugDescription
            let shown = text.count > 10 ? text.prefix(9) + "…" : text[...]
            let share = String(format: "%.1f %%", 100 * Double(token.count) / Double(total))
            lines.append(
                shown + String(repeating: " ", count: max(0, 10 - shown.count))
                    + [("\(token.number)", 7), ("\(token.count)", 10), (share, 8)].map { text, width in
                        String(repeating: " ", count: max(1, width - text.count)) + text
                    }.joined())
        }
        return (lines + (notes.isEmpty ? [] : [""] + notes)).joined(separator: "\n")
    }
}
