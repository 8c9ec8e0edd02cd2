// What there is to know of data before training on them: `lockstep inspect` shows it, as text (DataSummary+Text) or JSON.

import Autograd
import Tensors

/// Samples, columns, classes, ranges, and what looks wrong.
package struct DataSummary: Sendable, Codable {
    /// Numbers: of inputs as a model is given them, of a target in its own unit.
    package struct Range: Sendable, Codable, Hashable {
        package var minimum: Double
        package var maximum: Double
        package var mean: Double

        package init(minimum: Double, maximum: Double, mean: Double) {
            (self.minimum, self.maximum, self.mean) = (minimum, maximum, mean)
        }
    }

    /// A part of the data: training, validation or test.
    package struct Part: Sendable, Codable {
        package var name: String
        package var sampleCount: Int
        /// Rows of a table that are no samples because their target is missing.
        package var droppedCount: Int
        /// nil without a finite number.
        package var inputs: Range?
        /// Numbers among the inputs that are NaN or infinite.
        package var notFiniteCount: Int
        /// nil for classes.
        package var targets: Range?
        /// Samples of each class, by number; empty for other targets.
        package var classCounts: [Int]
        /// Samples whose inputs an earlier one of this part has.
        package var duplicateCount: Int
        /// Samples whose inputs a training sample has; nil of the training part.
        package var sharedCount: Int?
    }

    package var name: String
    package var inputShape: [Int]
    package var inputKind: String
    package var targetName: String
    package var targetShape: [Int]
    package var targetKind: String
    /// By number; the numbers where they have no names. Empty for other targets.
    package var classNames: [String]
    /// The training part, and behind it the others that there are.
    package var parts: [Part]
    /// Of a table's training part; empty for other data.
    package var columns: [ColumnSummary]
    /// Of texts; nil for other data.
    package var texts: TextSummary?
    /// What the files of a folder of pictures are like; nil for other data.
    package var pictures: [PictureSummary]?
    /// Sentences.
    package var warnings: [String]

    /// Reads all samples once.
    ///
    /// - Parameter others: the parts beside that for training, each with its name.
    package init(_ training: any Dataset, others: [(name: String, data: any Dataset)] = []) {
        name = training.name
        inputShape = training.input.shape.dimensions
        inputKind = training.input.kind.word
        targetName = training.target.name
        targetShape = training.target.shape.dimensions
        targetKind = training.target.kind.word
        let named = training.target.classNames
        classNames = (0..<(training.target.classCount ?? 0)).map { $0 < named.count ? named[$0] : "\($0)" }
        let scan = SampleScan(training, name: "training")
        parts = [scan.part]
        for (name, data) in others {
            var other = SampleScan(data, name: name)
            other.part.sharedCount = other.count(in: scan)
            parts.append(other.part)
        }
        let table = training.tableRows
        columns = table.map { ColumnSummary.columns(of: $0.data, rows: $0.rows) } ?? []
        texts =
            training.textSamples == nil
            ? nil : TextSummary([("training", training)] + others)
        warnings = []
        warnings = foundWarnings + (table?.data.preparation.notes ?? [])
    }

    private var foundWarnings: [String] {
        var found = columns.compactMap(\.warning)
        for part in parts where part.notFiniteCount > 0 {
            found.append("\(part.notFiniteCount) inputs of the \(part.name) part are NaN or infinite")
        }
        for (number, name) in classNames.enumerated() {
            let counts = parts.map { $0.classCounts[number] }
            let lacking = parts.dropFirst().filter { $0.classCounts[number] == 0 }.map(\.name)
            if counts[0] < 2 {
                found.append("class '\(name)' has \(counts[0] == 0 ? "no sample" : "one sample") to train on")
            } else if !lacking.isEmpty {
                found.append("class '\(name)' has no sample in the \(lacking.joined(separator: " and the ")) part")
            }
            if found.count > 20 { break }
        }
        for part in parts {
            guard let count = part.sharedCount, count > 0 else { continue }
            found.append(
                "\(count) \(part.name) samples have the inputs of a training sample, so that the \(part.name) part says less "
                    + "about new data")
        }
        return found
    }
}

extension Field.Kind {
    fileprivate var word: String {
        switch self {
        case .pixels: "pixels"
        case .numbers: "numbers"
        case .tokens(let count): "whole numbers below \(count)"
        case .classes(let count): "\(count) classes"
        }
    }
}

extension Dataset {
    /// The table behind the samples, and their rows in it.
    fileprivate var tableRows: (data: TableDataset, rows: [Int])? {
        if let table = self as? TableDataset { return (table, (0..<count).map(table.row)) }
        guard let part = self as? Subset, let (table, rows) = part.base.tableRows else { return nil }
        return (table, part.numbers.map { rows[$0] })
    }
}

/// One pass over samples.
private struct SampleScan {
    var part: DataSummary.Part
    /// Of each sample's inputs, in ascending order: 64 bits, by which two of 10 million differ but once in 300,000 such sets.
    private var hashes: [UInt64] = []

    init(_ data: any Dataset, name: String) {
        var (inputs, targets) = (RunningRange(), RunningRange())
        var classCounts = [Int](repeating: 0, count: data.target.shape == [] ? data.target.classCount ?? 0 : 0)
        var hashes: [UInt64] = []
        hashes.reserveCapacity(data.count)
        let (width, targetWidth) = (data.input.shape.count, data.target.shape.count)
        // Indices to embed are the last inputs, and no quantities.
        let texts = data.textSamples
        let plainWidth = texts != nil ? 0 : data.tableRows?.data.preparation.numericCount ?? width
        data.forEachBatch { numbers, batch in
            for row in 0..<numbers.count {
                for place in 0..<plainWidth { inputs.add(Double(batch.inputs.pointer[row * width + place])) }
                let bytes = UnsafeRawBufferPointer(start: batch.inputs.pointer + row * width, count: 4 * width)
                let text = texts.map { Array($0.data.text(of: $0.numbers[numbers.lowerBound + row]).utf8) }
                hashes.append(text?.withUnsafeBytes { Fingerprint(of: $0).high } ?? Fingerprint(of: bytes).high)
                for index in 0..<targetWidth {
                    let value = batch.targets.pointer[row * targetWidth + index]
                    if !classCounts.isEmpty { classCounts[Int(value)] += 1 }
                    targets.add(Double(data.target.scale?.value(of: value, index: index) ?? value))
                }
            }
        }
        hashes.sort()
        self.hashes = hashes
        part = DataSummary.Part(
            name: name, sampleCount: data.count, droppedCount: (data as? TableDataset)?.droppedCount ?? 0,
            inputs: inputs.range, notFiniteCount: inputs.notFiniteCount,
            targets: classCounts.isEmpty ? targets.range : nil, classCounts: classCounts,
            duplicateCount: zip(hashes, hashes.dropFirst()).count { $0 == $1 })
    }

    /// How many samples have inputs that another part has.
    func count(in other: SampleScan) -> Int {
        var place = 0
        return hashes.count { hash in
            while place < other.hashes.count, other.hashes[place] < hash { place += 1 }
            return place < other.hashes.count && other.hashes[place] == hash
        }
    }
}

private struct RunningRange {
    private var (minimum, maximum, sum, count) = (Double.infinity, -Double.infinity, 0.0, 0)
    private(set) var notFiniteCount = 0

    mutating func add(_ value: Double) {
        guard value.isFinite else {
            notFiniteCount += 1
            return
        }
        minimum = min(minimum, value)
        maximum = max(maximum, value)
        sum += value
        count += 1
    }

    var range: DataSummary.Range? {
        count == 0 ? nil : DataSummary.Range(minimum: minimum, maximum: maximum, mean: sum / Double(count))
    }
}
