// Files that are whole or absent, whenever the process dies: written, synced, renamed into place. Checkpoint, RunFolder
// and the command's `--stage` write everything through here; every failed system call becomes a message with the path
// and the cause.

import Foundation

/// Durable writes and renames, after POSIX: a rename replaces atomically, and only what is synced survives a crash.
package enum DurableFile {
    /// Bytes from one sync of a long file to the next.
    private static let syncBytes = 64 << 20

    /// Writes a new file and syncs it. One that is there is an error.
    ///
    /// - Parameters:
    ///   - progress: called whenever another 64 MiB are on the disk, which may be slow.
    ///   - halfWritten: called in the middle.
    package static func create(
        _ path: String, _ data: Data, progress: () -> Void = {}, halfWritten: () -> Void = {}
    ) throws(CheckpointError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_CREAT | O_EXCL, 0o666)
        guard descriptor >= 0 else { throw failure("write", path) }
        try write(path, data, to: descriptor, sync: true, progress: progress, halfWritten: halfWritten)
    }

    /// Appends `data` in one go, so that a reader never sees part of a line, or not at all: then the file is as long as it
    /// was before. Never waits on a pipe.
    ///
    /// - Parameter heading: comes first in a file that holds nothing yet.
    package static func append(_ path: String, _ data: Data, heading: Data = Data()) throws(CheckpointError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_CREAT | O_APPEND | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw failure("write", path) }
        var before = stat()
        guard fstat(descriptor, &before) == 0 else {
            defer { close(descriptor) }
            throw failure("write", path)
        }
        do throws(CheckpointError) {
            try write(path, before.st_size == 0 ? heading + data : data, to: descriptor, sync: false)
        } catch {
            truncate(path, before.st_size)
            throw error
        }
    }

    /// Makes what a file holds durable, if there is one.
    package static func sync(_ path: String) throws(CheckpointError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        if descriptor < 0 && errno == ENOENT { return }
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("sync", path) }
    }

    /// Replaces the whole file: readers see the old contents or the new ones.
    package static func replace(_ path: String, _ data: Data) throws(CheckpointError) {
        let (folder, name) = split(path)
        let temporary = folder + "/" + TemporaryName.make(for: name)
        unlink(temporary)
        do throws(CheckpointError) {
            try create(temporary, data)
            try rename(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
        try syncFolder(folder)
    }

    /// Makes a folder and its missing parents, durably.
    package static func makeFolder(_ path: String) throws(CheckpointError) {
        if isFolder(path) { return }
        let parent = split(path).folder
        if mkdir(path, 0o777) != 0 {
            // Another process may have been faster, and a path may end in a slash.
            if errno == EEXIST, isFolder(path) { return }
            guard errno == ENOENT, parent != path, !isFolder(parent) else { throw failure("make the folder", path) }
            try makeFolder(parent)
            guard mkdir(path, 0o777) == 0 || isFolder(path) else { throw failure("make the folder", path) }
        }
        try syncFolder(parent)
    }

    /// Makes a folder as `makeFolder`, and makes sure that files can be made in it.
    package static func makeWritableFolder(_ path: String) throws(CheckpointError) {
        try makeFolder(path)
        guard access(path, W_OK | X_OK) == 0 else { throw failure("write into", path) }
    }

    package static func rename(_ from: String, to path: String) throws(CheckpointError) {
        guard systemRename(from, path) == 0 else { throw failure("put into place", path) }
    }

    /// Makes the names in a folder durable.
    package static func syncFolder(_ path: String) throws(CheckpointError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", path) }
        defer { close(descriptor) }
        // Some file systems refuse to sync a folder; there is nothing better to do on those.
        guard fsync(descriptor) == 0 || [EINVAL, ENOTSUP, ENOSYS].contains(errno) else { throw failure("sync", path) }
    }

    /// Reads a regular file of at most `limit` bytes; never waits on a pipe or device.
    package static func read(_ path: String, atMost limit: Int = .max) throws(CheckpointError) -> Data {
        let bytes = try size(path)
        guard bytes <= limit else {
            throw CheckpointError("\(path) has \(bytes) bytes, expected at most \(limit)")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw CheckpointError("cannot read \(path): \(error.localizedDescription)")
        }
    }

    /// The length of a regular file in bytes.
    static func size(_ path: String) throws(CheckpointError) -> Int {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw errno == ENOENT ? CheckpointError("\(path) is missing", .missing) : failure("read", path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw CheckpointError("\(path) is no regular file") }
        return Int(status.st_size)
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder of `path` and its name in there.
    package static func split(_ path: String) -> (folder: String, name: String) {
        // NSString's deletingLastPathComponent traps on a path of one letter.
        let parts = path.split(separator: "/")
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.dropLast().joined(separator: "/")
        return (folder.isEmpty ? "." : folder, parts.last.map(String.init) ?? path)
    }

    /// The error for the system call that failed last.
    package static func failure(_ action: String, _ path: String) -> CheckpointError {
        let hint =
            switch errno {
            case ENOSPC, EDQUOT: "; free some space, or choose another folder"
            case EACCES, EPERM, EROFS, ENOTDIR, EEXIST: "; choose a folder that you may write to"
            default: ""
            }
        return CheckpointError("cannot \(action) \(path): \(String(cString: strerror(errno)))\(hint)", .refusedBySystem)
    }

    /// Writes everything and closes the descriptor.
    private static func write(
        _ path: String, _ data: Data, to descriptor: Int32, sync: Bool, progress: () -> Void = {},
        halfWritten: () -> Void = {}
    ) throws(CheckpointError) {
        let complete = data.withUnsafeBytes { bytes in
            var (done, synced) = (0, 0)
            while done < bytes.count {
                // An appended line goes in one piece.
                var end = sync && done < bytes.count / 2 ? bytes.count / 2 : bytes.count
                if sync { end = min(end, synced + syncBytes) }
                let written = systemWrite(descriptor, bytes.baseAddress! + done, end - done)
                if written < 0 && errno == EINTR { continue }
                guard written > 0 else { return false }
                done += written
                if done == bytes.count / 2 { halfWritten() }
                if sync && done - synced >= syncBytes {
                    guard fsync(descriptor) == 0 else { return false }
                    synced = done
                    progress()
                }
            }
            return !sync || fsync(descriptor) == 0
        }
        let problem = complete ? nil : failure("write", path)
        let closed = close(descriptor) == 0
        if let problem { throw problem }
        // Network file systems report a full disk here.
        guard closed else { throw failure("write", path) }
    }

    private static func systemRename(_ from: String, _ to: String) -> Int32 { Foundation.rename(from, to) }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawPointer, _ count: Int) -> Int {
        Foundation.write(descriptor, bytes, count)
    }
}
