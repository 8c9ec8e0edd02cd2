// A folder of pictures with a folder for each class, as torchvision's ImageFolder and Keras's image_dataset_from_directory
// take it: `DIR/CLASS/*`, or `DIR/train/CLASS/*` with `DIR/test` and `DIR/val` beside it.

import Autograd
import Streams

/// The parts of a folder of pictures and the classes in them. Lists names, opens no file.
package struct ImageFolder: Sendable {
    package enum PartName: String, Sendable, CaseIterable, Codable {
        case train
        case validation
        case test

        /// The folders that mean it, in letters of any case.
        var folders: [String] {
            switch self {
            case .train: ["train", "training"]
            case .validation: ["val", "valid", "validation"]
            case .test: ["test", "testing"]
            }
        }
    }

    /// Pictures of one part, class by class.
    package struct Part: Sendable {
        package let name: PartName
        package fileprivate(set) var files: [PictureFile] = []
        /// Of each file the number of its class.
        package fileprivate(set) var labels: [Int32] = []
    }

    package let path: String
    /// In byte order; numbers are places in here.
    package let classNames: [String]
    /// Without names of parts there is one, for training.
    package let parts: [Part]
    package let notes: [String]

    /// What a model is tested on that was trained on other data: the last part.
    package var testPart: Part? { self[.test] ?? self[.validation] ?? self[.train] }

    package subscript(name: PartName) -> Part? { parts.first { $0.name == name } }

    /// - Parameters:
    ///   - classNames: the classes of earlier data, by which this folder's are numbered; its own unless given.
    /// - Throws: `DatasetError` for a folder that is not there, or holds no classes with pictures, or others than
    ///   `classNames`.
    package init(_ path: String, classNames known: [String]? = nil) throws(DatasetError) {
        let path = expandingHome(path)
        let entries = try FolderEntry.entries(of: path)
        let folders = try ImageFolder.partFolders(path, entries)
        var names = known
        var notes: [String] = []
        var parts: [Part] = []
        var passedOver: [String: Int] = [:]
        for (name, folder) in folders {
            let classes = try FolderEntry.entries(of: folder).filter(\.isFolder)
            let own = classes.map(\.name)
            let expected = names ?? own
            try ImageFolder.check(own, of: folder, expected, isTraining: name == .train && known == nil)
            let lacking = expected.filter { !own.contains($0) }
            if !lacking.isEmpty {
                notes.append("\(folder) lacks pictures of \(ImageFolder.listed(lacking))")
            }
            names = expected
            var part = Part(name: name)
            for entry in classes {
                let found = try PictureFiles(below: entry.path)
                passedOver.merge(found.passedOver) { $0 + $1 }
                guard !found.files.isEmpty else { throw found.emptyError }
                let number = Int32(expected.firstIndex(of: entry.name) ?? 0)
                part.files += found.files
                part.labels += [Int32](repeating: number, count: found.files.count)
            }
            parts.append(part)
        }
        if !passedOver.isEmpty { notes += ImageFolder.passedOverNotes(passedOver) }
        (self.path, self.parts, self.notes) = (path, parts, notes)
        self.classNames = names ?? []
    }

    /// The folders of the parts that are there, that of training first.
    private static func partFolders(
        _ path: String, _ entries: [FolderEntry]
    ) throws(DatasetError) -> [(PartName, String)] {
        let folders = entries.filter(\.isFolder)
        var found: [(PartName, String)] = []
        for name in PartName.allCases {
            let own = folders.filter { name.folders.contains($0.name.lowercased()) }
            guard own.count < 2 else {
                throw DatasetError(
                    "\(path) holds \(listed(own.map(\.name))), which all mean the \(name) part; leave one of them")
            }
            if let folder = own.first { found.append((name, folder.path)) }
        }
        let others = folders.filter { folder in !found.contains { $0.1 == folder.path } }
        // Without a training part these are names of classes, unless there are no others.
        if found.first?.0 != .train, !others.isEmpty || found.isEmpty { return try classFolders(path, entries) }
        guard others.isEmpty else {
            throw DatasetError(
                "\(path) holds \(listed(others.map(\.name))) beside \(listed(found.map { name(of: $0.1) })); expected parts "
                    + "alone (train, val, test), each with a folder for each class, or classes alone")
        }
        return found
    }

    private static func classFolders(
        _ path: String, _ entries: [FolderEntry]
    ) throws(DatasetError) -> [(PartName, String)] {
        guard entries.contains(where: \.isFolder) else {
            let pictures = entries.count { PictureFiles.isPicture($0.name) }
            throw DatasetError(
                "\(path) holds \(pictures == 0 ? "no folders" : "\(pictures) pictures, but no folders"); expected a folder for "
                    + "each class, as in CLASS/PICTURE.png, or train/CLASS/PICTURE.png with test/ beside it")
        }
        return [(.train, path)]
    }

    private static func check(
        _ own: [String], of folder: String, _ expected: [String], isTraining: Bool
    ) throws(DatasetError) {
        if own.isEmpty {
            throw DatasetError("\(folder) holds no folders; expected one for each class, with its pictures")
        }
        if isTraining, own.count < 2 {
            throw DatasetError(
                "\(folder) holds one folder, '\(own[0])'; expected one for each class, and at least two classes")
        }
        let unknown = own.filter { !expected.contains($0) }
        if !unknown.isEmpty {
            throw DatasetError(
                "\(folder) has \(unknown.count == 1 ? "the class" : "the classes") \(listed(unknown)), which the training data "
                    + "lack; they have \(listed(expected)). Classes are matched by the names of their folders")
        }
    }

    private static func passedOverNotes(_ counts: [String: Int]) -> [String] {
        let pictures = counts.filter { OtherFormats.endings.contains($0.key) }
        let others = counts.filter { !OtherFormats.endings.contains($0.key) }
        func are(_ counts: [String: Int]) -> String {
            let total = counts.values.reduce(0, +)
            return
                "\(total) \(total == 1 ? "file is" : "files are") passed over, by \(total == 1 ? "its name" : "their names") "
        }
        var notes: [String] = []
        if !pictures.isEmpty {
            notes.append(
                are(pictures) + "pictures of a kind that can't be read: \(PictureFiles.words(pictures)); "
                    + OtherFormats.advice)
        }
        if !others.isEmpty { notes.append(are(others) + "no pictures: \(PictureFiles.words(others))") }
        return notes
    }

    private static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "") }

    /// Some of them in quotes.
    static func listed(_ names: [String]) -> String {
        names.prefix(10).map { "'\($0)'" }.joined(separator: ", ")
            + (names.count > 10 ? " and \(names.count - 10) more" : "")
    }
}

extension ImageFolder {
    /// A hash of all that would be read: paths, sizes, times of change. It changes where a picture does.
    package func listing(of part: Part) -> Fingerprint {
        var text = "\(path)\n"
        for file in part.files { text += "\(file.path.dropFirst(path.count)) \(file.byteCount) \(file.changed)\n" }
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
