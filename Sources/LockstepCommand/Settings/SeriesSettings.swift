// How a table's rows become windows of a series.

import Lockstep

struct SeriesSettings: SettingsGroup {
    static let title = "Series"

    let window = Setting(
        "window", .integer("rows", from: 1, to: 1 << 20), "Forecast from this many rows, one after the other.")
    let horizon = Setting(
        "horizon", .integer("rows", from: 1, to: 1 << 20), default: 1, "Forecast this many rows, those that follow.",
        record: .unlessDefault)
    let timeColumn = Setting(
        "time-column", .text("column"),
        "The column of times: dates, months, dates with a time of day, or numbers (unless given, rows are in order).")
    let season = Setting(
        "season", .integer("rows", from: 1, to: 1 << 20),
        "How many rows are a season, for the seasonal naive forecast (unless given, by the time column: 12 months, 4 quarters, "
            + "7 days, 52 weeks, 24 hours).", resume: .mayChange)
    let missingSteps = Setting(
        "missing-steps", .choice("policy"), default: SeriesOptions.MissingSteps.refuse,
        "A number that a series lacks: refuse, or that of the row before.", record: .unlessDefault)
}

extension ResolvedGroup<SeriesSettings> {
    /// Whether a table is a series.
    var isAsked: Bool { self.window != nil }
}

extension ResolvedSettings {
    /// - Throws: `TrainingError` naming a setting that series have no use for.
    func seriesOptions() throws -> SeriesOptions {
        guard let window = self.series.window else { throw TrainingError("a series needs --window ROWS") }
        try checkSeries()
        var options = SeriesOptions(window: window, horizon: self.series.horizon)
        (options.targets, options.time) = (self.tables.target, self.series.timeColumn)
        (options.group, options.ignore) = (self.tables.groupColumn, self.tables.ignore)
        (options.categorical, options.oneHotLimit) = (self.tables.categorical, self.tables.oneHotLimit)
        (options.missingSteps, options.scaling) = (self.series.missingSteps, self.tables.scaling)
        options.season = self.series.season
        return options
    }

    private func checkSeries() throws {
        let why = "series are divided by time, so that nothing is learnt from what comes later"
        if let split = self.data.split, split != .last {
            throw error(\.data.split, "\(split.rawValue) is not for series: \(why); leave it out")
        }
        if self.data.fold != nil {
            throw error(\.data.fold, "is not for series: \(why); validate by --validation-split")
        }
        if self.data.testData != nil {
            throw error(\.data.testData, "is not for series: the last rows are held out by --test-split")
        }
        if self.data.classWeights != nil { throw error(\.data.classWeights, "is for classes; series are of numbers") }
        if self.tables.task == .classes { throw error(\.tables.task, "is not for series, which are of values") }
        if self.tables.missingNumbers != .median {
            throw error(\.tables.missingNumbers, "is not for series: --missing-steps says what becomes of such rows")
        }
        if self.tables.missingCategories != .category {
            throw error(\.tables.missingCategories, "is not for series, where a missing category is one of its own")
        }
        if self.tables.weightColumn != nil { throw error(\.tables.weightColumn, "is not for series") }
    }

    /// - Throws: `TrainingError` for what only series know, of data that are none.
    func checkIsSeries(_ source: DataSource) throws {
        guard !self.series.isAsked else {
            if case .csv = source { return }
            throw error(\.series.window, "is for a table of a series, as in csv:FILE, not for \(source)")
        }
        let hint = "is for series: give --window ROWS too"
        if self.series.timeColumn != nil { throw error(\.series.timeColumn, hint) }
        if self.series.horizon != 1 { throw error(\.series.horizon, hint) }
        if self.series.season != nil { throw error(\.series.season, hint) }
        if self.series.missingSteps != .refuse { throw error(\.series.missingSteps, hint) }
    }
}
