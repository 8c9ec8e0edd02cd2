// The values that a command goes by, and where each comes from: a flag, else the configuration file, else the run that is
// resumed, else the default.

import Foundation
import Lockstep

/// Where a setting's value is from.
enum SettingOrigin: Sendable {
    case flag
    /// A configuration's line.
    case file(String, line: Int?)
    /// The command itself, or the default.
    case own

    /// What messages call a setting.
    func subject(_ name: String) -> String { place.map { "\($0): '\(name)'" } ?? "--\(name)" }

    /// `recipe.yaml:3` of a configuration's line.
    var place: String? {
        guard case .file(let file, let line) = self else { return nil }
        return file + (line.map { ":\($0)" } ?? "")
    }
}

/// Checked values from one place, by name.
struct SettingsLayer: Sendable {
    private(set) var values: [String: (value: any Sendable, origin: SettingOrigin)] = [:]

    /// - Throws: `TrainingError` naming the setting where the words don't suit it.
    mutating func take(_ words: [String], for setting: any AnySetting, from origin: SettingOrigin) throws {
        do throws(SettingProblem) { values[setting.name] = (try setting.parse(words), origin) } catch {
            throw TrainingError("\(origin.subject(setting.name)) \(error.text)")
        }
    }

    mutating func set(_ name: String, _ value: any Sendable) { values[name] = (value, .own) }

    /// Takes a value out.
    mutating func remove(_ name: String) -> (any Sendable)? { values.removeValue(forKey: name)?.value }

    /// Takes over what `other` has and this has not.
    mutating func fill(from other: SettingsLayer) { values.merge(other.values) { own, _ in own } }

    /// Without those that a run does not hand on to the next start.
    var handedOn: SettingsLayer {
        var result = self
        for setting in SettingsTable.entries {
            if case .anew = setting.resume { result.values[setting.name] = nil }
        }
        return result
    }
}

/// The value of every setting: `settings.training.epochs`.
@dynamicMemberLookup
struct ResolvedSettings: Sendable {
    /// The first that has a value wins.
    private var layers: [SettingsLayer]

    init(_ layers: [SettingsLayer] = []) { self.layers = [SettingsLayer()] + layers }

    subscript<Value>(setting: Setting<Value>) -> Value {
        for layer in layers {
            // A name belongs to one setting, so what it stands for is of its type.
            if let value = layer.values[setting.name]?.value { return value as! Value }
        }
        return setting.defaultValue
    }

    subscript<Group: SettingsGroup>(dynamicMember path: KeyPath<SettingsTable, Group>) -> ResolvedGroup<Group> {
        ResolvedGroup(settings: self, group: SettingsTable.all[keyPath: path])
    }

    /// These settings, those of `layer` where nothing else has a value.
    func onTop(of layer: SettingsLayer) -> ResolvedSettings {
        var result = self
        result.layers.append(layer)
        return result
    }

    /// Decides a setting, whatever was given.
    mutating func set<Value>(_ path: KeyPath<SettingsTable, Setting<Value>>, _ value: Value) {
        layers[0].set(SettingsTable.all[keyPath: path].name, value)
    }

    /// An error about a setting's value, which names where it is from.
    func error<Value>(_ path: KeyPath<SettingsTable, Setting<Value>>, _ problem: String) -> TrainingError {
        error(SettingsTable.all[keyPath: path].name, problem)
    }

    func error(_ name: String, _ problem: String) -> TrainingError {
        let origin = layers.lazy.compactMap { $0.values[name]?.origin }.first ?? .own
        return TrainingError("\(origin.subject(name)) \(problem)")
    }
}

/// The values of one group.
@dynamicMemberLookup
struct ResolvedGroup<Group: SettingsGroup> {
    fileprivate let settings: ResolvedSettings
    fileprivate let group: Group

    subscript<Value>(dynamicMember path: KeyPath<Group, Setting<Value>>) -> Value { settings[group[keyPath: path]] }
}
