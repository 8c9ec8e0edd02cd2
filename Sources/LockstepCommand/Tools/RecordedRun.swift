// What a run's folder says of its weights, step by step: for compare and replay.

import Foundation
import Lockstep
import Streams

/// A run as its folder records it.
struct RecordedRun {
    let path: String
    /// The settings of config.yaml by name, in the one form of texts that mean the same.
    let settings: [String: String]
    let configuration: String
    /// Hashes of the weights by step, from metrics.csv and the checkpoints.
    let fingerprints: [Int: Fingerprint]
    /// Whole checkpoints by step.
    let checkpoints: [Int: Checkpoint]

    /// - Throws: `CheckpointError` where the folder holds no run, or contradicts itself.
    init(_ path: String) throws {
        let path = try RecordedRun.folder(path)
        self.path = path
        let file = path + "/config.yaml"
        guard let bytes = FileManager.default.contents(atPath: file) else {
            throw CheckpointError("\(path) is no run: it has no config.yaml" + Checkpoint.runsHint(in: path))
        }
        configuration = try Text.decode(bytes, file: file)
        settings = try Dictionary(
            RunSettings.entries(configuration, file: file).map { key, text in
                (key, SettingsTable.meaning(key, text) ?? text)
            }, uniquingKeysWith: { $1 })
        var fingerprints: [Int: Fingerprint] = [:]
        if FileManager.default.fileExists(atPath: path + "/metrics.csv") {
            for row in try RecordedMetrics(runFolder: path).rows {
                if let fingerprint = row.fingerprint { fingerprints[row.step] = fingerprint }
            }
        }
        let whole = RecordedRun.checkpoints(in: path).compactMap { try? $0.result.get() }
        checkpoints = Dictionary(whole.map { ($0.state.step, $0) }, uniquingKeysWith: { first, _ in first })
        for (step, checkpoint) in checkpoints {
            let recorded = fingerprints.updateValue(checkpoint.state.fingerprint, forKey: step)
            guard recorded == nil || recorded == checkpoint.state.fingerprint else {
                throw CheckpointError(
                    "\(path) contradicts itself at step \(step): metrics.csv has fingerprint \(recorded!), the "
                        + "checkpoint \(checkpoint.name) \(checkpoint.state.fingerprint)")
            }
        }
        self.fingerprints = fingerprints
    }

    /// The run's folder that `path` names, the path itself where it names nothing.
    ///
    /// - Throws: `CheckpointError` for a checkpoint.
    static func folder(_ path: String) throws -> String {
        switch try? Checkpoint.locate(path) {
        case .run(let run): return run
        case .checkpoint(let folder):
            throw CheckpointError("\(folder) is a checkpoint; expected the folder of its run")
        case nil: return expandingHome(path)
        }
    }

    /// The hash of the training data; nil where there is no checkpoint that tells.
    var dataHash: Fingerprint? { checkpoints.values.compactMap(\.state.dataHash).first }

    /// The folders of a run that are named like checkpoints, in the order of their steps, each verified in full.
    static func checkpoints(in path: String) -> [(path: String, result: Result<Checkpoint, CheckpointError>)] {
        // A run that goes on may have removed an old one by now.
        Checkpoint.all(in: path).reversed().filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    var lastStep: Int { fingerprints.keys.max() ?? 0 }

    /// For messages: `steps 10, 20, 30 and 7 more up to 100`.
    var stepsText: String { RecordedRun.text(fingerprints.keys.sorted()) }
    var checkpointsText: String { RecordedRun.text(checkpoints.keys.sorted()) }

    private static func text(_ steps: [Int]) -> String {
        if steps.isEmpty { return "no step" }
        return "steps " + steps.prefix(6).map(String.init).joined(separator: ", ")
            + (steps.count > 6 ? " and \(steps.count - 6) more up to \(steps[steps.count - 1])" : "")
    }

    /// Settings that mean other weights and are not the same in both runs.
    func settingsThatDiffer(from other: RecordedRun) -> [(key: String, first: String, second: String)] {
        let layer = (try? ConfigurationFile(text: configuration, file: path).layer) ?? SettingsLayer()
        let free = ResolvedSettings([layer]).changeable
        let differing = Set(settings.keys).union(other.settings.keys).subtracting(free).sorted()
            .filter { SettingsTable.meaning($0, settings[$0]) != SettingsTable.meaning($0, other.settings[$0]) }
            .map { ($0, settings[$0] ?? "(default)", other.settings[$0] ?? "(default)") }
        guard let hash = dataHash, let otherHash = other.dataHash, hash != otherHash else { return differing }
        return differing + [("data (hash)", "\(hash)", "\(otherHash)")]
    }
}
