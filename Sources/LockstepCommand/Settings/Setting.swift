// One entry of the settings table, and what the table needs to know of an entry whatever its type. The entries
// themselves are in the groups beside this file; flags, help, YAML, resume check and agreement of ranks follow from them.

import Streams

/// A setting of `lockstep train`: declared once, as a property of a `SettingsGroup`.
struct Setting<Value: Sendable>: Sendable {
    /// The flag without its dashes, and the key in YAML.
    let name: String
    /// Another name for it.
    let alias: String?
    let help: String
    /// How its text is read, checked and written.
    let form: SettingForm<Value>
    let defaultValue: Value
    /// What becomes of it when a run goes on.
    let resume: Continuation
    let record: Recording
    /// Whether a configuration file may hold it.
    let isInFiles: Bool

    /// - Parameters:
    ///   - name: in kebab case.
    ///   - help: one sentence; what the form says of values, and the default, are added to it.
    ///   - resume: unless given, it changes bits, so that a run that goes on with another value is refused.
    ///   - record: what of it config.yaml and checkpoints keep.
    init(
        _ name: String, alias: String? = nil, _ form: SettingForm<Value>, default value: Value, _ help: String,
        resume: Continuation = .same, record: Recording = .always, inFiles: Bool = true
    ) {
        (self.name, self.alias, self.form, defaultValue, self.help) = (name, alias, form, value, help)
        (self.resume, self.record, isInFiles) = (resume, record, inFiles)
    }

    /// A setting that may be absent: nil unless given.
    init<Given>(
        _ name: String, alias: String? = nil, _ form: SettingForm<Given>, _ help: String,
        resume: Continuation = .same, record: Recording = .always, inFiles: Bool = true
    ) where Value == Given? {
        self.init(
            name, alias: alias, form.orAbsent, default: nil, help, resume: resume, record: record, inFiles: inFiles)
    }
}

/// What becomes of a setting when a run goes on.
enum Continuation: Sendable {
    /// It changes bits: the run keeps its own, another one is refused, and runs that differ in it can't be compared.
    case same
    /// It changes no bits of the steps to come: the run keeps its own unless another one is given.
    case mayChange
    /// As `mayChange`, but where the predicate holds for the settings, as `same`.
    case mayChangeUnless(@Sendable (ResolvedSettings) -> Bool)
    /// It changes no bits and says how this start runs, so that the next one does not take it over.
    case anew
}

/// Whether config.yaml and checkpoints hold a setting.
enum Recording: Sendable {
    /// Wherever it has a value.
    case always
    /// Where it differs from its default: what is off unless asked for.
    case unlessDefault
    case never
}

/// A setting of any type.
protocol AnySetting: Sendable {
    var name: String { get }
    var alias: String? { get }
    var resume: Continuation { get }
    var record: Recording { get }
    var isInFiles: Bool { get }
    var isFlag: Bool { get }
    var isList: Bool { get }
    var holdsPath: Bool { get }
    var valueName: String { get }
    var completion: SettingCompletion { get }
    /// The whole help text.
    var fullHelp: String { get }

    /// - Throws: `SettingProblem`, in words that follow the setting's name.
    func parse(_ words: [String]) throws(SettingProblem) -> any Sendable
    /// The words that config.yaml has for its value, nil where it keeps none.
    func recordedWords(_ settings: ResolvedSettings) -> [String]?
    /// Whether its value differs from its default.
    func isSet(in settings: ResolvedSettings) -> Bool
    /// The one text of all that mean the same as `text`; of nil the default's.
    func meaning(_ text: String?) -> String?
}

extension Setting: AnySetting {
    var isFlag: Bool { form.isFlag }
    var isList: Bool { form.isList }
    var holdsPath: Bool { form.holdsPath }
    var valueName: String { form.valueName }
    var completion: SettingCompletion { form.completion }

    var fullHelp: String {
        let facts = [form.hint, form.words(defaultValue).flatMap(defaultText)].compactMap { $0 }
        return facts.isEmpty ? help : "\(help) (\(facts.joined(separator: "; ")))"
    }

    /// What is off unless asked for needs no word.
    private func defaultText(_ words: [String]) -> String? {
        let text = ListText.joined(words)
        if isFlag || text.isEmpty { return nil }
        return "default: " + (text.hasSuffix(".0") ? text.dropLast(2) : text[...])
    }

    func parse(_ words: [String]) throws(SettingProblem) -> any Sendable { try form.read(words) }

    func recordedWords(_ settings: ResolvedSettings) -> [String]? {
        let words = form.words(settings[self])
        switch record {
        case .never: return nil
        case .always: return words
        case .unlessDefault: return isSet(in: settings) ? words : nil
        }
    }

    func isSet(in settings: ResolvedSettings) -> Bool { form.words(settings[self]) != form.words(defaultValue) }

    func meaning(_ text: String?) -> String? {
        guard let text else { return form.words(defaultValue).map(ListText.joined) }
        guard let value = try? form.read(isList ? ListText.split(text) : [text]) else { return text }
        return form.words(value).map(ListText.joined)
    }
}
