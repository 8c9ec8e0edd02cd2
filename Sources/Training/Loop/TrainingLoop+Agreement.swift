// What ranks agree on: before a run what it is about to do, in words that they can compare, then how it goes on.

import Autograd
import Checkpoints
import DataParallel
import Datasets

extension TrainingLoop {
    /// What all ranks must agree on before anything else is exchanged.
    static func agreement(
        _ model: Model, _ data: any Dataset, _ validation: (any Dataset)?, _ options: FitOptions,
        _ settings: RunSettings?
    ) throws -> ReplicaAgreement {
        let parameters = model.network.allParameters().map { "\($0.path) \($0.parameter.shape ?? [])" }
        // Hosts may have the same files in different places: their contents are compared.
        let configured = try RunSettings.entries(settings?.configuration ?? "").map { key, value in
            (key: key, value: settings?.paths.contains(key) == true ? DurableFile.split(value).name : value)
        }
        let facts: [(key: String, value: String)] = [
            ("resume", settings.map { "\($0.resume)" } ?? "never"), ("epochs", "\(options.epochs)"),
            ("batch-size", "\(options.batchSize)"), ("shards", options.shards.map { "\($0)" } ?? "auto"),
            ("on-nan", options.onNonFinite.rawValue),
            ("threads", options.threads.map { "\($0)" } ?? "auto"), ("seed", "\(options.seed)"),
            ("profile", "\(options.timing.profile)"), ("trace", options.timing.trace ?? "none"),
            ("transforms", options.transforms.map(\.description).joined(separator: "; ")),
            ("loss reduction", options.lossReduction.rawValue),
            ("metrics", model.metrics.map(\.name).joined(separator: ", ")),
            ("optimizer settings", "\(model.optimizer)"),
            ("loss", model.loss.description),
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

    /// Every rank throws what a callback of any rank throws.
    func call(_ hook: (any Callback) throws -> Void) throws {
        var problem: (any Error)?
        do { for callback in setup.callbacks { try hook(callback) } } catch { problem = error }
        try status.during(.waiting) { try world.together { if let problem { throw problem } } }
    }

    /// All ranks stop when one wants to, and use rank 0's learning rate.
    ///
    /// - Returns: whether a rank wants to stop, or was asked to from outside.
    func agree() throws -> Bool {
        let former = status.enter(.waiting)
        defer { status.enter(former) }
        let wishes = try world.communicator.allReduce(
            [context.stopTraining ? 1 : 0, options.stopRequested() ? 1 : 0], .maximum)
        context.stopTraining = wishes[0] > 0
        var rate = [context.learningRateScale, context.fixedLearningRate ?? .nan]
        try world.communicator.broadcast(&rate, from: 0)
        context.learningRateScale = rate[0]
        context.fixedLearningRate = rate[1].isNaN ? nil : rate[1]
        return wishes.contains { $0 > 0 }
    }
}
