// What a user says of a series in a table. SeriesPreparation keeps it.

/// What is forecast from how much of the past, and which columns of a table say it. Columns are meant as in `TableOptions`.
public struct SeriesOptions: Sendable, Hashable, Codable {
    /// What becomes of a row that lacks a number.
    public enum MissingSteps: String, Sendable, Codable, CaseIterable {
        case refuse
        /// The number of the row before takes its place.
        case previous
    }

    /// How many rows a forecast sees.
    package var window: Int
    /// How many rows it is of, those that follow.
    package var horizon: Int
    /// The columns to forecast; none for the only one beside time and group.
    public var targets: [String] = []
    /// The column of times; nil where rows are in order.
    public var time: String?
    /// The column that says which of several series a row is of.
    public var group: String?
    /// Columns that are no inputs.
    public var ignore: [String] = []
    /// Columns to read as categories, though they look like numbers, e.g. of weekdays.
    public var categorical: [String] = []
    /// The most categories of a column of text, which become an input each.
    package var oneHotLimit = 16
    public var missingSteps = MissingSteps.refuse
    /// How inputs are scaled, by the training rows.
    public var scaling = TableOptions.Scaling.standard
    /// How many rows are a season, for the seasonal naive forecast; nil to follow from the step between times.
    package var season: Int?

    public init(window: Int, horizon: Int = 1) { (self.window, self.horizon) = (window, horizon) }

    /// What to read a table with.
    package var kinds: [String: TableColumn.Kind] {
        Dictionary(([time, group].compactMap { $0 } + categorical).map { ($0, .text) }) { first, _ in first }
    }

    /// What a checkpoint keeps: its categories say the rest.
    private enum CodingKeys: String, CodingKey {
        case window, horizon, targets, time, group, ignore, missingSteps, scaling, season
    }
}
