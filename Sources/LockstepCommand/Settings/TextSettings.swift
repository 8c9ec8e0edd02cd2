// How texts become numbers.

import Lockstep

struct TextSettings: SettingsGroup {
    static let title = "Texts"

    let textColumn = Setting(
        "text-column", .text("column"), "The column of a table that holds texts, which are then the input.")
}
