// How texts become numbers.

import Lockstep

struct TextSettings: SettingsGroup {
    static let title = "Texts"

    let textColumn = Setting(
        "text-column", .text("column"), "The column of a table that holds texts, which are then the input.")
    let textUnit = Setting(
        "text-unit", SettingForm<Vocabulary.Unit>.choice("unit"),
        "What a token is (unless given, words; of texts to continue, characters).", record: .unlessDefault)
    let vocabularySize = Setting(
        "vocabulary-size", .integer("n", from: 2, to: 1 << 24),
        "The most tokens that are known, the most frequent ones of the training part (unless given, 20000); of tokens:DIR, "
            + "how many there are.", record: .unlessDefault)
    let blockSize = Setting(
        "block-size", .integer("positions", from: 1, to: 1 << 20), default: 64,
        "The positions of a language model's windows.", record: .unlessDefault)
    let windowStride = Setting(
        "window-stride", .integer("tokens", from: 1, to: 1 << 20),
        "Tokens from the begin of a training window to that of the next (unless given, --block-size: each token once an "
            + "epoch).")
    let minimumCount = Setting(
        "minimum-count", .integer("n", from: 1), default: 1,
        "How often a token must occur in the training part; others are unknown.", record: .unlessDefault)
    let lengthLimit = Setting(
        "length-limit", .integer("n", from: 1, to: 1 << 24),
        "The most tokens of a text, the rest is cut off (unless given, as the longest training text, at most 400).",
        record: .unlessDefault)
    let lowercase = Setting(
        "lowercase", .flag, default: false, "Take capital letters for small ones.", record: .unlessDefault)
    let normalizeText = Setting(
        "normalize-text", .choice("form"), default: TextOptions.Normalization.none,
        "Unicode's normalisation of texts.", record: .unlessDefault)
    let dropDuplicates = Setting(
        "drop-duplicates", .flag, default: false, "Take a text with its class once, where it stands there again.",
        record: .unlessDefault)
}

extension ResolvedSettings {
    var textOptions: TextOptions {
        var options = TextOptions()
        options.unit = self.texts.textUnit ?? .words
        (options.vocabularySize, options.minimumCount) = (
            self.texts.vocabularySize ?? options.vocabularySize, self.texts.minimumCount
        )
        (options.lengthLimit, options.lowercase) = (self.texts.lengthLimit, self.texts.lowercase)
        options.normalization = self.texts.normalizeText
        return options
    }
}
