// How a table's rows become windows of a series.

import Lockstep

struct SeriesSettings: SettingsGroup {
    static let title = "Series"

    let window = Setting(
        "window", .integer("rows", from: 1), "Forecast from this many rows, one after the other.")
}

extension ResolvedGroup<SeriesSettings> {
    /// Whether a table is a series.
    var isAsked: Bool { self.window != nil }
}
