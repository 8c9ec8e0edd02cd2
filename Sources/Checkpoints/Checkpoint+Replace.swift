// The one moment at which a checkpoint has no name: while another of the same epoch and step takes its place. The
// former keeps its files under a hidden name until then, and gets its name back should the process die in between.

import Foundation

extension Checkpoint {
    private static let former = "former."
    private static let removed = "removed."

    /// Gives a finished folder its final name, and removes the one that had it.
    static func place(_ temporary: String, at path: String, _ faults: FaultPlan) throws(CheckpointError) {
        let (folder, name) = DurableFile.split(path)
        var status = stat()
        guard lstat(path, &status) == 0 else { return try DurableFile.rename(temporary, to: path) }
        let hidden = folder + "/" + TemporaryName.make(for: former + name)
        try DurableFile.rename(path, to: hidden)
        faults.reach(.replace)
        do throws(CheckpointError) {
            try DurableFile.rename(temporary, to: path)
        } catch {
            try? DurableFile.rename(hidden, to: path)
            throw error
        }
        try DurableFile.syncFolder(folder)
        try? FileManager.default.removeItem(atPath: hidden)
    }

    /// Returns the names of those that a dead process was about to replace.
    static func putBackFormer(in folder: String) {
        // Ten seconds are a long time between two renames; only another host's process cannot be asked.
        for leftover in TemporaryName.leftovers(in: folder, foreignSeconds: 10)
        where leftover.name.hasPrefix(former) {
            let path = folder + "/" + leftover.name.dropFirst(former.count)
            var status = stat()
            if lstat(path, &status) != 0 { try? DurableFile.rename(leftover.path, to: path) }
        }
    }

    /// Takes away the folder's name, then its files, so that it never looks damaged.
    static func remove(_ path: String, _ faults: FaultPlan) {
        let (folder, name) = DurableFile.split(path)
        let hidden = folder + "/" + TemporaryName.make(for: removed + name)
        guard (try? DurableFile.rename(path, to: hidden)) != nil else { return }
        faults.reach(.pruneHalf)
        try? FileManager.default.removeItem(atPath: hidden)
    }
}
