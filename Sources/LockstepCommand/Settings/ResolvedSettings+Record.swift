// What a run's folder and checkpoints keep of its settings, and how settings of two runs are compared.

import Foundation
import Lockstep
import Yams

extension ResolvedSettings {
    /// The settings as YAML that `--config` takes.
    func configuration() throws -> String {
        let pairs = SettingsTable.entries.compactMap { setting in
            setting.recordedWords(self).map { words in
                let node: Node =
                    setting.isList
                    ? .sequence(Node.Sequence(words.map { Node($0) }, .implicit, .flow)) : Node(words[0])
                return (Node(setting.name), node)
            }
        }
        return try Yams.serialize(node: Node(pairs), width: -1, allowUnicode: true)
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
