// `--config NAME or FILE.yaml`, and the config.yaml of runs and checkpoints: a YAML mapping of settings' names to values,
// those of lists as sequences.

import Foundation
import Lockstep
import Streams

/// The settings of a configuration.
struct ConfigurationFile {
    let layer: SettingsLayer

    /// - Parameter nameOrPath: a built-in configuration's name, else the path of a file or a pipe.
    init(_ nameOrPath: String) throws {
        if let named = NamedConfiguration(rawValue: nameOrPath) {
            try self.init(text: named.text, file: nameOrPath)
            return
        }
        let bytes: [UInt8]
        do { bytes = try FileBytes.read(nameOrPath) } catch {
            throw TrainingError(
                "can't read the configuration \(nameOrPath): \(error), and it is none of the built-in configurations "
                    + NamedConfiguration.list)
        }
        try self.init(text: Text.decode(bytes, file: nameOrPath), file: nameOrPath)
    }

    /// - Parameter file: what errors call the text.
    init(text: String, file: String) throws {
        let entries = try ConfigurationEntry.read(text, file: file)
        if entries.isEmpty {
            throw TrainingError("\(file) is empty: expected lines such as 'epochs: 5', one setting each")
        }
        var layer = SettingsLayer()
        for entry in entries {
            let origin = SettingOrigin.file(file, line: entry.line)
            let setting = try ConfigurationFile.setting(entry.key, origin)
            guard layer.values[setting.name] == nil else {
                throw TrainingError(
                    "\(origin.subject(entry.key)) and '\(setting.name)' are one setting: give one of them")
            }
            guard setting.isList || !entry.isList else {
                throw TrainingError("\(origin.subject(entry.key)) wants a single value, got a list")
            }
            let words = setting.isList && !entry.isList ? ListText.split(entry.words[0]) : entry.words
            try layer.take(words, for: setting, from: origin)
        }
        self.layer = layer
    }

    private static func setting(_ name: String, _ origin: SettingOrigin) throws -> any AnySetting {
        if let setting = SettingsTable.byName[name] {
            if setting.isInFiles { return setting }
            throw TrainingError("\(origin.subject(name)) is for the command line: give it as --\(name)")
        }
        let known = SettingsTable.byName.filter { $0.value.isInFiles }.keys.sorted()
        let hint = nearest(to: name, among: known).map { "; did you mean '\($0)'?" } ?? ""
        throw TrainingError(
            "\(origin.place ?? "the configuration"): unknown key '\(name)'\(hint)\n  known keys: \(known.joined(separator: ", "))"
        )
    }
}

extension ResolvedSettings {
    /// Given flags on top of the configuration file that they may name.
    init(flags: SettingsLayer) throws {
        self.init([try flags.withFiles()])
    }

}

extension SettingsLayer {
    /// Flags with the settings of the files that they name below them. A file is read once: it may be a pipe.
    func withFiles() throws -> SettingsLayer {
        var result = self
        let table = SettingsTable.all
        if let config = result.remove(table.run.config.name) as? String {
            result.fill(from: try ConfigurationFile(config).layer)
        }
        guard let path = result.values[table.data.data.name]?.value as? String,
            path.hasSuffix(".yaml") || path.hasSuffix(".yml")
        else { return result }
        _ = result.remove(table.data.data.name)
        result.fill(from: try SettingsLayer.dataFile(path))
        return result
    }

    /// The settings of a YAML file in the place of `--data`.
    private static func dataFile(_ path: String) throws -> SettingsLayer {
        let layer = try ConfigurationFile(path).layer
        let known = Set(SettingsTable.dataEntries.map(\.name))
        if let other = layer.values.keys.sorted().first(where: { !known.contains($0) }) {
            throw TrainingError(
                "\(path) describes data: '\(other)' is no setting of these; give it as --\(other) or in --config")
        }
        guard let source = layer.values[SettingsTable.all.data.data.name]?.value as? String, source != path else {
            throw TrainingError("\(path) describes data, but has no line such as 'data: csv:FILE'")
        }
        return layer
    }
}

extension Checkpoint {
    /// The settings of its run.
    func settingsLayer() throws -> SettingsLayer {
        try ConfigurationFile(text: state.configuration, file: path).layer
    }
}
