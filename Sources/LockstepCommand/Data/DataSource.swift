// What `--data` means: a kind, and where its files are.

import Foundation
import Lockstep
import Streams

/// The data named on the command line.
enum DataSource: CustomStringConvertible {
    case digits
    /// MNIST's files in a folder.
    case mnist(directory: String)
    /// Fashion-MNIST's, in the same format.
    case fashionMNIST(directory: String)
    /// Text files of one table.
    case csv([String])
    case npz(String)
    case npy(inputs: String, targets: String)
    /// A folder of pictures, with a folder for each class.
    case images(String)
    /// CIFAR-10's or CIFAR-100's binary files in a folder.
    case cifar10(directory: String)
    case cifar100(directory: String)
    /// Text to continue, of which a language model learns.
    case text([String])
    /// The same as numbers: `train.bin` and `val.bin` in a folder, or one such file.
    case tokens(String)
    /// Lines of a label, a tab and a text.
    case lines([String])

    /// How each kind is written.
    static let forms =
        "digits, mnist[:DIR], fashion-mnist[:DIR], cifar10[:DIR], cifar100[:DIR], images:DIR, csv:FILE[,FILE...], "
        + "npz:FILE, npy:X,Y, lines:FILE, text:FILE or tokens:DIR"
    /// Their first words.
    private static let kinds = [
        "digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "images", "csv", "npz", "npy", "lines", "text",
        "tokens",
    ]
    /// Where Debian's package dataset-fashion-mnist puts its files.
    private static let packagedFashion = "/usr/share/datasets/fashion-mnist"

    /// - Parameter text: a kind, a colon and a place; or the path of a file whose name ends in .csv, .tsv or .npz.
    init(_ text: String, environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let place = parts.count > 1 && !parts[1].isEmpty ? parts[1] : nil
        switch (parts[0], place) {
        case ("digits", nil) where parts.count == 1: self = .digits
        case ("mnist", let place) where place != nil || parts.count == 1:
            self = .mnist(directory: RunSettings.absolutePath(place ?? DataSource.folder("mnist", environment)))
        case ("fashion-mnist", let place) where place != nil || parts.count == 1:
            let own = DataSource.folder("fashion-mnist", environment)
            let isOwn = FileManager.default.fileExists(atPath: own)
            self = .fashionMNIST(
                directory: RunSettings.absolutePath(place ?? (isOwn ? own : DataSource.packagedFashion)))
        case ("csv", let place?), ("tsv", let place?): self = .csv(DataSource.paths(place))
        case ("npz", let place?): self = .npz(RunSettings.absolutePath(place))
        case ("npy", let place?):
            let paths = DataSource.paths(place)
            guard paths.count == 2 else {
                throw TrainingError(
                    "--data '\(text)' names \(paths.count) files: expected two, npy:INPUTS.npy,TARGETS.npy")
            }
            self = .npy(inputs: paths[0], targets: paths[1])
        case ("images", let place?): self = .images(RunSettings.absolutePath(place))
        case ("cifar10", let place) where place != nil || parts.count == 1:
            self = .cifar10(directory: RunSettings.absolutePath(place ?? DataSource.folder("cifar10", environment)))
        case ("cifar100", let place) where place != nil || parts.count == 1:
            self = .cifar100(directory: RunSettings.absolutePath(place ?? DataSource.folder("cifar100", environment)))
        case ("text", let place?): self = .text(DataSource.paths(place))
        case ("tokens", let place?): self = .tokens(RunSettings.absolutePath(place))
        case ("lines", let place?): self = .lines(DataSource.paths(place))
        default: self = try DataSource.bareFile(text)
        }
    }

    private static func folder(_ name: String, _ environment: [String: String]) -> String {
        (environment["LOCKSTEP_DATA"].flatMap { $0.isEmpty ? nil : $0 } ?? "data") + "/" + name
    }

    /// Paths with commas between them; one path, where a file has such a name.
    private static func paths(_ text: String) -> [String] {
        let whole = RunSettings.absolutePath(text)
        if FileManager.default.fileExists(atPath: whole) { return [whole] }
        return text.split(separator: ",").map { RunSettings.absolutePath(String($0)) }
    }

    /// The same files from any working folder.
    private static func bareFile(_ text: String) throws -> DataSource {
        var isFolder: ObjCBool = false
        let path = expandingHome(text)
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        let name = path.lowercased().hasSuffix(".gz") ? String(path.lowercased().dropLast(3)) : path.lowercased()
        if exists, !isFolder.boolValue {
            if [".csv", ".tsv"].contains(where: name.hasSuffix) { return .csv([RunSettings.absolutePath(text)]) }
            if name.hasSuffix(".npz") { return .npz(RunSettings.absolutePath(text)) }
        }
        guard exists else {
            let kind = String(text.prefix { $0 != ":" })
            let hint = nearest(to: kind, among: kinds).map { "; did you mean '\($0)'?" } ?? ""
            let isPath = text.contains("/") || text.contains(".")
            throw TrainingError(
                isPath && !text.contains(":") && hint.isEmpty
                    ? "--data '\(text)': no such file; expected \(forms)"
                    : "unknown --data '\(text)': expected \(forms)\(hint)")
        }
        let folder = isFolder.boolValue ? text : (text as NSString).deletingLastPathComponent
        throw TrainingError(
            "--data '\(text)' does not say of which kind it is: a folder with MNIST's files is --data "
                + "mnist:\(folder.isEmpty ? "." : folder)" + (isFolder.boolValue ? "" : ", a table --data csv:\(text)"))
    }

    var description: String {
        switch self {
        case .digits: "digits"
        case .mnist(let directory): "mnist:\(directory)"
        case .fashionMNIST(let directory): "fashion-mnist:\(directory)"
        case .csv(let paths): "csv:" + paths.joined(separator: ",")
        case .npz(let path): "npz:\(path)"
        case .npy(let inputs, let targets): "npy:\(inputs),\(targets)"
        case .images(let directory): "images:\(directory)"
        case .cifar10(let directory): "cifar10:\(directory)"
        case .cifar100(let directory): "cifar100:\(directory)"
        case .text(let paths): "text:" + paths.joined(separator: ",")
        case .tokens(let path): "tokens:\(path)"
        case .lines(let paths): "lines:" + paths.joined(separator: ",")
        }
    }

    /// The set's name for a run's folder, without a place.
    var name: String {
        func plain(_ path: String) -> String {
            String((path as NSString).lastPathComponent.prefix { $0 != "." })
        }
        return switch self {
        case .digits: "digits"
        case .mnist: "mnist"
        case .fashionMNIST: "fashion-mnist"
        case .csv(let paths): plain(paths.first ?? "csv")
        case .npz(let path): plain(path)
        case .npy(let inputs, _): plain(inputs)
        case .images(let directory), .tokens(let directory): plain(directory)
        case .cifar10: "cifar10"
        case .cifar100: "cifar100"
        case .text(let paths), .lines(let paths): plain(paths.first ?? "text")
        }
    }

    /// The folder of MNIST's files, for the kinds that have one.
    var idxFolder: String? {
        switch self {
        case .mnist(let directory), .fashionMNIST(let directory): directory
        default: nil
        }
    }
}
