// Files that the tests of this target read: crafted ones in a temporary directory, and the real data where it exists.

import CZlib
import Foundation
import Testing

import Datasets

/// A directory that is gone when the test is.
final class TemporaryDirectory {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("lockstep-\(UUID().uuidString)").path
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file as it is and returns its path.
    func write(_ name: String, _ bytes: [UInt8]) -> String {
        let made = FileManager.default.createFile(atPath: "\(path)/\(name)", contents: Data(bytes))
        #expect(made, "cannot write \(name) in \(path)")
        return "\(path)/\(name)"
    }

    /// Writes a gzipped file and returns its path.
    func writeGzipped(_ name: String, _ bytes: [UInt8]) -> String {
        let file = gzopen("\(path)/\(name)", "wb")
        gzwrite(file, bytes, UInt32(bytes.count))
        gzclose_w(file)
        return "\(path)/\(name)"
    }
}

/// An IDX file: magic, axis lengths, payload.
func idx(_ dimensions: [Int], type: UInt8 = 8, _ payload: [UInt8]) -> [UInt8] {
    [0, 0, type, UInt8(dimensions.count)] + dimensions.flatMap { bigEndian(UInt32($0)) } + payload
}

func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }

/// Where the real data lie: `LOCKSTEP_DATA`, else `../shared/data` beside the repository.
enum RealData {
    static let hint: Comment = "real data are absent: set LOCKSTEP_DATA to the folder that holds mnist/ and adult/"
    static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static var folder: String {
        ProcessInfo.processInfo.environment["LOCKSTEP_DATA"]
            ?? repository.deletingLastPathComponent().appendingPathComponent("shared/data").path
    }

    static var mnist: String? { FileManager.default.fileExists(atPath: "\(folder)/mnist") ? "\(folder)/mnist" : nil }
}

/// Runs `body`, expecting a `DatasetError` that says all of `phrases`.
func expectDatasetError<T>(
    _ phrases: String..., sourceLocation: SourceLocation = #_sourceLocation, from body: () throws -> T
) {
    let error = #expect(throws: DatasetError.self, sourceLocation: sourceLocation) { _ = try body() }
    for phrase in phrases {
        #expect(error?.description.contains(phrase) == true, "lacks '\(phrase)'", sourceLocation: sourceLocation)
    }
}
