// A table's columns bound to a preparation: turns rows into inputs, straight from the columns. TableDataset reads by it.

import Autograd

/// The input columns of one table, in the preparation's order.
struct TableEncoder: Sendable {
    private enum Source: Sendable {
        case number(values: [Float], median: Double, offset: Double, scale: Double, hasIndicator: Bool)
        /// Where to write 1 for each code + 1, -1 for nowhere; the first is for missing.
        case oneHot(codes: [Int32], places: [Int32], count: Int)
        /// The index for each code + 1; the first is for missing.
        case index(codes: [Int32], indices: [Int32])
    }

    private let sources: [Source]
    private let width: Int
    private let numericCount: Int

    /// - Parameter rows: those that will be encoded, nil for all.
    /// - Throws: `DatasetError` naming all columns that the table lacks, or the line of a missing value that is refused.
    init(_ table: Table, _ preparation: TablePreparation, rows: [Int32]?) throws(DatasetError) {
        var sources: [Source] = []
        for input in preparation.inputs {
            let column = try input.encoding.isNumeric ? table.numbers(of: input.name) : table.texts(of: input.name)
            let policy = preparation.options
            let isRefused =
                input.encoding.isNumeric ? policy.missingNumbers == .refuse : policy.missingCategories == .refuse
            if isRefused, column.missingCount > 0 {
                let row = rows?.first { column.isMissing(Int($0)) }.map(Int.init)
                if let row = rows == nil ? (0..<table.rowCount).first(where: column.isMissing) : row {
                    throw table.missing(input.name, row: row)
                }
            }
            sources.append(TableEncoder.source(column, input.encoding))
        }
        self.sources = sources
        (width, numericCount) = (preparation.width, preparation.numericCount)
    }

    private static func source(_ column: TableColumn, _ encoding: TablePreparation.Encoding) -> Source {
        switch (encoding, column.values) {
        case (.number(let median, let offset, let scale, let hasIndicator), .numbers(let values)):
            return .number(values: values, median: median, offset: offset, scale: scale, hasIndicator: hasIndicator)
        case (.oneHot(let categories, let hasMissing), .texts(let codes, let names)):
            let places = oneHotPlaces(of: names, in: categories, hasMissing: hasMissing)
            return .oneHot(codes: codes, places: places, count: encoding.numberCount)
        case (.index(let categories, let hasMissing), .texts(let codes, let names)):
            let indices = places(of: names, in: categories).map { $0.map { $0 + 1 } ?? 0 }
            return .index(codes: codes, indices: [hasMissing ? Int32(categories.count + 1) : 0] + indices)
        default: preconditionFailure("column '\(column.name)' was read as another kind than it is encoded as")
        }
    }

    /// Where to write 1 for each code + 1, -1 for nowhere; the first is for missing.
    static func oneHotPlaces(of names: [String], in categories: [String], hasMissing: Bool) -> [Int32] {
        [hasMissing ? Int32(categories.count) : -1] + places(of: names, in: categories).map { $0 ?? -1 }
    }

    /// The place of each name among the categories, nil for one that is none.
    private static func places(of names: [String], in categories: [String]) -> [Int32?] {
        var places: [String: Int32] = [:]
        places.reserveCapacity(categories.count)
        for (place, category) in categories.enumerated() where places[category] == nil {
            places[category] = Int32(place)
        }
        return names.map { places[$0] }
    }

    /// - Parameter target: `[rows, width]`.
    func encode(_ rows: UnsafeBufferPointer<Int>, to target: UnsafeMutablePointer<Float>) {
        var (number, index) = (0, numericCount)
        for source in sources {
            switch source {
            case .number(let values, let median, let offset, let scale, let hasIndicator):
                values.withUnsafeBufferPointer { values in
                    var place = target + number
                    for row in rows {
                        let value = values[row]
                        place[0] = Float(((value.isNaN ? median : Double(value)) - offset) / scale)
                        if hasIndicator { place[1] = value.isNaN ? 1 : 0 }
                        place += width
                    }
                }
                number += hasIndicator ? 2 : 1
            case .oneHot(let codes, let places, let count):
                each(codes, places, rows, target + number) { place, target in
                    target.update(repeating: 0, count: count)
                    if place >= 0 { target[Int(place)] = 1 }
                }
                number += count
            case .index(let codes, let indices):
                each(codes, indices, rows, target + index) { index, target in target[0] = Float(index) }
                index += 1
            }
        }
    }

    @inline(__always) private func each(
        _ codes: [Int32], _ places: [Int32], _ rows: UnsafeBufferPointer<Int>, _ target: UnsafeMutablePointer<Float>,
        _ write: (Int32, UnsafeMutablePointer<Float>) -> Void
    ) {
        codes.withUnsafeBufferPointer { codes in
            places.withUnsafeBufferPointer { places in
                var place = target
                for row in rows {
                    write(places[Int(codes[row]) + 1], place)
                    place += width
                }
            }
        }
    }

    /// Hashes of the columns over `rows`: of numbers as they are read, and of categories by their place in the preparation,
    /// so that the order in which a table holds its categories does not matter.
    func hashes(_ rows: [Int32]?, rowCount: Int) -> String {
        sources.map { source in
            switch source {
            case .number(let values, _, _, _, _): rowHash(rows, rowCount) { values[$0].bitPattern }
            case .oneHot(let codes, let places, _), .index(let codes, let places):
                rowHash(rows, rowCount) { UInt32(bitPattern: places[Int(codes[$0]) + 1]) }
            }
        }.joined()
    }
}

/// A hash over one number for each row, in blocks so that little is in memory.
func rowHash(_ rows: [Int32]?, _ rowCount: Int, _ bits: (Int) -> UInt32) -> String {
    let count = rows?.count ?? rowCount
    let block = 65_536
    var text = ""
    var values: [UInt32] = []
    for start in stride(from: 0, to: count, by: block) {
        values.removeAll(keepingCapacity: true)
        for place in start..<min(count, start + block) { values.append(bits(rows.map { Int($0[place]) } ?? place)) }
        text += values.withUnsafeBytes(Fingerprint.init(of:)).description
    }
    return text
}
