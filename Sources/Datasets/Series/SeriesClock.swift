// The step between a series' rows: found in its times, told, and continued by forecasts.

/// How the times of a series go on.
package struct SeriesClock: Sendable, Hashable, Codable {
    package let unit: TimeForm.Unit
    /// From one row to the next, in units.
    package let step: Double
    /// How many rows are a season, by the step; nil for none.
    package let season: Int?

    /// - Parameter times: of each series, ascending; one of them at least has two rows.
    /// - Returns: nil where no series has two rows.
    package init?(_ times: [[SeriesTime]]) {
        var counts: [Double: Int] = [:]
        for series in times {
            for (earlier, later) in zip(series, series.dropFirst()) {
                counts[later.value - earlier.value, default: 0] += 1
            }
        }
        // The commonest difference, of equally common ones the smallest.
        guard let unit = times.first(where: { !$0.isEmpty })?[0].form.unit,
            let step = counts.min(by: { ($1.value, $0.key) < ($0.value, $1.key) })?.key
        else { return nil }
        (self.unit, self.step) = (unit, step)
        season = SeriesClock.season(unit, step)
    }

    /// A year of months or quarters, a week of days, a year of weeks, a day of hours and less.
    private static func season(_ unit: TimeForm.Unit, _ step: Double) -> Int? {
        switch unit {
        case .months: return 12 / step == (12 / step).rounded() && step < 12 ? Int(12 / step) : nil
        case .days: return step == 1 ? 7 : step == 7 ? 52 : nil
        case .seconds:
            if step == 86400 { return 7 }
            let count = 86400 / step
            return step <= 3 * 3600 && count == count.rounded() ? Int(count) : nil
        case .numbers: return nil
        }
    }

    /// Whether dates go by months: all are of the same day of a month, or the last one, and not each a day or week apart.
    package static func goesByMonths(_ times: [[SeriesTime]]) -> Bool {
        let dates = times.joined()
        guard let first = dates.first, first.form.unit == .days, times.contains(where: { $0.count > 2 }) else {
            return false
        }
        return dates.allSatisfy { $0.byMonths.form.day == first.byMonths.form.day }
    }

    /// `1 month`, `7 days`, `1 hour`.
    package var words: String { words(step) }

    func words(_ difference: Double) -> String {
        var (count, name) = (difference, String(unit.rawValue.dropLast()))
        switch unit {
        case .numbers: return number(count)
        case .months where count.truncatingRemainder(dividingBy: 12) == 0: (count, name) = (count / 12, "year")
        case .seconds:
            for (seconds, larger) in [(86400.0, "day"), (3600, "hour"), (60, "minute")]
            where count.truncatingRemainder(dividingBy: seconds) == 0 {
                (count, name) = (count / seconds, larger)
                break
            }
        case .months, .days: break
        }
        return number(count) + " " + name + (count == 1 ? "" : "s")
    }

    private func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 0x1p53 ? "\(Int(value))" : "\(value)"
    }

    /// The next times after one, as the file writes them.
    package func times(after last: SeriesTime, count: Int) -> [String] {
        (1...count).map { SeriesTime(value: last.value + Double($0) * step, form: last.form).text }
    }
}
