// Where a run's folder may be: a new one of its own, one that this process can write, no part of another run; and its
// links.

import Checkpoints
import Foundation

extension RunFolder {
    /// Makes the folder `path`, or the first of `path-2`, `path-3`, ... that is not there: whoever makes one has it for
    /// himself, however many begin at once.
    ///
    /// - Returns: what was made.
    package static func makeNew(_ path: String) throws(CheckpointError) -> String {
        let parent = DurableFile.split(path).folder
        try DurableFile.makeFolder(parent)
        var candidate = path
        var number = 1
        while mkdir(candidate, 0o777) != 0 {
            guard errno == EEXIST else { throw DurableFile.failure("make the folder", candidate) }
            number += 1
            candidate = "\(path)-\(number)"
        }
        try DurableFile.syncFolder(parent)
        return candidate
    }

    /// A run within another one's folder of checkpoints would be taken for a part of that.
    static func requireNoPart(_ path: String) throws(CheckpointError) {
        switch try? Checkpoint.locate(path) {
        case .checkpoint(let folder):
            throw CheckpointError("\(folder) is a checkpoint; expected the folder of a run, or a new one")
        case .run(let run) where !isFolder(path, run):
            throw CheckpointError("\(path) belongs to the run \(run); expected the run's own folder, or a new one")
        default: return
        }
    }

    private static func isFolder(_ path: String, _ run: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(path, &first) == 0 && stat(run, &second) == 0
            && (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    }

    /// Looks for what can't be written among the files of a run that goes on, before anything is trained: all is made
    /// anew but the rows, which are appended, and the checkpoints, which are put beside the earlier ones.
    func requireWritable() throws(CheckpointError) {
        for file in [csvFile, jsonFile] {
            let descriptor = open(file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 || [ENOENT, ENOTDIR].contains(errno) else {
                throw DurableFile.failure("append to", file)
            }
            if descriptor >= 0 { close(descriptor) }
        }
        let checkpoints = Checkpoint.folder(of: path)
        guard DurableFile.isFolder(checkpoints) else { return }
        let probe = checkpoints + "/" + TemporaryName.make(for: "probe")
        guard mkdir(probe, 0o777) == 0 || errno == EEXIST else { throw DurableFile.failure("write into", checkpoints) }
        rmdir(probe)
    }

    /// Points the links to `last` and, if there is one, `best`. What prevents that is told once: nothing depends on them.
    func link(last: Checkpoint, best: Checkpoint?, _ faults: FaultPlan) {
        var problem: CheckpointError?
        for (name, checkpoint) in [("last", last), ("best", best)] {
            do throws(CheckpointError) { if let checkpoint { try Checkpoint.link(name, to: checkpoint) } } catch {
                problem = error
            }
            if name == "last" { faults.reach(.links) }
        }
        let isNew = hasNoLinks.withLock { hasNone in
            defer { hasNone = problem != nil }
            return !hasNone && problem != nil
        }
        if isNew, let problem {
            warn("\(problem); the checkpoint is whole and found without the links last and best")
        }
    }
}
