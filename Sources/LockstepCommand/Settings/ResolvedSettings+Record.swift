// What a run's folder and checkpoints keep of its settings, and how settings of two runs are compared.

import Lockstep

extension ResolvedSettings {
    /// The settings as YAML that `--config` takes.
    func configuration() throws -> String {
        try ConfigurationEntry.text(
            SettingsTable.entries.compactMap { setting in
                setting.recordedWords(self).map {
                    ConfigurationEntry(key: setting.name, words: $0, isList: setting.isList)
                }
            })
    }

    /// The names of the settings that change no bits of what is to come.
    var changeable: Set<String> {
        Set(SettingsTable.entries.filter { !changesBits($0) }.map(\.name))
    }

    private func changesBits(_ setting: any AnySetting) -> Bool {
        switch setting.resume {
        case .same: true
        case .mayChange, .anew: false
        case .mayChangeUnless(let condition): condition(self)
        }
    }
}
