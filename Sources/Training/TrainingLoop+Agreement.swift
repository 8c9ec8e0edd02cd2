// What a run is about to do, in words that ranks can compare.

import Autograd
import DataParallel
import Datasets

extension TrainingLoop {
    /// What all ranks must agree on before anything else is exchanged.
    static func agreement(
        _ model: Model, _ data: Samples, _ validation: Samples?, _ options: FitOptions, _ settings: RunSettings?
    ) throws -> ReplicaAgreement {
        let parameters = model.network.allParameters().map { "\($0.path) \($0.parameter.shape ?? [])" }
        // Hosts may have the same files in different places: their contents are compared.
        let configured = try RunSettings.entries(settings?.configuration ?? "").map { key, value in
            (key: key, value: RunSettings.paths.contains(key) ? DurableFile.split(value).name : value)
        }
        let facts: [(key: String, value: String)] = [
            ("resume", settings.map { "\($0.resume)" } ?? "never"), ("epochs", "\(options.epochs)"),
            ("batch-size", "\(options.batchSize)"), ("shards", options.shards.map { "\($0)" } ?? "auto"),
            ("on-nan", options.onNonFinite.rawValue),
            ("threads", options.threads.map { "\($0)" } ?? "auto"), ("seed", "\(options.seed)"),
            ("profile", "\(options.timing.profile)"), ("trace", options.timing.trace ?? "none"),
            ("augmentation", "\(options.augmentation)"), ("optimizer settings", "\(model.optimizer)"),
            ("loss", model.loss.name + (model.loss.fromLogits.map { " from logits: \($0)" } ?? "")),
            ("model's description", "hash \(hash(settings?.modelName ?? ""))"),
            ("parameters", parameters.joined(separator: ", ")),
            ("training data", "\(data.count) samples, hash \(data.fingerprint)"),
            ("validation data", validation.map { "\($0.count) samples, hash \($0.fingerprint)" } ?? "none"),
        ]
        let known = Set(configured.map(\.key))
        return ReplicaAgreement(configured + facts.filter { !known.contains($0.key) })
    }

    private static func hash(_ text: String) -> Fingerprint {
        Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
