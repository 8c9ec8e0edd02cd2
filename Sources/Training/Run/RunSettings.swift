// What a run that keeps a folder needs beyond `FitOptions`.

import Checkpoints
import Foundation
import Streams
import Tensors

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
    package var folder: String
    /// Whether the folder's name was not chosen by a person: the run then takes the next one that is free.
    package var takesNextName = false
    /// The resolved configuration, kept as `config.yaml` and in every checkpoint.
    package var configuration: String
    /// What the checkpoints say the model is.
    package var modelName: String
    /// What was fitted on the training data and turns raw data into inputs, such as means and categories, as JSON: kept with
    /// every checkpoint, so that new data can be prepared alike.
    package var preparation: Data?
    public var resume = Resume.never
    public var checkpoints = CheckpointPolicy()
    /// Takes what a person should know though the run goes on; standard error unless given.
    package var warn: @Sendable (String) -> Void = { StandardStream.error.write("warning: \($0)\n") }

    /// Settings of `configuration` that a run may change when it goes on, since they change no bits of what is to come.
    package var changeable: Set<String> = []
    /// Settings that hold a path: hosts may have the same file in different places.
    package var paths = RunSettings.paths
    /// Of a setting's name and text, what all texts have in common that mean the same; of nil, what it is where a
    /// configuration lacks it.
    package var meaning: @Sendable (_ key: String, _ text: String?) -> String? = { key, text in
        text.map { RunSettings.absolute(key, $0) }
    }

    /// - Parameters:
    ///   - folder: made if absent; `~` is the home folder.
    ///   - configuration: what the run is made with, as YAML: it goes on only with the same.
    ///   - modelName: what the checkpoints say the model is.
    public init(folder: String, configuration: String = "", modelName: String = "model") {
        self.folder = expandingHome(folder)
        self.configuration = configuration
        self.modelName = modelName
    }
}

extension RunSettings {
    /// A configuration's text: YAML that gives the very same entries again, whatever the values hold.
    package static func text(_ entries: [(key: String, value: String)]) throws -> String {
        try ConfigurationEntry.text(entries.map { ConfigurationEntry(key: $0.key, words: [$0.value]) })
    }

    /// The settings of a configuration, in order.
    ///
    /// - Parameter file: what errors call it.
    /// - Returns: a list's items as one text, separated by commas.
    /// - Throws: `TrainingError` where the text is no mapping of names to single values or lists of them.
    package static func entries(
        _ configuration: String, file: String = "the configuration"
    ) throws -> [(key: String, value: String)] {
        try ConfigurationEntry.read(configuration, file: file).map { entry in
            (entry.key, entry.isList ? ListText.joined(entry.words) : entry.words[0])
        }
    }

    /// Refuses to go on with a run whose configuration was another, where that would change bits.
    package func require(sameBitsAs earlier: String) throws {
        let differing = try changes(from: earlier).filter { !changeable.contains($0.key) }
        if !differing.isEmpty { throw TrainingError.refusedToGoOn(differing) }
    }

    /// Settings that differ from an earlier configuration of the run.
    func changes(from earlier: String) throws -> [(key: String, before: String, now: String)] {
        let before = Dictionary(try RunSettings.entries(earlier), uniquingKeysWith: { $1 })
        let now = Dictionary(try RunSettings.entries(configuration), uniquingKeysWith: { $1 })
        return Set(before.keys).union(now.keys).sorted()
            .filter { meaning($0, before[$0]) != meaning($0, now[$0]) }
            .map { ($0, before[$0] ?? "(default)", now[$0] ?? "(default)") }
    }
}
