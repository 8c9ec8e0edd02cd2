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
}
