// `--config FILE.yaml`: the same words as the flags, turned into the arguments they stand for. Flags come after them
// and win.

import ArgumentParser
import Foundation
import Lockstep
import Yams

/// A YAML mapping of flag names to values.
struct ConfigurationFile {
    /// `--key value` for every entry.
    let arguments: [String]

    init(path: String) throws {
        guard let text = FileManager.default.contents(atPath: path).map({ String(decoding: $0, as: UTF8.self) }) else {
            throw TrainingError("can't read the configuration \(path): no such file, or not readable")
        }
        try self.init(text: text, file: path)
    }

    init(text: String, file: String) throws {
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch { throw TrainingError("\(file) is not YAML: \(error)") }
        guard let mapping = node?.mapping else {
            throw TrainingError("\(file): expected a mapping such as 'epochs: 5', one setting a line")
        }
        var arguments: [String] = []
        for (key, value) in mapping {
            let line = key.mark.map { ":\($0.line)" } ?? ""
            guard let name = key.string, Train.configurable.contains(name) else {
                throw TrainingError(
                    "\(file)\(line): unknown key '\(key.string ?? "?")'; known keys are "
                        + Train.configurable.sorted().joined(separator: ", "))
            }
            guard let scalar = value.scalar?.string else {
                throw TrainingError("\(file)\(line): '\(name)' wants a single value")
            }
            arguments += ["--\(name)=\(scalar)"]
        }
        self.arguments = arguments
    }
}
