// A table's rows in time as training, validation and test data, for a program of one's own; the command takes the same
// steps one by one.

extension SeriesDataset {
    /// Windows of a table, divided by time: the last rows are for the test, those before them for validation. Inputs and
    /// targets are scaled by the rows before both; `target.values` has predictions in the targets' own unit.
    ///
    /// - Parameters:
    ///   - validation: a fraction of the rows without the test's, 0 for no such part.
    ///   - test: likewise, of all rows.
    /// - Returns: the parts; one that was not asked for has no samples.
    /// - Throws: `DatasetError` for columns that are not there or hold no numbers, times that are in no order, and a part
    ///   without a window.
    public static func load(
        _ table: Table, _ options: SeriesOptions, validation: Double = 0.2, test: Double = 0
    ) throws(DatasetError) -> (train: SeriesDataset, validation: SeriesDataset, test: SeriesDataset) {
        let series = try SeriesTable(table, options)
        let split = try series.split(validation: validation, test: test)
        let whole = SeriesDataset(series, .fit(series, rows: split.trainingRows))
        return (whole.part(split.train), whole.part(split.validation), whole.part(split.test))
    }
}
