// What a run is about to do, in words that ranks can compare.

import DataParallel
import Datasets

extension TrainingLoop {
    /// What all ranks must agree on before anything else is exchanged.
    static func agreement(
        _ model: Model, _ data: Samples, _ validation: Samples?, _ options: FitOptions, _ settings: RunSettings?
    ) throws -> ReplicaAgreement {
        let parameters = model.network.allParameters().map { "\($0.path) \($0.parameter.shape ?? [])" }
        let configured = try RunSettings.entries(settings?.configuration ?? "")
        let facts: [(key: String, value: String)] = [
            ("resume", settings.map { "\($0.resume)" } ?? "never"), ("epochs", "\(options.epochs)"),
            ("batch-size", "\(options.batchSize)"), ("shards", options.shards.map { "\($0)" } ?? "auto"),
            ("on-nan", options.onNonFinite.rawValue),
            ("threads", options.threads.map { "\($0)" } ?? "auto"), ("seed", "\(options.seed)"),
            ("profile", "\(options.timing.profile)"), ("trace", options.timing.trace ?? "none"),
            ("augmentation", "\(options.augmentation)"), ("optimizer settings", "\(model.optimizer)"),
            ("loss", model.loss.name + (model.loss.fromLogits.map { " from logits: \($0)" } ?? "")),
            ("parameters", parameters.joined(separator: ", ")),
            ("training data", "\(data.count) samples, hash \(data.fingerprint)"),
            ("validation data", validation.map { "\($0.count) samples, hash \($0.fingerprint)" } ?? "none"),
        ]
        let known = Set(configured.map(\.key))
        return ReplicaAgreement(configured + facts.filter { !known.contains($0.key) })
    }
}
