// The settings of `lockstep train`, by group. A new setting is a new property of one of the groups beside this file, and
// nothing else.

import Foundation
import Lockstep

/// A topic of the help. Its properties are settings.
protocol SettingsGroup: Sendable {
    /// The help's heading.
    static var title: String { get }
    init()
}

extension SettingsGroup {
    /// Its settings in the order of their declaration.
    static var entries: [any AnySetting] {
        Mirror(reflecting: Self()).children.compactMap { $0.value as? any AnySetting }
    }
}

/// All groups. Its properties' names are how code refers to them: `settings.data.validationSplit`.
struct SettingsTable: Sendable {
    let model = ModelSettings()
    let data = DataSettings()
    let tables = TableSettings()
    let pictures = PictureSettings()
    let texts = TextSettings()
    let series = SeriesSettings()
    let training = TrainingSettings()
    let optimizer = OptimizerSettings()
    let run = RunFolderSettings()
    let checkpoints = CheckpointSettings()
    let execution = ExecutionSettings()
    let output = OutputSettings()

    static let all = SettingsTable()

    /// In the order of the help.
    static let groups: [any SettingsGroup] = Mirror(reflecting: all).children.compactMap {
        $0.value as? any SettingsGroup
    }

    static let entries: [any AnySetting] = groups.flatMap { type(of: $0).entries }

    /// Those that describe data, in a file of their own if wanted.
    static let dataEntries: [any AnySetting] =
        DataSettings.entries + TableSettings.entries + PictureSettings.entries + TextSettings.entries
        + SeriesSettings.entries

    /// By name and by other name.
    static let byName: [String: any AnySetting] = Dictionary(
        uniqueKeysWithValues: entries.flatMap { setting in
            ([setting.name] + (setting.alias.map { [$0] } ?? [])).map { ($0, setting) }
        })

    /// The one text of all that mean the same for a setting; of nil its default's. Text of no setting means itself.
    static func meaning(_ name: String, _ text: String?) -> String? {
        guard let setting = byName[name] else { return text }
        return setting.meaning(text)
    }

    /// Names of recorded settings that hold a path.
    static var paths: Set<String> { Set(entries.filter(\.holdsPath).map(\.name)) }
}
