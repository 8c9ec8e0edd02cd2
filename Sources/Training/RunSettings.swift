// What a run that keeps a folder needs beyond `FitOptions`.

/// Where a run goes on from.
public enum Resume: Sendable, Hashable {
    /// A new run.
    case never
    /// The newest complete checkpoint of the run's folder; a new run where there is none.
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
    /// Checkpoints to keep, beside the best.
    public var keepLast = 5

    public init(folder: String, configuration: String, modelName: String) {
        self.folder = folder
        self.configuration = configuration
        self.modelName = modelName
    }
}
