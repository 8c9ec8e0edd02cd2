// What a column of numbers is like over some rows. TablePreparation scales by it and DataSummary shows it.

/// Statistics in Double, in the order of the rows.
struct ColumnStatistics {
    let missingCount: Int
    /// Of the known numbers, the mean of the middle two where their count is even (NumPy's); NaN without any.
    let median: Double
    /// Of the known numbers; NaN without any.
    let minimum: Double
    let maximum: Double
    /// Of all rows, the median standing for missing numbers.
    let mean: Double
    /// The same rows' deviation, that of a population: sqrt(sum (x - mean)^2 / n).
    let deviation: Double

    /// - Parameter rows: numbers of `values`, nil for all.
    init(_ values: [Float], rows: [Int]? = nil) {
        let chosen = rows.map { rows in rows.map { values[$0] } } ?? values
        let known = chosen.filter { !$0.isNaN }
        missingCount = chosen.count - known.count
        let median = ColumnStatistics.median(of: known)
        self.median = median
        minimum = known.min().map(Double.init) ?? .nan
        maximum = known.max().map(Double.init) ?? .nan
        func filled(_ value: Float) -> Double { value.isNaN ? median : Double(value) }
        let mean = chosen.reduce(0) { $0 + filled($1) } / Double(chosen.count)
        // A sum's rounding would make a constant column one of tiny differences.
        guard minimum < maximum else {
            (self.mean, deviation) = (median, known.isEmpty ? .nan : 0)
            return
        }
        self.mean = mean
        let squares = chosen.reduce(0) { $0 + (filled($1) - mean) * (filled($1) - mean) }
        deviation = (squares / Double(chosen.count)).squareRoot()
    }

    private static func median(of known: [Float]) -> Double {
        guard !known.isEmpty else { return .nan }
        let sorted = known.sorted()
        let middle = sorted.count / 2
        return sorted.count % 2 == 1
            ? Double(sorted[middle]) : (Double(sorted[middle - 1]) + Double(sorted[middle])) / 2
    }
}
