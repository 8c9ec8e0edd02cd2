// Paths among a run's settings. They are recorded so that they name the same files from any working folder, and two that
// name the same file are no change of settings.

import Foundation
import Models
import Streams

extension RunSettings {
    /// The settings that hold a path.
    static let paths: Set = ["model", "data", "resume-weights"]

    /// A setting's value with the path in it made absolute: `model` unless it is a built-in one's name, `data` after its
    /// kind, `resume-weights`. A relative path is one from the working folder.
    package static func absolute(_ key: String, _ value: String) -> String {
        switch key {
        case "model": ModelDescription.names.contains(value) ? value : absolutePath(value)
        case "resume-weights": absolutePath(value)
        case "data":
            value.firstIndex(of: ":").map { colon in
                value[...colon] + absolutePath(String(value[value.index(after: colon)...]))
            } ?? value
        default: value
        }
    }

    /// The path from the root, without `.` in it. `..` stays: what it means depends on links.
    package static func absolutePath(_ path: String) -> String {
        let path = expandingHome(path)
        let full = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
