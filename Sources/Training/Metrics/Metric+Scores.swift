// Metrics of two classes that depend on the order of all samples' scores: the areas under curves.

import Tensors

extension Metric {
    /// The area under the curve of the rate of found positives over that of false ones (ROC): the probability that a
    /// positive scores above a negative, ties counting half. One output, or the second of two. NaN where one class is
    /// missing.
    public static let auc = Metric("auc", true, .twoClasses) { samples in
        var (area, positives, negatives) = (0.0, 0.0, 0.0)
        samples.forEachScore { positive, negative in
            area += negative * (positives + 0.5 * positive)
            positives += positive
            negatives += negative
        }
        return positives > 0 && negatives > 0 ? area / (positives * negatives) : .nan
    }

    /// The area under the curve of precision over recall, as scikit-learn's average precision: the sum of (R_n - R_n-1)
    /// P_n over falling thresholds, without interpolation. 0 where there are no positives.
    public static let aucPR = Metric("auc_pr", true, .twoClasses) { samples in
        var (sum, positives, negatives) = (0.0, 0.0, 0.0)
        samples.forEachScore { positive, negative in
            positives += positive
            negatives += negative
            sum += positive * ratio(positives, positives + negatives)
        }
        return ratio(sum, positives)
    }
}

extension ScoredSamples {
    /// The weights of positives and negatives of each score, from the highest to the lowest.
    fileprivate func forEachScore(_ body: (_ positive: Double, _ negative: Double) -> Void) {
        let width = probabilities.shape.rank > 1 ? probabilities.shape[-1] : 1
        let (values, targets) = (probabilities.scalars, targets.scalars)
        let positions = values.count / max(1, width)
        // A sample's weight is that of each of its positions.
        let weights = weights.map { weights in
            weights.scalars.flatMap { Array(repeating: Double($0), count: positions / weights.count) }
        }
        let scores = (0..<positions).map { values[$0 * width + width - 1] }
        let areRows = targets.count > positions
        let order = (0..<positions).sorted { scores[$0] > scores[$1] || scores[$0] == scores[$1] && $0 < $1 }
        var index = 0
        while index < positions {
            let score = scores[order[index]]
            var (positive, negative) = (0.0, 0.0)
            repeat {
                let position = order[index]
                let weight = weights?[position] ?? 1
                let isPositive =
                    areRows ? targets[2 * position + 1] > targets[2 * position] : targets[position] > 0.5
                if isPositive { positive += weight } else { negative += weight }
                index += 1
            } while index < positions && scores[order[index]] == score
            body(positive, negative)
        }
    }
}
