// Dividing a series by time: what is learnt from comes before what is validated on, and that before what is tested on.

/// The windows of each part, by their first rows.
package struct SeriesSplit: Sendable {
    /// Their targets end before those of validation and test begin.
    package let train: [Int]
    /// Their targets lie in the part; the window may look back beyond it.
    package let validation: [Int]
    package let test: [Int]
    /// All rows before the first of validation and test: what is scaled by.
    package let trainingRows: [Int]
    /// What a person should know, in sentences.
    package let notes: [String]
}

extension SeriesTable {
    /// First the last rows of each series are taken for the test, then the last of those left for validation: so many, rounded
    /// up.
    ///
    /// - Parameters:
    ///   - validation: a fraction, 0 for no such part.
    ///   - test: likewise, of all rows.
    /// - Throws: `DatasetError` for a part without a window.
    package func split(validation: Double, test: Double = 0) throws(DatasetError) -> SeriesSplit {
        var bounds: [(validation: Int, test: Int)] = []
        for (_, rows) in series {
            let tested = rows.upperBound - Int((test * Double(rows.count)).rounded(.up))
            let left = tested - rows.lowerBound
            bounds.append((tested - Int((validation * Double(left)).rounded(.up)), tested))
        }
        func windows(_ part: (Range<Int>, (validation: Int, test: Int)) -> Range<Int>) -> [Int] {
            zip(series, bounds).flatMap { starts(within: $0.rows, targets: part($0.rows, $1)) }
        }
        let split = SeriesSplit(
            train: windows { $0.lowerBound..<$1.validation }, validation: windows { $1.validation..<$1.test },
            test: windows { $1.test..<$0.upperBound },
            trainingRows: zip(series, bounds).flatMap { Array($0.rows.lowerBound..<$1.validation) },
            notes: splitNotes(bounds, validation > 0, test > 0))
        for (name, part, isWanted) in [
            ("training", split.train, true), ("validation", split.validation, validation > 0),
            ("test", split.test, test > 0),
        ] where isWanted && part.isEmpty {
            throw DatasetError(
                "\(table.name): the \(name) part has no window: the longest series has \(longest) rows, and a window of "
                    + "\(options.window) rows with the \(options.horizon) that follow needs "
                    + (name == "training"
                        ? "\(options.window + options.horizon) of them before validation and test"
                        : "\(options.horizon) of them in the part and \(options.window) before these")
                    + "; take a shorter window or horizon, or another fraction")
        }
        return split
    }

    private var longest: Int { series.map(\.rows.count).max() ?? 0 }

    private func splitNotes(
        _ bounds: [(validation: Int, test: Int)], _ hasValidation: Bool, _ hasTest: Bool
    ) -> [String] {
        guard bounds.count == 1, let bound = bounds.first else {
            return ["each series is divided by time: the last rows are for validation and test"]
        }
        var notes: [String] = []
        if hasValidation, bound.validation < bound.test {
            notes.append(
                "validation is on the \(bound.test - bound.validation) rows from \(text(ofRow: bound.validation)) on")
        }
        if hasTest, bound.test < rowCount {
            notes.append("the test is on the \(rowCount - bound.test) rows from \(text(ofRow: bound.test)) on")
        }
        return notes
    }

    /// The first rows of windows whose targets lie in the part of a series' rows.
    func starts(_ part: (Range<Int>) -> Range<Int>) -> [Int] {
        series.flatMap { starts(within: $0.rows, targets: part($0.rows)) }
    }

    private func starts(within rows: Range<Int>, targets: Range<Int>) -> [Int] {
        let first = max(rows.lowerBound, targets.lowerBound - options.window)
        let end = targets.upperBound - options.horizon - options.window + 1
        return first < end ? Array(first..<end) : []
    }
}
