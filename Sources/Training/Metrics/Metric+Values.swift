// Metrics of values: how far off outputs are. Every mean is over a position's outputs,
// then over positions by weight.

import Tensors

extension Metric {
    /// The mean of |x - t|.
    public static let meanAbsoluteError = meanOf("mean_absolute_error") { abs($0 - $1) }
    /// The mean of (x - t)^2.
    public static let meanSquaredError = meanOf("mean_squared_error") { ($0 - $1) * ($0 - $1) }
    /// The square root of the mean squared error over all outputs.
    public static let rootMeanSquaredError = meanOf("root_mean_squared_error", of: { $0.squareRoot() }) {
        ($0 - $1) * ($0 - $1)
    }
    /// The mean of |x - t| / |t| in percent, as in Keras; |t| is at least 1e-7.
    public static let meanAbsolutePercentageError = meanOf("mean_absolute_percentage_error", of: { 100 * $0 }) {
        abs($0 - $1) / max(abs($1), 1e-7)
    }

    private static func meanOf(
        _ name: String, of: @escaping @Sendable (Double) -> Double = { $0 },
        _ term: @escaping @Sendable (_ output: Double, _ target: Double) -> Double
    ) -> Metric {
        Metric(name, false, .values, sums: { _ in 2 }) { batch in
            let (outputs, targets, width) = (batch.probabilities.scalars, batch.targets.scalars, batch.width)
            var (sum, total) = (0.0, 0.0)
            for position in 0..<batch.positions {
                var own = 0.0
                for index in (position * width)..<((position + 1) * width) {
                    own += term(Double(outputs[index]), Double(targets[index]))
                }
                let weight = batch.weight(position)
                // A masked position may hold anything.
                if weight != 0 { sum += weight * own / Double(width) }
                total += weight
            }
            return [sum, total]
        } value: {
            of(ratio($0[0], $0[1]))
        }
    }

    /// The coefficient of determination 1 - sum((x - t)^2) / sum((t - mean)^2), the mean over outputs, as scikit-learn's:
    /// where targets are constant, 1 if all are met and else 0. Targets whose deviation is below a millionth of their
    /// size are taken for constant.
    public static let r2Score = Metric("r2_score", true, .values, sums: { 1 + 3 * ($0.rank > 0 ? $0[-1] : 1) }) {
        batch in
        let (outputs, targets, width) = (batch.probabilities.scalars, batch.targets.scalars, batch.width)
        var sums = [Double](repeating: 0, count: 1 + 3 * width)
        for position in 0..<batch.positions {
            let weight = batch.weight(position)
            if weight == 0 { continue }
            sums[0] += weight
            for output in 0..<width {
                let target = Double(targets[position * width + output])
                let error = Double(outputs[position * width + output]) - target
                sums[1 + 3 * output] += weight * error * error
                sums[2 + 3 * output] += weight * target
                sums[3 + 3 * output] += weight * target * target
            }
        }
        return sums
    } value: { sums in
        let width = (sums.count - 1) / 3
        let scores = (0..<width).map { output in
            let (error, sum, square) = (sums[1 + 3 * output], sums[2 + 3 * output], sums[3 + 3 * output])
            let spread = square - sum * ratio(sum, sums[0])
            return spread > 1e-12 * square ? 1 - error / spread : error == 0 ? 1 : 0
        }
        return ratio(scores.reduce(0, +), Double(width))
    }
}
