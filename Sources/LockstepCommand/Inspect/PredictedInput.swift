// What `predict` is asked for: numbers of test samples, single ones and ranges, or files.

import Foundation
import Lockstep
import Streams

enum PredictedInput: Equatable {
    /// Numbers of test samples.
    case samples(ClosedRange<Int>)
    /// The path of a picture, a table or an array.
    case file(String)

    /// - Parameter word: `7`, `0-9`, or a path.
    /// - Throws: `TrainingError` for a range that runs backwards.
    init(_ word: String) throws {
        let ends = word.split(separator: "-", omittingEmptySubsequences: false)
        let numbers = ends.compactMap { $0.allSatisfy { $0.isASCII && $0.isNumber } ? Int($0) : nil }
        guard ends.count <= 2, numbers.count == ends.count, let first = numbers.first, let last = numbers.last else {
            self = .file(expandingHome(word))
            return
        }
        guard first <= last else {
            throw TrainingError("'\(word)' is no range of samples: expected FIRST-LAST, such as \(last)-\(first)")
        }
        self = .samples(first...last)
    }
}

extension PredictedInput {
    /// Tables are read from files, so that for `-` the standard input becomes one as long as `body` runs.
    static func withFiles(of tables: [String], _ body: ([String]) throws -> Void) throws {
        guard tables.contains("-") else { return try body(tables) }
        let folder = FileManager.default.temporaryDirectory.path + "/lockstep-\(UUID().uuidString)"
        try DurableFile.makeFolder(folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/standard-input"
        try DurableFile.replace(path, FileHandle.standardInput.readDataToEndOfFile())
        try body(tables.map { $0 == "-" ? path : $0 })
    }
}
