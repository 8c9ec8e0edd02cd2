// The links `last` and `best` of a run's checkpoints. They are a convenience: a run is read without them, since there are
// copies in which they are folders, and file systems that have none.

import Foundation

extension Checkpoint {
    /// The links that `link` makes and `prune` respects.
    static let linkNames = ["last", "best"]

    /// Points the relative symbolic link `checkpoints/NAME` to `checkpoint`, in one atomic step.
    ///
    /// - Parameter name: `last` or `best`.
    /// - Throws: `CheckpointError` also where the file system has no links.
    package static func link(_ name: String, to checkpoint: Checkpoint) throws(CheckpointError) {
        let (folder, target) = DurableFile.split(checkpoint.path)
        let temporary = folder + "/" + TemporaryName.make(for: name)
        unlink(temporary)
        guard symlink(target, temporary) == 0 else {
            if [EPERM, ENOSYS, ENOTSUP].contains(errno) {
                throw CheckpointError("\(folder) is on a file system without symbolic links")
            }
            throw DurableFile.failure("make the link", temporary)
        }
        do throws(CheckpointError) {
            try DurableFile.rename(temporary, to: folder + "/" + name)
        } catch {
            unlink(temporary)
            throw error
        }
        try DurableFile.syncFolder(folder)
    }

    /// The links `last` and `best`, where they exist, with the name that each leads to.
    package static func links(in runFolder: String) -> [(name: String, target: String)] {
        linkNames.compactMap { name in
            let path = folder(of: runFolder) + "/" + name
            return (try? FileManager.default.destinationOfSymbolicLink(atPath: path)).map { (name, $0) }
        }
    }

    /// Folders in place of links, which were copied with what the links led to.
    package static func copies(in runFolder: String) -> [String] {
        linkNames.map { folder(of: runFolder) + "/" + $0 }.filter(isOwnFolder)
    }

    /// Folders in place of links make way: one whose checkpoint is gone gets that one's name, and one whose checkpoint is
    /// whole is removed.
    static func removeCopies(in folder: String) {
        for name in linkNames { removeCopy(folder + "/" + name, in: folder) }
    }

    private static func removeCopy(_ path: String, in folder: String) {
        guard isOwnFolder(path), let state = try? readState(path) else { return }
        let own = folder + "/" + state.checkpointName
        var status = stat()
        if lstat(own, &status) != 0 {
            try? DurableFile.rename(path, to: own)
        } else if (try? openFolder(own)) != nil {
            remove(path, .none)
        }
    }

    /// Whether a folder lies there, not a link to one.
    static func isOwnFolder(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}

extension CheckpointState {
    /// The name of the checkpoint's folder.
    package var checkpointName: String { "epoch=\(epoch)-step=\(step)" }
}
