// The YAML of configurations: names of settings with a value, or a list of values, each. `--config` and config.yaml are
// read and written by it.

import Streams
import Yams

/// A setting as a configuration's text has it.
package struct ConfigurationEntry: Sendable, Hashable {
    package var key: String
    /// A list's items, else one word.
    package var words: [String]
    package var isList: Bool
    /// Counted from 1; nil for what was not read.
    package var line: Int?

    package init(key: String, words: [String], isList: Bool = false, line: Int? = nil) {
        (self.key, self.words, self.isList, self.line) = (key, words, isList, line)
    }

    /// YAML that gives the very same entries again, whatever the words hold.
    package static func text(_ entries: [ConfigurationEntry]) throws -> String {
        let pairs = entries.map { entry in
            let items = entry.words.map { Node($0) }
            return (Node(entry.key), entry.isList ? .sequence(Node.Sequence(items, .implicit, .flow)) : items[0])
        }
        return try Yams.serialize(node: Node(pairs), width: -1, allowUnicode: true)
    }

    /// The entries of a text, in order; none of an empty one.
    ///
    /// - Parameter file: what errors call the text.
    /// - Throws: `TrainingError` where the text is no mapping of names to single values or lists of them.
    package static func read(_ text: String, file: String) throws -> [ConfigurationEntry] {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch { throw TrainingError("\(file) is not YAML: \(error)") }
        guard let node else { return [] }
        guard let mapping = node.mapping else {
            throw TrainingError("\(file): expected a mapping such as 'epochs: 5', one setting a line")
        }
        return try mapping.map { key, value in
            let line = key.mark?.line
            let items = (value.sequence.map(Array.init) ?? [value]).map { $0.scalar?.string }
            guard let name = key.scalar?.string, !items.contains(nil) else {
                throw TrainingError(
                    "\(file)\(line.map { ":\($0)" } ?? ""): expected lines such as 'epochs: 5', one setting each, or "
                        + "'name: [a, b]' for one that is a list")
            }
            return ConfigurationEntry(
                key: name, words: items.compactMap { $0 }, isList: value.sequence != nil, line: line)
        }
    }
}
