// Windows of a series as samples: what was, and what came next. The command makes one of `csv:FILE` with `--window`.

import Autograd
import Tensors

/// Samples that overlap, cut out of one array when they are read: a window of rows `[window, columns]`, and of the rows that
/// follow the targets, `[horizon]`, or `[horizon, targets]` of several. Columns are first those of numbers, then one for each
/// category of those of text.
///
///     let series = try SeriesTable(Table.read(["sales.csv"]), options)
///     let split = try series.split(validation: 0.2)
///     let data = SeriesDataset(series, .fit(series, rows: split.trainingRows))
///     let (train, validation) = (data.part(split.train), data.part(split.validation))
public struct SeriesDataset: Dataset {
    package let series: SeriesTable
    package let preparation: SeriesPreparation
    /// The first row of each sample's window.
    package let starts: [Int]
    public let input: Field
    public let target: Field
    /// `[rows, columns]`, numbers scaled.
    private let inputs: [Float]
    /// `[rows, targets]`, scaled.
    private let targets: [Float]
    private let window: Int

    /// All windows whose targets the series has.
    package init(_ series: SeriesTable, _ preparation: SeriesPreparation) {
        self.init(series, preparation, starts: series.starts { $0.lowerBound..<$0.upperBound })
    }

    init(_ series: SeriesTable, _ preparation: SeriesPreparation, starts: [Int]) {
        (self.series, self.preparation, self.starts) = (series, preparation, starts)
        window = preparation.options.window
        let scale = preparation.targetScale
        let inputs = preparation.inputs(series)
        let width = preparation.targets.count
        var targets = [Float](repeating: 0, count: series.rowCount * width)
        for (index, name) in preparation.targets.enumerated() {
            let values = series.values(of: name)
            for row in 0..<series.rowCount { targets[row * width + index] = scale.scaled(values[row], index: index) }
        }
        (self.inputs, self.targets) = (inputs, targets)
        let horizon = preparation.options.horizon
        input = Field("window", shape: [window, preparation.width], kind: .numbers)
        target = Field(
            preparation.targets.joined(separator: ", "), shape: width == 1 ? [horizon] : [horizon, width],
            kind: .numbers,
            scale: TargetScale(
                means: Array(repeatElement(scale.means, count: horizon).joined()),
                deviations: Array(repeatElement(scale.deviations, count: horizon).joined())))
    }

    /// The same series with other windows; nothing is copied.
    ///
    /// - Parameter starts: the first row of each window.
    package func part(_ starts: [Int]) -> SeriesDataset { SeriesDataset(self, starts: starts) }

    private init(_ other: SeriesDataset, starts: [Int]) {
        (series, preparation, self.starts) = (other.series, other.preparation, starts)
        (input, target, inputs, targets, window) = (
            other.input, other.target, other.inputs, other.targets, other.window
        )
    }

    public var name: String { series.table.name }
    public var count: Int { starts.count }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        guard let x = inputs.baseAddress, let y = targets.baseAddress else { return }
        let (width, length) = (preparation.width, input.shape.count)
        let (targetWidth, targetLength) = (preparation.targets.count, target.shape.count)
        self.inputs.withUnsafeBufferPointer { from in
            for (place, number) in numbers.enumerated() {
                (x + place * length).update(from: from.baseAddress! + starts[number] * width, count: length)
            }
        }
        self.targets.withUnsafeBufferPointer { from in
            for (place, number) in numbers.enumerated() {
                let first = (starts[number] + window) * targetWidth
                (y + place * targetLength).update(from: from.baseAddress! + first, count: targetLength)
            }
        }
    }

    /// By the rows and where windows begin, without reading each window.
    public var fingerprint: Fingerprint {
        var text = DataPreparation.json(preparation).withUnsafeBytes(Fingerprint.init(of:)).description
        for values in [inputs, targets] { text += values.withUnsafeBytes(Fingerprint.init(of:)).description }
        text += starts.withUnsafeBytes(Fingerprint.init(of:)).description
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }

    /// The last window of each series, whose targets are still to come, `[series, window, columns]`; and which series these
    /// are.
    ///
    /// - Throws: `DatasetError` where every series is shorter than a window.
    public func lastWindows() throws(DatasetError) -> (inputs: Tensor, series: [Int]) {
        let long = series.series.indices.filter { series.series[$0].rows.count >= window }
        guard !long.isEmpty else {
            let most = series.series.map(\.rows.count).max() ?? 0
            throw DatasetError("\(name) has \(most) rows; a forecast needs a window of \(window)")
        }
        let width = preparation.width
        let result = Tensor.zeros([long.count, window, width])
        for (place, number) in long.enumerated() {
            let first = (series.series[number].rows.upperBound - window) * width
            for index in 0..<window * width { result.pointer[place * window * width + index] = inputs[first + index] }
        }
        return (result, long)
    }
}

extension SeriesPreparation {
    /// `[rows, columns]` of a series.
    fileprivate func inputs(_ series: SeriesTable) -> [Float] {
        let width = width
        var inputs = [Float](repeating: 0, count: series.rowCount * width)
        for (index, column) in columns.enumerated() {
            let values = series.values(of: column.name)
            for row in 0..<series.rowCount {
                inputs[row * width + index] = Float((Double(values[row]) - column.offset) / column.scale)
            }
        }
        var first = columns.count
        for category in categories ?? [] {
            guard case .oneHot(let known, let hasMissing) = category.encoding,
                case .texts(let codes, let names)? = series.texts.first(where: { $0.name == category.name })?.values
            else { preconditionFailure("column '\(category.name)' was read as another kind than it is encoded as") }
            let places = TableEncoder.oneHotPlaces(of: names, in: known, hasMissing: hasMissing)
            for row in 0..<series.rowCount {
                let place = Int(places[Int(codes[row]) + 1])
                if place >= 0 { inputs[row * width + first + place] = 1 }
            }
            first += category.encoding.numberCount
        }
        return inputs
    }
}

extension SeriesTable {
    func values(of column: String) -> [Float] {
        columns.firstIndex(of: column).map { values[$0] } ?? []
    }
}
