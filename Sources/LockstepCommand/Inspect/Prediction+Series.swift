// The next values of a series.

import Foundation
import Lockstep

extension Prediction {
    /// Writes a row for each of the steps that follow the last row of each series.
    func predict(series tables: [String], _ preparation: SeriesPreparation, to output: String?) throws {
        let table = try Table.read(tables, format: settings.tableFormat, kinds: preparation.kinds)
        let series = try SeriesTable(table, preparation.options(for: table))
        let data = SeriesDataset(series, preparation)
        let model = try checkpoint.model(settings, for: data)
        let (windows, numbers) = try data.lastWindows()
        let values = data.target.scale?.values(try model.predictProbabilities(windows)).scalars ?? []
        let (horizon, width) = (preparation.options.horizon, preparation.targets.count)
        var text =
            CSVText.line(
                [preparation.group].compactMap { $0 } + [preparation.time ?? "step"] + preparation.targets) + "\n"
        for (place, number) in numbers.enumerated() {
            let (name, rows) = series.series[number]
            let times = preparation.clock.flatMap { clock in
                series.times.isEmpty ? nil : clock.times(after: series.times[rows.upperBound - 1], count: horizon)
            }
            for step in 0..<horizon {
                let first = (place * horizon + step) * width
                text +=
                    CSVText.line(
                        (preparation.group == nil ? [] : [name]) + [times?[step] ?? "\(step + 1)"]
                            + values[first..<first + width].map { "\($0)" }) + "\n"
            }
        }
        try write(Data(text.utf8), to: output)
    }
}

extension Checkpoint {
    /// All windows of other tables, prepared as the run's series was.
    func seriesData(_ tables: [String], _ settings: ResolvedSettings, _ preparation: SeriesPreparation) throws
        -> SeriesDataset
    {
        let table = try Table.read(tables, format: settings.tableFormat, kinds: preparation.kinds)
        let series = try SeriesTable(table, preparation.options(for: table))
        let data = SeriesDataset(series, preparation)
        guard data.count > 0 else {
            throw TrainingError(
                "\(table.name) has too few rows: a window of \(preparation.options.window) and the "
                    + "\(preparation.options.horizon) that follow need as many in one series")
        }
        return data
    }
}
