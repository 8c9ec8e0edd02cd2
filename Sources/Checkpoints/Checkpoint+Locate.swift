// What a path that a person gives names: a run, a checkpoint, or a file of one of them.

import Foundation
import Streams

extension Checkpoint {
    /// What a path names.
    package enum Place: Equatable {
        /// A run's folder.
        case run(String)
        /// A checkpoint's folder.
        case checkpoint(String)
    }

    /// The names of files by which their folder may be meant.
    private static let runFiles = ["config.yaml", "metrics.csv", "metrics.jsonl", "summary.txt"]
    private static let checkpointFiles = [stateFile, modelFile, optimizerFile, callbackFile]

    /// Finds what `path` names: a run or a checkpoint by its folder or a file of it, a run also by its folder of
    /// checkpoints.
    ///
    /// `last` and `best` lead where they should also in a run that has folders or nothing in place of these links.
    /// - Throws: `CheckpointError` where it is none of these.
    package static func locate(_ path: String) throws(CheckpointError) -> Place {
        var path = expandingHome(path)
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        let (parent, name) = DurableFile.split(path)
        if linkNames.contains(name), let run = run(ofCheckpoints: parent), !isLink(path) {
            return name == "last" ? .run(run) : .checkpoint(try best(in: run).path)
        }
        if DurableFile.isFolder(path) {
            if exists(path + "/" + stateFile) { return .checkpoint(path) }
            if exists(folder(of: path)) || exists(path + "/config.yaml") { return .run(path) }
            if let run = run(ofCheckpoints: path) { return .run(run) }
            throw CheckpointError(
                "\(path) is neither a checkpoint (it has no \(stateFile)) nor a run (it has no folder checkpoints)"
                    + runsHint(in: path))
        }
        guard exists(path) else { throw CheckpointError("\(path) is no checkpoint: no such folder", .missing) }
        if checkpointFiles.contains(name), exists(parent + "/" + stateFile) { return try locate(parent) }
        if runFiles.contains(name), exists(folder(of: parent)) || exists(parent + "/config.yaml") {
            return .run(parent)
        }
        throw CheckpointError(
            "\(path) is no checkpoint: a file that belongs to none; expected the folder of a run or of a checkpoint"
                + (path.hasSuffix(".safetensors")
                    ? " (`load(_:input:)` takes weights without their model, to begin a run with)" : ""))
    }

    /// The run whose checkpoints `folder` holds, nil where it is no such folder.
    private static func run(ofCheckpoints folder: String) -> String? {
        var (run, name) = DurableFile.split(folder)
        // Within the folder itself, it is called `.`.
        if name == ".", isSame(folder, folder + "/../checkpoints") { (run, name) = (folder + "/..", "checkpoints") }
        guard name == "checkpoints", DurableFile.isFolder(folder) else { return nil }
        // Any folder may have this name.
        return exists(run + "/config.yaml") || (try? candidates(in: run))?.isEmpty == false ? run : nil
    }

    /// The best checkpoint, by the metric that the run monitored.
    private static func best(in run: String) throws(CheckpointError) -> Checkpoint {
        guard let newest = try newest(in: run).checkpoint else {
            throw CheckpointError("\(run) holds no checkpoint yet", .missing)
        }
        let settings = try? ConfigurationEntry.read(newest.state.configuration, file: "the configuration")
        let recorded = settings?.last { $0.key == "monitor" }?.words.first
        let metric = recorded ?? (newest.state.metrics["val_loss"] == nil ? "loss" : "val_loss")
        guard let best = best(in: run, Monitor(metric: metric, minimumDelta: 0), KnownCheckpoints()).first else {
            throw CheckpointError(
                "\(run) has no best checkpoint: none was written at the end of an epoch with a \(metric)")
        }
        return best
    }

    /// What to say of a folder that is no run where it holds some, as that of several seeds or folds does; else nothing.
    package static func runsHint(in folder: String) -> String {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
            exists("\(folder)/\($0)/config.yaml")
        }.sorted { $0.compare($1, options: .numeric) == .orderedAscending }
        guard let first = names.first else { return "" }
        return "; it holds \(names.count == 1 ? "a run" : "\(names.count) runs"): name one, as in \(folder)/\(first)"
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        return stat(one, &first) == 0 && stat(other, &second) == 0
            && (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
    }
}
