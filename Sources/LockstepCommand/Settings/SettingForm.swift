// How a kind of setting is read from words, checked, and written again. Flags and YAML go through the same form, so that
// both have the same limits and the same messages.

import Foundation
import Lockstep
import Streams
import Yams

/// What is wrong with a setting's words, as it follows the setting's name: `must be at least 1, got 0`.
package struct SettingProblem: Error {
    package let text: String
    init(_ text: String) { self.text = text }
}

/// What a shell may offer for a setting's value.
enum SettingCompletion: Sendable {
    case none, file, directory
    case words([String])
}

/// The values that a setting takes, and their text.
package struct SettingForm<Value: Sendable>: Sendable {
    /// The value's name in the help, as in `--stall-timeout <seconds>`.
    var valueName: String
    /// What the help says of values beyond that.
    var hint: String?
    var isFlag = false
    /// Separated by commas on the command line, a sequence in YAML.
    var isList = false
    /// Whether hosts may have the same file in different places.
    var holdsPath = false
    var completion = SettingCompletion.none
    /// A list's items, else one word.
    package var read: @Sendable ([String]) throws(SettingProblem) -> Value
    /// What `read` reads again; nil for an absent value.
    package var words: @Sendable (Value) -> [String]?

    /// - Parameters:
    ///   - read: of one word.
    ///   - text: what `read` reads again.
    init(
        _ valueName: String, hint: String? = nil, read: @escaping @Sendable (String) throws(SettingProblem) -> Value,
        text: @escaping @Sendable (Value) -> String
    ) {
        (self.valueName, self.hint) = (valueName, hint)
        self.read = { (words) throws(SettingProblem) in
            guard words.count == 1 else { throw SettingProblem("wants a single value, got \(words.count)") }
            return try read(words[0])
        }
        words = { [text($0)] }
    }

    /// The same words for a value made of this form's.
    func map<Other>(
        _ make: @escaping @Sendable (Value) throws(SettingProblem) -> Other,
        back: @escaping @Sendable (Other) -> Value?
    ) -> SettingForm<Other> {
        var result = SettingForm<Other>(valueName, hint: hint, read: { _ in fatalError("replaced") }, text: { _ in "" })
        (result.isFlag, result.isList, result.holdsPath) = (isFlag, isList, holdsPath)
        result.completion = completion
        let (read, words) = (read, words)
        result.read = { (given) throws(SettingProblem) in try make(read(given)) }
        result.words = { back($0).flatMap(words) }
        return result
    }

    /// With nil for a setting that is not given.
    var orAbsent: SettingForm<Value?> { map({ $0 }, back: { $0 }) }
}

extension SettingForm where Value == String {
    package static func text(_ valueName: String) -> SettingForm { SettingForm(valueName, read: { $0 }, text: { $0 }) }

    /// A path, `~` expanded; recorded from the root.
    static func path(_ valueName: String = "path", completion: SettingCompletion = .file) -> SettingForm {
        var form = SettingForm(valueName, read: { expandingHome($0) }, text: { RunSettings.absolutePath($0) })
        (form.holdsPath, form.completion) = (true, completion)
        return form
    }
}

extension SettingForm where Value == Bool {
    /// `--name` and `--no-name`; in YAML its words for truth, also where they are quoted.
    static var flag: SettingForm {
        var form = SettingForm(
            "true or false",
            read: { (word) throws(SettingProblem) in
                guard let isSet = Bool.construct(from: Node.Scalar(word)) else {
                    throw SettingProblem("must be true or false, got '\(word)'")
                }
                return isSet
            }, text: { "\($0)" })
        form.isFlag = true
        return form
    }
}

extension SettingForm {
    /// One of some words, in any case of letters.
    package static func choice(_ choices: [(word: String, value: Value)], _ valueName: String = "name") -> SettingForm
    where Value: Equatable {
        let names = choices.map(\.word)
        let listed = listing(names)
        var form = SettingForm(
            valueName, hint: listed,
            read: { (word) throws(SettingProblem) in
                if let choice = choices.first(where: { $0.word == word.lowercased() }) { return choice.value }
                let hint = nearest(to: word, among: names).map { "; did you mean '\($0)'?" } ?? ""
                throw SettingProblem("must be \(listed), got '\(word)'\(hint)")
            }, text: { value in choices.first { $0.value == value }?.word ?? "\(value)" })
        form.completion = .words(names)
        return form
    }

    /// The cases of an enumeration, by their raw values.
    static func choice(_ valueName: String = "name") -> SettingForm
    where Value: CaseIterable & RawRepresentable<String> & Equatable {
        choice(Value.allCases.map { ($0.rawValue, $0) }, valueName)
    }

    /// Several values of a form: `a,b` on the command line, where quotes keep a comma in an item, `[a, b]` in YAML.
    package static func list<Item>(_ item: SettingForm<Item>) -> SettingForm where Value == [Item] {
        var form = SettingForm(
            item.valueName + ",...", hint: item.hint, read: { _ in fatalError("replaced") }, text: { _ in "" })
        (form.isList, form.holdsPath, form.completion) = (true, item.holdsPath, item.completion)
        let (read, words) = (item.read, item.words)
        form.read = { (given) throws(SettingProblem) in
            var items: [Item] = []
            for word in given { items.append(try read([word])) }
            return items
        }
        form.words = { $0.flatMap { words($0) ?? [] } }
        return form
    }

    /// A form's values, or a word that stands for nil: `auto`.
    package static func automatic<Given>(or form: SettingForm<Given>, word automatic: String = "auto") -> SettingForm
    where Value == Given? {
        var result = form.orAbsent
        let (read, words) = (result.read, result.words)
        result.read = { (given) throws(SettingProblem) in
            if given.count == 1, given[0].lowercased() == automatic { return nil }
            do throws(SettingProblem) { return try read(given) } catch {
                throw SettingProblem("must be '\(automatic)' or " + error.text.trimmingPrefix("must be "))
            }
        }
        result.words = { words($0) ?? [automatic] }
        return result
    }
}

/// `a, b or c`.
func listing(_ words: [String]) -> String {
    guard words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + words[words.count - 1]
}

/// The word that somebody may have meant by `word`, written with underscores or in other letters too.
func nearest(to word: String, among known: [String]) -> String? {
    let plain = word.lowercased().replacing("_", with: "-")
    let found = known.map { ($0, ModelFileError.editDistance(plain, $0)) }.min { $0.1 < $1.1 }
    guard let (name, distance) = found else { return nil }
    let isNear = distance <= min(plain.count, name.count) / 3 || plain.sorted() == name.sorted()
    return isNear ? name : nil
}
