// Losses by name, as a command line or a file spells them.

import Models
import Streams

extension Loss {
    /// What may be said beside a name.
    private struct Options {
        var fromLogits: Bool?
        var labelSmoothing: Float?
        var delta: Float?
        var gamma: Float?
        var alpha: Float?
        var beta: Float?

        var given: [String] {
            [
                fromLogits.map { _ in "from logits" }, labelSmoothing.map { _ in "label smoothing" },
                delta.map { _ in "delta" }, gamma.map { _ in "gamma" }, alpha.map { _ in "alpha" },
                beta.map { _ in "beta" },
            ].compactMap { $0 }
        }
    }

    private struct Entry: Sendable {
        let name: String
        var aliases: [String] = []
        var options: [String] = []
        let make: @Sendable (Options) -> Loss
    }

    private static let crossEntropyOptions = ["from logits", "label smoothing"]
    private static let focalOptions = crossEntropyOptions + ["gamma", "alpha"]

    private static let entries: [Entry] = [
        Entry(name: "sparse_categorical_crossentropy", aliases: ["scce"], options: crossEntropyOptions) {
            .sparseCategoricalCrossentropy(fromLogits: $0.fromLogits, labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "categorical_crossentropy", aliases: ["cce"], options: crossEntropyOptions) {
            .categoricalCrossentropy(fromLogits: $0.fromLogits, labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "binary_crossentropy", aliases: ["bce"], options: crossEntropyOptions) {
            .binaryCrossentropy(fromLogits: $0.fromLogits, labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "sparse_categorical_focal_crossentropy", options: focalOptions) {
            .sparseCategoricalFocalCrossentropy(
                gamma: $0.gamma ?? 2, alpha: $0.alpha ?? 0.25, fromLogits: $0.fromLogits,
                labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "categorical_focal_crossentropy", options: focalOptions) {
            .categoricalFocalCrossentropy(
                gamma: $0.gamma ?? 2, alpha: $0.alpha ?? 0.25, fromLogits: $0.fromLogits,
                labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "binary_focal_crossentropy", options: focalOptions) {
            .binaryFocalCrossentropy(
                gamma: $0.gamma ?? 2, alpha: $0.alpha, fromLogits: $0.fromLogits,
                labelSmoothing: $0.labelSmoothing ?? 0)
        },
        Entry(name: "kl_divergence", aliases: ["kld", "kullback_leibler_divergence"]) { _ in .klDivergence },
        Entry(name: "hinge") { _ in .hinge },
        Entry(name: "squared_hinge") { _ in .squaredHinge },
        Entry(name: "categorical_hinge") { _ in .categoricalHinge },
        Entry(name: "mean_squared_error", aliases: ["mse"]) { _ in .meanSquaredError },
        Entry(name: "mean_absolute_error", aliases: ["mae"]) { _ in .meanAbsoluteError },
        Entry(name: "huber", aliases: ["huber_loss"], options: ["delta"]) { .huber(delta: $0.delta ?? 1) },
        Entry(name: "log_cosh", aliases: ["logcosh"]) { _ in .logCosh },
        Entry(name: "poisson") { _ in .poisson },
        Entry(name: "mean_absolute_percentage_error", aliases: ["mape"]) { _ in .meanAbsolutePercentageError },
        Entry(name: "mean_squared_logarithmic_error", aliases: ["msle"]) { _ in .meanSquaredLogarithmicError },
        Entry(name: "cosine_similarity") { _ in .cosineSimilarity },
        Entry(name: "dice") { _ in .dice },
        Entry(name: "tversky", options: ["alpha", "beta"]) {
            .tversky(alpha: $0.alpha ?? 0.5, beta: $0.beta ?? 0.5)
        },
    ]

    /// Keras's names of all losses.
    package static var names: [String] { entries.map(\.name) }

    /// The loss of that name or alias in Keras, with underscores or hyphens. nil leaves a parameter at Keras's default.
    ///
    /// By name alone there are `mean_absolute_percentage_error`, `mean_squared_logarithmic_error`, `cosine_similarity` (its
    /// negative, from -1 on), and for masks of images `dice` and `tversky`, each of a sample over all its outputs.
    ///
    /// - Throws: `TrainingError` for an unknown name with the nearest and all known ones, for a parameter that the loss
    ///   does not have, and for a value that is out of its range.
    public static func named(
        _ name: String, labelSmoothing: Float? = nil, fromLogits: Bool? = nil, delta: Float? = nil,
        gamma: Float? = nil, alpha: Float? = nil, beta: Float? = nil
    ) throws(TrainingError) -> Loss {
        let spelled = name.lowercased().replacing("-", with: "_")
        guard let entry = entries.first(where: { $0.name == spelled || $0.aliases.contains(spelled) }) else {
            throw TrainingError(
                "unknown loss '\(name)'" + ModelFileError.suggestion(for: spelled, among: names, what: "losses"))
        }
        let options = Options(
            fromLogits: fromLogits, labelSmoothing: labelSmoothing, delta: delta, gamma: gamma, alpha: alpha, beta: beta
        )
        if let surplus = options.given.first(where: { !entry.options.contains($0) }) {
            let known = entry.options.isEmpty ? "it has none" : "it has \(entry.options.joined(separator: ", "))"
            throw TrainingError("loss \(entry.name) has no parameter '\(surplus)': \(known)")
        }
        let defect =
            parameterDefect(labelSmoothing: labelSmoothing, delta: delta, gamma: gamma, alpha: alpha)
            ?? beta.flatMap { $0 >= 0 && $0.isFinite ? nil : "beta \($0), expected a number of 0 or more" }
        if let defect {
            throw TrainingError("loss \(entry.name): " + defect)
        }
        return entry.make(options)
    }

    /// Why a loss can't have these parameters, nil where it can.
    static func parameterDefect(
        labelSmoothing: Float? = nil, delta: Float? = nil, gamma: Float? = nil, alpha: Float? = nil
    ) -> String? {
        if let labelSmoothing, !(labelSmoothing >= 0 && labelSmoothing < 1) {
            return "label smoothing \(labelSmoothing), expected a number at least 0 and below 1"
        }
        if let delta, !(delta > 0 && delta.isFinite) { return "delta \(delta), expected a number above 0" }
        if let gamma, !(gamma >= 0 && gamma.isFinite) { return "gamma \(gamma), expected a number at least 0" }
        if let alpha, !(alpha >= 0 && alpha <= 1) { return "alpha \(alpha), expected a number in 0 ... 1" }
        return nil
    }
}
