// Where CIFAR's binary files are, and what to do where other versions of them lie in their place.

import Streams

struct CIFARFolder {
    private let variant: CIFAR
    private let path: String
    private let entries: [FolderEntry]

    /// The folder that the page's archive unpacks to.
    private static func unpacked(_ variant: CIFAR) -> String {
        variant == .ten ? "cifar-10-batches-bin" : "cifar-100-binary"
    }

    private static func archive(_ variant: CIFAR) -> String {
        variant == .ten ? "cifar-10-binary.tar.gz" : "cifar-100-binary.tar.gz"
    }

    private static func names(_ variant: CIFAR, _ part: CIFAR.Part) -> [String] {
        switch (variant, part) {
        case (.ten, .train): (1...5).map { "data_batch_\($0).bin" }
        case (.ten, .test): ["test_batch.bin"]
        case (.hundred, .train): ["train.bin"]
        case (.hundred, .test): ["test.bin"]
        }
    }

    /// - Throws: `DatasetError` for a folder that can't be read, or without the variant's files.
    init(_ variant: CIFAR, _ directory: String) throws(DatasetError) {
        self.variant = variant
        if [".gz", ".tgz", ".tar"].contains(where: directory.lowercased().hasSuffix) {
            throw DatasetError(
                "\(directory) is an archive; unpack it (tar xf) and name the folder, as in \(variant.name):\(Self.unpacked(variant))")
        }
        let entries = try FolderEntry.entries(of: directory)
        let inner = entries.first { $0.name == Self.unpacked(variant) && $0.isFolder }
        path = inner?.path ?? directory
        self.entries = try inner.map { (entry) throws(DatasetError) in try FolderEntry.entries(of: entry.path) } ?? entries
        let wanted = Self.names(variant, .train) + Self.names(variant, .test)
        if self.entries.contains(where: { wanted.contains($0.name) }) { return }
        throw DatasetError("\(directory) holds no files of \(variant.name): \(Self.found(entries.map(\.name), variant))")
    }

    /// What is there instead, and what to do.
    private static func found(_ names: [String], _ variant: CIFAR) -> String {
        let other: CIFAR = variant == .ten ? .hundred : .ten
        let others = Self.names(other, .train) + Self.names(other, .test) + [unpacked(other)]
        let page = "expected the binary version, \(archive(variant)) of www.cs.toronto.edu/~kriz/cifar.html, unpacked"
        if let name = names.first(where: others.contains) {
            return "'\(name)' is \(other.name)'s; name it as \(other.name):DIR"
        }
        if let name = names.first(where: { $0 == archive(variant) }) { return "unpack '\(name)' there (tar xzf)" }
        let stems = ["data_batch_", "test_batch", "batches.meta", "train", "test", "meta", "cifar-10-", "cifar-100-"]
        if let name = names.first(where: { name in stems.contains { name.hasPrefix($0) } }) {
            let kind = name.hasSuffix(".mat") || name.hasSuffix("-mat") || name.contains("matlab") ? "Matlab" : "Python"
            return "'\(name)' seems to be of the version for \(kind); \(page)"
        }
        return page
    }

    func files(of part: CIFAR.Part) throws(DatasetError) -> [String] {
        let names = Self.names(variant, part)
        let missing = names.filter { name in !entries.contains { $0.name == name } }
        guard missing.isEmpty else {
            throw DatasetError(
                "\(path) lacks \(missing.joined(separator: ", ")) of \(variant.name); unpack \(Self.archive(variant)) again")
        }
        return names.map { "\(path)/\($0)" }
    }

    /// By number; empty unless their file has one for each class.
    var classNames: [String] {
        let name = variant == .ten ? "batches.meta.txt" : "fine_label_names.txt"
        guard entries.contains(where: { $0.name == name }), let bytes = try? SampleBytes(mappingAllOf: "\(path)/\(name)")
        else { return [] }
        let names = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.trimmingPrefix { $0 == " " } }.filter { !$0.isEmpty }.map(String.init)
        return names.count == variant.classCount ? names : []
    }
}
