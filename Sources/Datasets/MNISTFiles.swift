// Where MNIST's four files are in a folder, by any of the names that they go by.

import Foundation
import Streams
import Tensors

extension MNIST {
    /// The paths of images and labels of each part; an error that lists all the absent ones.
    ///
    /// A file may be gzipped, have its dots and capitals otherwise (`train-images.idx3-ubyte`), lie in a folder of its own
    /// name (as Kaggle's archive unpacks), and all of them in `MNIST/raw` or `raw` below `directory` (as torchvision
    /// leaves them).
    package static func files(of parts: [Part], in directory: String) throws(DatasetError) -> [String] {
        let directory = expandingHome(directory)
        let places = [directory] + below(directory, ["raw"]) + below(directory, ["mnist", "raw"])
        let listed = places.map { (path: $0, names: contents(of: $0)) }
        // One part is taken from where the other is, too.
        for wanted in [Part.allCases, parts] {
            for place in listed {
                let found = files(of: wanted, in: place.path, place.names)
                if !found.contains(nil) {
                    return zip(wanted.flatMap { [$0, $0] }, found).compactMap { part, path in
                        parts.contains(part) ? path : nil
                    }
                }
            }
        }
        let found = listed.map { files(of: parts, in: $0.path, $0.names) }
        let best = found.max { $0.count { $0 != nil } < $1.count { $0 != nil } } ?? []
        let absent = zip(parts.flatMap { [$0.images, $0.labels] }, best).filter { $0.1 == nil }.map(\.0)
        throw DatasetError(
            "\(directory) lacks the MNIST files \(absent.joined(separator: ", ")) (each may end in .gz)"
                + whatIsThere(directory, besides: best) + "; to download them: scripts/get-mnist \(directory)")
    }

    private static func files(of parts: [Part], in folder: String, _ names: [String]) -> [String?] {
        parts.flatMap { [$0.images, $0.labels] }.map { path(of: $0, in: folder, names) }
    }

    /// The file called `name`: the plain one under just this name, if there is a choice.
    private static func path(of name: String, in folder: String, _ names: [String]) -> String? {
        let candidates = names.filter { plain($0) == name }.flatMap { candidate -> [String] in
            let path = "\(folder)/\(candidate)"
            if !isFolder(path) { return [path] }
            return contents(of: path).filter { plain($0) == name && !isFolder("\(path)/\($0)") }.map { "\(path)/\($0)" }
        }
        func rank(_ path: String) -> Int {
            (path.hasSuffix("/" + name) ? 0 : 1) + (path.lowercased().hasSuffix(".gz") ? 2 : 0)
        }
        return candidates.min { (rank($0), $0) < (rank($1), $1) }
    }

    /// `train-images.idx3-ubyte.GZ` as `train-images-idx3-ubyte`.
    private static func plain(_ name: String) -> String {
        let lower = name.lowercased()
        return (lower.hasSuffix(".gz") ? String(lower.dropLast(3)) : lower).replacing(".", with: "-")
    }

    /// What might be the missing files under names that nobody can be sure of.
    private static func whatIsThere(_ directory: String, besides found: [String?]) -> String {
        guard isFolder(directory) else {
            return access(directory, F_OK) == 0 ? ": it is a file, expected their folder" : ": there is no such folder"
        }
        let known = Set(found.compactMap { $0 })
        let similar = contents(of: directory).filter { name in
            !known.contains("\(directory)/\(name)")
                && ["ubyte", "idx", "train", "t10k", "test", "mnist"].contains { name.lowercased().contains($0) }
        }
        if similar.isEmpty { return "" }
        let more = similar.count > 8 ? " and \(similar.count - 8) more" : ""
        return "; it holds \(similar.prefix(8).joined(separator: ", "))\(more), which are other names or other files"
    }

    /// The folder that these names lead to, whatever their capitals, if there is one.
    private static func below(_ folder: String, _ names: [String]) -> [String] {
        var path = folder
        for name in names {
            guard let next = contents(of: path).first(where: { $0.lowercased() == name }) else { return [] }
            path += "/" + next
        }
        return isFolder(path) ? [path] : []
    }

    private static func contents(of folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}
