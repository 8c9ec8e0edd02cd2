// What was learnt of a series from its training rows, so that its later rows become the same inputs. Travels in
// checkpoints; SeriesDataset applies it.

import Foundation

/// How the columns of a series are scaled, what is forecast, and how its times go on.
package struct SeriesPreparation: Preparation, Hashable {
    package static let kind = "series"

    /// An input: (value - offset) / scale.
    package struct Column: Sendable, Hashable, Codable {
        package let name: String
        package let offset: Double
        package let scale: Double
    }

    package let options: SeriesOptions
    /// In the order of the training table.
    package let columns: [Column]
    /// The columns of text behind them, each `oneHot`; nil without any.
    package let categories: [TablePreparation.Input]?
    /// The targets' names.
    package let targets: [String]
    /// One for each target.
    package let targetScale: TargetScale
    /// The names of the columns of times and series.
    package let time: String?
    package let group: String?
    /// nil without times.
    package let clock: SeriesClock?
    package let notes: [String]

    /// A row's inputs.
    package var width: Int { columns.count + (categories ?? []).reduce(0) { $0 + $1.encoding.numberCount } }

    private var names: [String] { columns.map(\.name) + (categories ?? []).map(\.name) }

    /// How many rows are a season; nil for none.
    package var season: Int? { options.season ?? clock?.season }

    /// What a later table is to be read with.
    package var kinds: [String: TableColumn.Kind] {
        var kinds: [String: TableColumn.Kind] = [:]
        for column in columns { kinds[column.name] = .numeric }
        for name in [time, group].compactMap({ $0 }) + (categories ?? []).map(\.name) { kinds[name] = .text }
        return kinds
    }

    /// - Parameter rows: the rows to train on, which alone decide on scales and categories.
    package static func fit(_ series: SeriesTable, rows: [Int]) -> SeriesPreparation {
        let statistics = series.values.map { ColumnStatistics($0, rows: rows) }
        let columns = zip(series.columns, statistics).map { name, found in
            let (offset, scale) =
                switch series.options.scaling {
                case .standard: (found.mean, found.deviation)
                case .minMax: (found.minimum, found.maximum - found.minimum)
                case .none: (0.0, 1.0)
                }
            return Column(name: name, offset: offset, scale: scale > 0 ? scale : 1)
        }
        let categories = series.texts.map { column in
            let known = column.categories(in: rows)
            return TablePreparation.Input(
                name: column.name, encoding: .oneHot(categories: known.names, hasMissing: known.missingCount > 0))
        }
        var options = series.options
        (options.categorical, options.oneHotLimit) = ([], SeriesOptions(window: 1).oneHotLimit)
        let targets = series.targets.compactMap { name in series.columns.firstIndex(of: name).map { statistics[$0] } }
        return SeriesPreparation(
            options: options, columns: columns, categories: categories.isEmpty ? nil : categories,
            targets: series.targets,
            targetScale: TargetScale(
                means: targets.map(\.mean), deviations: targets.map { $0.deviation > 0 ? $0.deviation : 1 }),
            time: series.timeName, group: series.groupName, clock: series.clock, notes: series.notes)
    }

    /// The options with which a later table is the same series: only the columns of training are looked at.
    ///
    /// - Throws: `DatasetError` naming the columns that the table lacks.
    package func options(for table: Table) throws(DatasetError) -> SeriesOptions {
        let needed = names + [time, group].compactMap { $0 }
        let absent = needed.filter { table.column($0) == nil }
        guard absent.isEmpty else {
            throw DatasetError(
                "\(table.name) lacks \(absent.count == 1 ? "the column" : "the columns") "
                    + absent.map { "'\($0)'" }.joined(separator: ", ") + " of the series that was trained on; it has "
                    + table.columnList)
        }
        var options = options
        (options.targets, options.time, options.group) = (targets, time, group)
        options.ignore = table.columns.map(\.name).filter { !needed.contains($0) }
        (options.categorical, options.oneHotLimit) = ((categories ?? []).map(\.name), .max)
        return options
    }

    package func check(_ source: String) throws(DatasetError) {
        let isScalable = columns.allSatisfy { $0.offset.isFinite && $0.scale.isFinite && $0.scale != 0 }
        let names = Set(columns.map(\.name))
        let areInputs = (categories ?? []).allSatisfy { $0.encoding.isOneHot && $0.encoding.numberCount > 0 }
        guard isScalable, areInputs, options.window >= 1, options.horizon >= 1, !targets.isEmpty,
            targets.allSatisfy(names.contains), targetScale.means.count == targets.count,
            targetScale.deviations.count == targets.count, clock.map({ $0.step > 0 }) != false,
            season.map({ $0 >= 1 }) != false
        else {
            throw DatasetError("\(source) holds a damaged preparation of a series; take another checkpoint", .damaged)
        }
    }
}
