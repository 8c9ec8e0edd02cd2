// A checkpoint: a folder with weights, optimizer state and state.json, complete or absent whenever the process dies.
// The training loop writes one and restores one; Checkpoint+Run.swift finds, links and prunes those of a run.

import Autograd
import Foundation
import Optimizers
import Tensors

/// A complete checkpoint on disk, `RUN/checkpoints/epoch=E-step=S`.
package struct Checkpoint: Sendable {
    /// The folder.
    package let path: String
    package let state: CheckpointState

    static let modelFile = "model.safetensors"
    static let optimizerFile = "optimizer.safetensors"
    /// Only where a callback remembers weights.
    package static let callbackFile = "callbacks.safetensors"
    /// What was fitted on the training data, where something was: see `RunSettings.preparation`.
    static let preparationFile = "preparation.json"
    static let stateFile = "state.json"
    private static let stateLimit = 1 << 28

    init(path: String, state: CheckpointState) {
        self.path = path
        self.state = state
    }

    /// The folder's name, e.g. `epoch=2-step=938`.
    package var name: String { DurableFile.split(path).name }

    /// Writes a checkpoint into `runFolder`, in place of a former one of the same epoch and step; see
    /// `CheckpointSnapshot.write`.
    ///
    /// - Parameters:
    ///   - state: its fingerprint and file records are filled in here.
    ///   - parameters: one tensor each in model.safetensors, under its path and in its shape.
    ///   - optimizer: in optimizer.safetensors, `PATH.STATE` for each trainable parameter, e.g. `dense.kernel.m`.
    /// - Returns: the checkpoint as it is on disk.
    /// - Throws: `CheckpointError` where the disk is full or the folder not writable; nothing is left behind.
    package static func write(
        _ state: CheckpointState, parameters: ParameterBuffer, optimizer: OptimizerState, in runFolder: String
    ) throws(CheckpointError) -> Checkpoint {
        let snapshot = CheckpointSnapshot()
        var state = state
        state.fingerprint = parameters.fingerprint
        snapshot.take(state, parameters: parameters, optimizer: optimizer)
        return try snapshot.write(in: runFolder)
    }

    /// Opens a checkpoint, or a run's newest one, by any path that `locate` understands.
    ///
    /// - Throws: `CheckpointError` unless state.json, and size and hash of every file, are verified. Nothing has been
    ///   loaded by then. Where a run's newest checkpoint is damaged, the error names the one before it.
    package static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
        let run: String
        switch try locate(path) {
        case .checkpoint(let folder): return try openFolder(folder)
        case .run(let folder): run = folder
        }
        let (newest, skipped) = try newest(in: run)
        guard let newest else { throw CheckpointError("\(run) holds no checkpoint yet", .missing) }
        if let damaged = skipped.first {
            throw CheckpointError(
                "\(damaged.why); the newest whole checkpoint is \(newest.path): name that one to use it")
        }
        return newest
    }

    /// Opens exactly this folder, or the one that a link names.
    package static func openFolder(_ path: String) throws(CheckpointError) -> Checkpoint {
        var path = path
        let (folder, _) = DurableFile.split(path)
        if let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) {
            path = target.hasPrefix("/") ? target : folder + "/" + target
        }
        let checkpoint = Checkpoint(path: path, state: try readState(path))
        for name in checkpoint.state.files.keys.sorted() { _ = try checkpoint.contents(of: name) }
        return checkpoint
    }

    /// state.json of a folder whose files all have the recorded sizes.
    static func readState(_ path: String) throws(CheckpointError) -> CheckpointState {
        let file = path + "/" + stateFile
        let state = try CheckpointState(json: try DurableFile.read(file, atMost: stateLimit), file: file)
        for name in [modelFile, optimizerFile] where state.files[name] == nil {
            throw CheckpointError("\(file) records no \(name)")
        }
        for name in state.files.keys.sorted() {
            guard !name.contains("/") else { throw CheckpointError("\(file) records a file outside: \(name)") }
            let found = try DurableFile.size("\(path)/\(name)")
            let expected = state.files[name]?.bytes ?? 0
            guard found == expected else {
                throw CheckpointError(
                    "\(path)/\(name) is damaged: it has \(found) bytes, expected \(expected)", .damaged)
            }
        }
        return state
    }

    /// The verified bytes of one recorded file.
    func contents(of name: String) throws(CheckpointError) -> Data {
        let file = path + "/" + name
        let record = state.files[name]
        let data = try DurableFile.read(file)
        guard Checkpoint.record(data) == record else {
            throw CheckpointError(
                "\(file) is damaged: \(data.count) bytes with hash \(Checkpoint.record(data).hash), expected "
                    + "\(record?.bytes ?? 0) with \(record?.hash.description ?? "none")")
        }
        return data
    }

    /// What was fitted on the run's training data, as `RunSettings.preparation` had it; nil where nothing was.
    package func preparation() throws(CheckpointError) -> Data? {
        state.files[Checkpoint.preparationFile] == nil ? nil : try contents(of: Checkpoint.preparationFile)
    }

    /// `RUN/checkpoints`.
    package static func folder(of runFolder: String) -> String { runFolder + "/checkpoints" }

    static func record(_ data: Data) -> CheckpointState.FileRecord {
        .init(bytes: data.count, hash: data.withUnsafeBytes { Fingerprint(of: $0) })
    }
}
