// Metrics by name, as a command line or a file spells them.

import Models
import Streams

extension Metric {
    private static let entries: [(metric: Metric, aliases: [String])] = [
        (.accuracy, ["acc", "categorical_accuracy", "sparse_categorical_accuracy"]), (.binaryAccuracy, []),
        (.topK(5), ["top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy"]),
        (.precision, []), (.recall, []), (.f1Score, ["f1"]),
        (.auc, ["auc_roc", "roc_auc"]), (.aucPR, ["pr_auc", "average_precision"]),
        (.perplexity, []), (.bitsPerCharacter, []), (.bitsPerByte, []), (.bitsPerToken, []),
        (.meanAbsoluteError, ["mae"]), (.meanSquaredError, ["mse"]),
        (.rootMeanSquaredError, ["rmse"]), (.r2Score, ["r2"]), (.meanAbsolutePercentageError, ["mape"]),
    ]

    /// The names of all metrics; `top_5_accuracy` stands for any number, and precision, recall and F1 take a suffix.
    package static var names: [String] { entries.map(\.metric.name) }

    /// The metric of that name or alias, with underscores or hyphens: `accuracy`, `top-3-accuracy`, `f1-macro`,
    /// `precision_class_2`.
    ///
    /// - Throws: `TrainingError` for an unknown name, with the nearest and all known ones.
    package static func named(_ name: String) throws(TrainingError) -> Metric {
        let spelled = name.lowercased().replacing("-", with: "_")
        if let entry = entries.first(where: { $0.metric.name == spelled || $0.aliases.contains(spelled) }) {
            return entry.metric
        }
        if let match = spelled.wholeMatch(of: /top_(\d+)(_accuracy)?/), let k = Int(match.1), k > 0 { return .topK(k) }
        if let match = spelled.wholeMatch(of: /(precision|recall|f1)(?:_score)?_(micro|macro|weighted|class_(\d+))/) {
            let average: Average? =
                switch match.2 {
                case "micro": .micro
                case "macro": .macro
                case "weighted": .weighted
                default: match.3.flatMap { Int($0) }.map { .oneClass($0) }
                }
            if let average {
                switch match.1 {
                case "precision": return .precision(average: average)
                case "recall": return .recall(average: average)
                default: return .f1Score(average: average)
                }
            }
        }
        throw TrainingError(
            "unknown metric '\(name)'" + ModelFileError.suggestion(for: spelled, among: names, what: "metrics")
                + "; precision, recall and f1_score also with _micro, _macro, _weighted or _class_N")
    }
}
