// Forecasts that need no model, for "how it compares with".

/// What repeating the past would have forecast for the windows of a data set.
package struct NaiveForecast: Sendable {
    /// Over all targets, in the series' own unit.
    package struct Errors: Sendable {
        package let meanAbsolute: Double
        package let rootMeanSquared: Double
    }

    /// The window's last value, for every step.
    package let last: Errors
    /// The latest known value of the same place in a season; nil without a season of more than one row, or where the series
    /// does not go back so far.
    package let seasonal: Errors?
    /// How many rows a season has.
    package let season: Int?

    package init(_ data: SeriesDataset) {
        season = data.preparation.season.flatMap { $0 > 1 ? $0 : nil }
        last = data.errors { row, known in known.upperBound - 1 } ?? Errors(meanAbsolute: .nan, rootMeanSquared: .nan)
        guard let season else {
            seasonal = nil
            return
        }
        seasonal = data.errors { row, known in
            let seasons = (row - known.upperBound) / season + 1
            return row - seasons * season >= known.lowerBound ? row - seasons * season : nil
        }
    }
}

extension SeriesDataset {
    /// - Parameter source: the row whose value is forecast for a row, of those that are known; nil where there is none.
    fileprivate func errors(_ source: (_ row: Int, _ known: Range<Int>) -> Int?) -> NaiveForecast.Errors? {
        let (window, horizon) = (preparation.options.window, preparation.options.horizon)
        let columns = preparation.targets.map { series.values(of: $0) }
        var (absolute, squares, count) = (0.0, 0.0, 0)
        for start in starts {
            let begin = series.series.first { $0.rows.contains(start) }?.rows.lowerBound ?? 0
            for row in start + window..<start + window + horizon {
                guard let known = source(row, begin..<start + window) else { return nil }
                for column in columns {
                    let error = Double(column[row]) - Double(column[known])
                    absolute += abs(error)
                    squares += error * error
                    count += 1
                }
            }
        }
        guard count > 0 else { return nil }
        return NaiveForecast.Errors(
            meanAbsolute: absolute / Double(count), rootMeanSquared: (squares / Double(count)).squareRoot())
    }
}
