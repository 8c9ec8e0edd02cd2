// `--config NAME or FILE.yaml`: the same words as the flags, turned into the arguments they stand for. Flags come after them
// and win.

import ArgumentParser
import Foundation
import Lockstep
import Streams
import Yams

/// A YAML mapping of flag names to values.
struct ConfigurationFile {
    /// `--key=value` for every entry; `--key` or `--no-key` for one that is true or false.
    let arguments: [String]

    /// - Parameter nameOrPath: a built-in configuration's name, else the path of a file.
    init(_ nameOrPath: String) throws {
        if let named = NamedConfiguration(rawValue: nameOrPath) {
            try self.init(text: named.text, file: nameOrPath)
            return
        }
        guard let data = FileManager.default.contents(atPath: nameOrPath) else {
            throw TrainingError(
                "can't read the configuration \(nameOrPath): no such file, or not readable, and none of the built-in "
                    + "configurations \(NamedConfiguration.list)")
        }
        try self.init(text: Text.decode(data, file: nameOrPath), file: nameOrPath)
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
            guard Train.flags.contains(name) else {
                arguments.append("--\(name)=\(scalar)")
                continue
            }
            // YAML's words for truth, also where they are quoted.
            guard let isSet = Bool.construct(from: Node.Scalar(scalar)) else {
                throw TrainingError("\(file)\(line): '\(name)' must be true or false, got '\(scalar)'")
            }
            arguments.append(isSet ? "--\(name)" : "--no-\(name)")
        }
        self.arguments = arguments
    }
}
