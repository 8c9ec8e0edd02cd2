// The checkpoints of one run together: the newest that is whole, the best, and the removal of old
// ones. The training loop's checkpoint callback and `--resume auto` call it.

import Foundation

extension Checkpoint {
    /// The complete checkpoint of the latest step, nil where there are none at all.
    ///
    /// - Returns: also the damaged ones that are newer than it, each with the reason; older ones are not looked at.
    /// - Throws: `CheckpointError` where none of the run's checkpoints is whole, or nobody can tell: such a run must not
    ///   be taken for a new one.
    package static func newest(
        in runFolder: String
    ) throws(CheckpointError) -> (checkpoint: Checkpoint?, skipped: [(path: String, why: String)]) {
        var skipped: [(path: String, why: String)] = []
        putBackFormer(in: folder(of: runFolder))
        for path in try candidates(in: runFolder) {
            do throws(CheckpointError) {
                return (try openFolder(path), skipped)
            } catch {
                skipped.append((path, error.description))
            }
        }
        if skipped.isEmpty { return (nil, []) }
        throw CheckpointError(
            "\(runFolder) holds no complete checkpoint" + skipped.map { "\n  \($0.why)" }.joined()
                + "\nBring one back from a copy, or start a new run in another folder")
    }

    /// The complete checkpoints that were written at the end of an epoch, the best first; of equal ones the earliest.
    package static func best(in runFolder: String, _ monitor: Monitor, _ known: KnownCheckpoints) -> [Checkpoint] {
        let all = (try? candidates(in: runFolder)) ?? []
        let ends = all.reversed().compactMap { path -> (checkpoint: Checkpoint, value: Double)? in
            guard let state = known.state(path), state.batchInEpoch == 0, let value = state.metrics[monitor.metric],
                value.isFinite
            else { return nil }
            return (Checkpoint(path: path, state: state), value)
        }
        return ends.enumerated().sorted { first, second in
            if first.element.value == second.element.value { return first.offset < second.offset }
            return monitor.improves(first.element.value, on: second.element.value)
        }.map(\.element.checkpoint)
    }

    /// All checkpoints of a run, the latest step first, each verified in full.
    ///
    /// - Returns: for each its folder, and what it holds or why it is damaged.
    package static func all(in runFolder: String) -> [(path: String, result: Result<Checkpoint, CheckpointError>)] {
        putBackFormer(in: folder(of: runFolder))
        return ((try? candidates(in: runFolder)) ?? []).map { path in
            (path, Result { () throws(CheckpointError) in try openFolder(path) })
        }
    }

    /// Removes old checkpoints, and never one that `last` or `best` names.
    ///
    /// Damaged ones neither count nor go: they are evidence.
    /// - Parameters:
    ///   - keepLast: how many of the newest stay.
    ///   - keep: names of further ones that stay, e.g. `epoch=2-step=938`.
    package static func prune(
        in runFolder: String, keepLast: Int, keep: Set<String>, _ known: KnownCheckpoints = KnownCheckpoints(),
        faults: FaultPlan = .none
    ) {
        let folder = folder(of: runFolder)
        let linked = linkNames.compactMap { link in
            try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + link)
        }
        let kept = Set((linked + keep).map { DurableFile.split($0).name })
        let all = (try? candidates(in: runFolder)) ?? []
        known.forget(allBut: all)
        let complete = all.filter { known.state($0) != nil }
        for path in complete.dropFirst(max(0, keepLast)) {
            if !kept.contains(DurableFile.split(path).name) { remove(path, faults) }
        }
    }

    /// Folders that are named like checkpoints, latest step first; also a copied `last` or `best` where the checkpoint
    /// itself was not copied.
    static func candidates(in runFolder: String) throws(CheckpointError) -> [String] {
        let folder = folder(of: runFolder)
        if !DurableFile.isFolder(folder) {
            var status = stat()
            if stat(folder, &status) != 0 && errno != ENOENT { throw DurableFile.failure("read", folder) }
            return []
        }
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw CheckpointError(
                "\(folder) can't be read: \(error.localizedDescription); check its permissions", .refusedBySystem)
        }
        let copies = linkNames.filter { names.contains($0) && isOwnFolder(folder + "/" + $0) }.compactMap { name in
            (try? readState(folder + "/" + name)).map { (name: name, step: $0.step, epoch: $0.epoch) }
        }.filter { !names.contains("epoch=\($0.epoch)-step=\($0.step)") }
        return (names.compactMap { name in place(name).map { (name: name, step: $0.step, epoch: $0.epoch) } } + copies)
            .sorted { ($0.step, $0.epoch, $0.name) > ($1.step, $1.epoch, $1.name) }
            .map { folder + "/" + $0.name }
    }

    /// Epoch and step of `epoch=E-step=S`, nil for other names.
    private static func place(_ name: String) -> (epoch: Int, step: Int)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].hasPrefix("epoch="), parts[1].hasPrefix("step="),
            let epoch = Int(parts[0].dropFirst(6)), let step = Int(parts[1].dropFirst(5))
        else { return nil }
        return (epoch, step)
    }
}
