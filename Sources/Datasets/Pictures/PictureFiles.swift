// The picture files below a folder, by their names: hidden ones and other files are passed over. ImageFolder and `lockstep
// predict` list with it; nothing is opened.

import Streams

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file with what tells whether it has changed.
package struct PictureFile: Sendable, Hashable {
    package let path: String
    package let byteCount: Int
    /// Nanoseconds since 1970.
    package let changed: Int

    package init(path: String, byteCount: Int = 0, changed: Int = 0) {
        (self.path, self.byteCount, self.changed) = (path, byteCount, changed)
    }
}

/// The pictures below a folder, in byte order of their paths, and what was left out.
package struct PictureFiles: Sendable {
    /// What names of pictures end in, in letters of any case.
    package static let endings: Set<String> = ["png", "jpg", "jpeg", "bmp", "ppm", "pgm", "pbm", "pnm"]

    package private(set) var files: [PictureFile] = []
    /// Files with other names, by their endings.
    package private(set) var passedOver: [String: Int] = [:]
    private let folder: String

    /// Looks through a folder and those in it, also where symbolic links lead.
    ///
    /// - Throws: `DatasetError` for a folder that can't be read.
    package init(below folder: String) throws(DatasetError) {
        self.folder = folder
        try collect(folder, within: FolderEntry.identity(of: folder).map { [$0] } ?? [])
    }

    private mutating func collect(_ folder: String, within outer: [FolderEntry.Identity]) throws(DatasetError) {
        for entry in try FolderEntry.entries(of: folder) {
            switch entry.kind {
            case .folder(let identity):
                // A link to a folder that it lies in leads nowhere new.
                if !outer.contains(identity) { try collect(entry.path, within: outer + [identity]) }
            case .file(let file):
                let ending = entry.ending
                if PictureFiles.endings.contains(ending) {
                    files.append(file)
                } else {
                    passedOver[ending, default: 0] += 1
                }
            case .other: passedOver[entry.ending, default: 0] += 1
            }
        }
    }

    /// Files with other names, as in `12 .webp, 1 without an ending`.
    static func words(_ passedOver: [String: Int]) -> String {
        let sorted = passedOver.sorted { $0.value > $1.value || $0.value == $1.value && $0.key < $1.key }
        return sorted.prefix(5).map { "\($0.value) \($0.key.isEmpty ? "without an ending" : "." + $0.key)" }
            .joined(separator: ", ") + (sorted.count > 5 ? " ..." : "")
    }

    /// Why there are none.
    package var emptyError: DatasetError {
        DatasetError(
            "\(folder) holds no pictures that can be read"
                + (passedOver.isEmpty ? "" : ", only \(PictureFiles.words(passedOver))")
                + "; expected files that end in "
                + PictureFiles.endings.sorted().joined(separator: ", ")
                + (passedOver.keys.contains(where: OtherFormats.endings.contains) ? ": \(OtherFormats.advice)" : ""))
    }

    /// Whether a file's name says that it is a picture.
    package static func isPicture(_ path: String) -> Bool {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return false }
        return endings.contains(path[path.index(after: dot)...].lowercased())
    }
}

/// What is in a folder, hidden things aside.
struct FolderEntry {
    struct Identity: Hashable {
        let device: UInt64
        let node: UInt64

        init(_ status: stat) {
            device = UInt64(truncatingIfNeeded: status.st_dev)
            node = UInt64(truncatingIfNeeded: status.st_ino)
        }
    }

    enum Kind {
        case folder(Identity)
        case file(PictureFile)
        case other
    }

    let name: String
    let path: String
    let kind: Kind

    /// What follows the last point of the name, in small letters.
    var ending: String { name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? "" }

    var isFolder: Bool { if case .folder = kind { true } else { false } }

    /// Names that systems leave in every folder.
    private static func isHidden(_ name: String) -> Bool {
        name.hasPrefix(".") || ["thumbs.db", "desktop.ini", "__macosx"].contains(name.lowercased())
    }

    /// In byte order of their names.
    ///
    /// - Throws: `DatasetError` for a folder that can't be read, or a name that is no UTF-8.
    static func entries(of folder: String) throws(DatasetError) -> [FolderEntry] {
        guard let handle = opendir(folder) else {
            throw DatasetError("cannot read the folder \(folder): \(String(cString: strerror(errno)))", .unreadable)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let (name, shown) = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    (String(validatingCString: $0), String(cString: $0))
                }
            }
            guard let name else {
                throw DatasetError(
                    "\(folder) holds a name that is no UTF-8, '\(shown)'; rename what bears it", .unreadable)
            }
            if !isHidden(name) { names.append(name) }
        }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { entry($0, in: folder) }
    }

    /// nil for what can't be looked at.
    static func identity(of path: String) -> Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(status) : nil
    }

    private static func entry(_ name: String, in folder: String) -> FolderEntry {
        let path = folder + "/" + name
        var status = stat()
        // A link that leads nowhere is found when it is opened, if its name is that of a picture.
        guard stat(path, &status) == 0 else {
            return FolderEntry(name: name, path: path, kind: .file(PictureFile(path: path, byteCount: 0, changed: 0)))
        }
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return FolderEntry(name: name, path: path, kind: .folder(Identity(status)))
        case S_IFREG:
            #if canImport(Darwin)
                let time = status.st_mtimespec
            #else
                let time = status.st_mtim
            #endif
            let file = PictureFile(
                path: path, byteCount: Int(status.st_size),
                changed: Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec))
            return FolderEntry(name: name, path: path, kind: .file(file))
        default: return FolderEntry(name: name, path: path, kind: .other)
        }
    }
}
