// What `--data` means.

import Foundation
import Lockstep
import Streams

/// The training data named on the command line.
enum DataSource: CustomStringConvertible {
    case digits
    /// MNIST's files in a folder.
    case mnist(directory: String)

    /// - Parameter text: `digits`, `mnist` or `mnist:DIR`.
    init(_ text: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        switch text {
        case "digits": self = .digits
        case "mnist":
            self = .mnist(
                directory: (environment["LOCKSTEP_DATA"].flatMap { $0.isEmpty ? nil : $0 } ?? "data") + "/mnist")
        case _ where text.hasPrefix("mnist:") && text.count > 6: self = .mnist(directory: String(text.dropFirst(6)))
        default: throw DataSource.unknown(text)
        }
        // The same files from any working folder.
        if case .mnist(let directory) = self { self = .mnist(directory: RunSettings.absolutePath(directory)) }
    }

    private static func unknown(_ text: String) -> TrainingError {
        var isFolder: ObjCBool = false
        let path = expandingHome(text)
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            return TrainingError("unknown --data '\(text)': expected digits, mnist or mnist:DIR")
        }
        let folder = isFolder.boolValue ? text : (text as NSString).deletingLastPathComponent
        return TrainingError(
            "--data '\(text)' does not say of which kind it is: a folder with MNIST's files is --data "
                + "mnist:\(folder.isEmpty ? "." : folder)")
    }

    var description: String {
        switch self {
        case .digits: "digits"
        case .mnist(let directory): "mnist:\(directory)"
        }
    }

    /// The set's name, without a place.
    var name: String {
        switch self {
        case .digits: "digits"
        case .mnist: "mnist"
        }
    }

    /// The set's own division.
    func load() throws -> (train: ImageDataset, test: ImageDataset) {
        switch self {
        case .digits: return SyntheticDigits.load()
        case .mnist(let directory): return try MNIST.load(directory: directory)
        }
    }

    /// The test data alone.
    func loadTest() throws -> ImageDataset {
        switch self {
        case .digits: return SyntheticDigits.load(trainCount: 0).test
        case .mnist(let directory): return try MNIST.load(.test, directory: directory)
        }
    }
}
