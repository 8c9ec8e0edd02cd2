// The flags of the settings table, for the parser: it asks a type for its flags by reflection, and this one answers from
// the table.

import ArgumentParser
import Lockstep
import Streams

/// What of the table was given on the command line.
struct GivenSettings: ParsableArguments, CustomReflectable {
    private var words: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: SettingKey.self)
        for group in SettingsTable.groups { try decode(group, container) }
    }

    private mutating func decode<Group: SettingsGroup>(
        _ group: Group, _ container: KeyedDecodingContainer<SettingKey>
    ) throws {
        let given = try container.decode(OptionGroup<GivenGroup<Group>>.self, forKey: SettingKey(Group.title))
        words.merge(given.wrappedValue.words) { $1 }
    }

    var customMirror: Mirror { Mirror(self, children: SettingsTable.groups.map { child($0) }) }

    private func child<Group: SettingsGroup>(_ group: Group) -> Mirror.Child {
        (SettingKey(Group.title).stringValue, OptionGroup<GivenGroup<Group>>(title: Group.title.uppercased()))
    }

    /// The given values, checked.
    ///
    /// - Throws: `TrainingError` naming the first flag whose value is wrong.
    func layer() throws -> SettingsLayer {
        var layer = SettingsLayer()
        for setting in SettingsTable.entries {
            if let words = words[setting.name] { try layer.take(words, for: setting, from: .flag) }
        }
        return layer
    }

    func validate() throws {
        do { _ = try layer() } catch let error as TrainingError { throw ValidationError("\(error)") }
    }
}

/// What of one group was given.
private struct GivenGroup<Group: SettingsGroup>: ParsableArguments, CustomReflectable {
    /// By setting: a list's items, else one word.
    private(set) var words: [String: [String]] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: SettingKey.self)
        for setting in Group.entries {
            let key = SettingKey(setting.name)
            if setting.isFlag {
                let isSet = try container.decode(Flag<Bool?>.self, forKey: key).wrappedValue
                words[setting.name] = isSet.map { ["\($0)"] }
            } else {
                let text = try container.decode(Option<String?>.self, forKey: key).wrappedValue
                words[setting.name] = text.map { setting.isList ? ListText.split($0) : [$0] }
            }
        }
    }

    var customMirror: Mirror {
        Mirror(self, children: Group.entries.map { (SettingKey($0.name).stringValue, wrapper($0)) })
    }

    private func wrapper(_ setting: any AnySetting) -> Any {
        let names =
            [NameSpecification.Element.customLong(setting.name)] + (setting.alias.map { [.customLong($0)] } ?? [])
        let help = ArgumentHelp(stringLiteral: setting.fullHelp)
        if setting.isFlag {
            return Flag<Bool?>(
                name: NameSpecification(names), inversion: .prefixedNo, exclusivity: .chooseLast, help: help)
        }
        return Option<String?>(
            name: NameSpecification(names), help: ArgumentHelp(setting.fullHelp, valueName: setting.valueName),
            completion: setting.completion.kind)
    }
}

extension SettingCompletion {
    fileprivate var kind: CompletionKind? {
        switch self {
        case .none: nil
        case .file: .file()
        case .directory: .directory
        case .words(let words): .list(words)
        }
    }
}

/// A name of the table as the parser wants it.
private struct SettingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name.lowercased().replacing(" ", with: "-") }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
}
