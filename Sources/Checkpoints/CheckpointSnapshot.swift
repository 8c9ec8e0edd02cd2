// The contents of one checkpoint, copied at a step and written at leisure. The copy is made in the layout of the files,
// so that there is no second one. Checkpoint.write and CheckpointWriter use it.

import Autograd
import Foundation
import Optimizers
import Tensors

/// A moment of a run in memory that is reused for the next one. Whoever owns it orders `take` and `write`.
package final class CheckpointSnapshot {
    private(set) var state: CheckpointState?
    private var model = Data()
    private var optimizer = Data()
    private var callbacks: Data?
    private var preparation: Data?

    /// Copies everything; `state.fingerprint` must be that of the parameters, `state.files` is filled in by `write`.
    package func take(
        _ state: CheckpointState, parameters: ParameterBuffer, optimizer moments: OptimizerState,
        callbackWeights: [(name: String, values: [Float])] = [], preparation: Data? = nil
    ) {
        var state = state
        state.formatVersion = CheckpointState.currentFormatVersion
        SafetensorsFile.encode(
            Checkpoint.tensors(of: parameters).map { ($0.name, $0.shape, UnsafeRawBufferPointer($0.bytes)) },
            metadata: ["format": "lockstep", "model": state.model, "step": String(state.step)], into: &model)
        SafetensorsFile.encode(
            Checkpoint.tensors(of: moments, parameters).map { ($0.name, $0.shape, UnsafeRawBufferPointer($0.bytes)) },
            metadata: ["format": "lockstep", "optimizer": state.optimizer, "step": String(state.step)],
            into: &optimizer)
        callbacks = callbackWeights.isEmpty ? nil : Checkpoint.encode(callbackWeights, step: state.step)
        self.preparation = preparation
        self.state = state
    }

    /// Writes what was taken into `runFolder`, in place of a former checkpoint of the same epoch and step.
    ///
    /// All is written and synced under a hidden name first, then renamed: nothing half-written ever bears the final
    /// name.
    /// - Parameters:
    ///   - progress: called as parts of long files are on the disk.
    ///   - permit: throws when this process may not write there any more; asked right before the rename.
    package func write(
        in runFolder: String, faults: FaultPlan = .none, progress: () -> Void = {},
        permit: () throws(CheckpointError) -> Void = {}
    ) throws(CheckpointError) -> Checkpoint {
        guard var state else { fatalError("a snapshot is written before it is taken") }
        let folder = Checkpoint.folder(of: runFolder)
        let name = state.checkpointName
        try DurableFile.makeFolder(folder)
        Checkpoint.putBackFormer(in: folder)
        Checkpoint.removeCopies(in: folder)
        TemporaryName.removeLeftovers(in: folder)
        state.files = [
            Checkpoint.modelFile: Checkpoint.record(model), Checkpoint.optimizerFile: Checkpoint.record(optimizer),
        ]
        let others = [(Checkpoint.callbackFile, callbacks), (Checkpoint.preparationFile, preparation)]
            .compactMap { name, data in data.map { (name, $0) } }
        for (name, data) in others { state.files[name] = Checkpoint.record(data) }
        let temporary = folder + "/" + TemporaryName.make(for: name)
        let path = folder + "/" + name
        do throws(CheckpointError) {
            try DurableFile.makeFolder(temporary)
            faults.reach(.folder)
            try DurableFile.create(temporary + "/" + Checkpoint.modelFile, model, progress: progress) {
                faults.reach(.modelHalf)
            }
            faults.reach(.model)
            try DurableFile.create(temporary + "/" + Checkpoint.optimizerFile, optimizer, progress: progress) {
                faults.reach(.optimizerHalf)
            }
            faults.reach(.optimizer)
            for (name, data) in others { try DurableFile.create(temporary + "/" + name, data, progress: progress) }
            try DurableFile.create(
                temporary + "/" + Checkpoint.stateFile, try state.json(), halfWritten: { faults.reach(.stateHalf) })
            faults.reach(.state)
            try DurableFile.syncFolder(temporary)
            faults.reach(.beforeRename)
            try permit()
            try Checkpoint.place(temporary, at: path, faults)
            faults.reach(.afterRename)
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
        try DurableFile.syncFolder(folder)
        return Checkpoint(path: path, state: state)
    }
}
