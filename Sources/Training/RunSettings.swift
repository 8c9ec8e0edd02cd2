// What a run that keeps a folder needs beyond `FitOptions`.

import Foundation
import Streams

/// Where a run goes on from.
public enum Resume: Sendable, Hashable {
    /// A new run.
    case never
    /// The newest complete checkpoint of the run's folder; a new run where there is none, an error where all are damaged.
    case automatic
    /// A checkpoint or run folder.
    case from(String)
}

/// A run that writes metrics and checkpoints.
public struct RunSettings: Sendable {
    /// The run's folder; made if absent.
    public var folder: String
    /// The resolved configuration, kept as `config.yaml` and in every checkpoint.
    public var configuration: String
    /// What the checkpoints say the model is.
    public var modelName: String
    public var resume = Resume.never
    public var checkpoints = CheckpointPolicy()
    /// Takes what a person should know though the run goes on; standard error unless given.
    public var warn: @Sendable (String) -> Void = { StandardStream.error.write("warning: \($0)\n") }

    /// Settings of `configuration` that a run may change when it goes on, since they change no bits of what is to come.
    public var changeable: Set<String> = []

    public init(folder: String, configuration: String, modelName: String) {
        self.folder = folder
        self.configuration = configuration
        self.modelName = modelName
    }
}

extension RunSettings {
    /// The lines `key: value` of a configuration, in order.
    package static func entries(_ configuration: String) -> [(key: String, value: String)] {
        configuration.split(separator: "\n").map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (String(parts[0]), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }

    /// Refuses to go on with a run whose configuration was another, where that would change bits.
    package func require(sameBitsAs earlier: String) throws {
        let differing = changes(from: earlier).filter { !changeable.contains($0.key) }
        if !differing.isEmpty { throw TrainingError.refusedToGoOn(differing) }
    }

    /// Settings that differ from an earlier configuration of the run.
    func changes(from earlier: String) -> [(key: String, before: String, now: String)] {
        let before = Dictionary(RunSettings.entries(earlier), uniquingKeysWith: { $1 })
        let now = Dictionary(RunSettings.entries(configuration), uniquingKeysWith: { $1 })
        return Set(before.keys).union(now.keys).sorted()
            .filter { before[$0] != now[$0] }
            .map { ($0, before[$0] ?? "(default)", now[$0] ?? "(default)") }
    }
}
