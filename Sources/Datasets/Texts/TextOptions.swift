// How texts become numbers, in the settings' words. TextPreparation is fitted with it and keeps it.

import Foundation

/// What a token is, and which are known.
public struct TextOptions: Sendable, Hashable, Codable {
    /// One way to write what Unicode can write in several.
    public enum Normalization: String, Sendable, Codable, CaseIterable { case none, nfc, nfkc }

    public var unit = Vocabulary.Unit.words
    /// The most tokens, with those for padding and for unknown ones; the most frequent ones of the training part.
    public var vocabularySize = 20_000
    /// How often a token must occur in the training part.
    public var minimumCount = 1
    /// The most tokens of a text, which is cut behind them; nil for as many as the longest training text has, at most 400.
    public var lengthLimit: Int?
    /// Whether capital letters are taken for small ones.
    public var lowercase = false
    public var normalization = Normalization.none
    /// The column of a table that says how much each row counts.
    package var weight: String?

    public init() {}

    /// The longest text, where no limit is given.
    static let usualLimit = 400

    /// A text as its tokens are cut: normalised, then lower-cased, where that is asked for.
    package func cleaned(_ text: String) -> String {
        let normal =
            switch normalization {
            case .none: text
            case .nfc: text.precomposedStringWithCanonicalMapping
            case .nfkc: text.precomposedStringWithCompatibilityMapping
            }
        return lowercase ? normal.lowercased() : normal
    }
}
