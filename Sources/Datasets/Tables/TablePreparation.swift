// What was learnt of a table's columns from the training rows, so that any later table becomes the same inputs. Travels
// in checkpoints; TableDataset applies it.

import Foundation

/// How each column of a table becomes inputs, and what the target is.
///
/// A sample's inputs are first all plain numbers, column after column in the training table's order: a numeric column gives
/// its scaled number, and behind it 1 or 0 for missing if the training rows lack some; a column of few categories gives one
/// input each. Then come the indices of the columns that a layer embeds, one each.
package struct TablePreparation: Preparation, Hashable {
    package static let kind = "table"

    /// One column among the inputs.
    package struct Input: Sendable, Hashable, Codable {
        package let name: String
        package let encoding: Encoding
    }

    package enum Encoding: Sendable, Hashable, Codable {
        /// (value - offset) / scale, the median standing for a missing value; and 1 where it is missing, if so.
        case number(median: Double, offset: Double, scale: Double, hasIndicator: Bool)
        /// 1 at the category's place, or behind the last for missing; all 0 for a category that training rows lack.
        case oneHot(categories: [String], hasMissing: Bool)
        /// 1 + the category's place, or behind the last for missing; 0 for a category that training rows lack.
        case index(categories: [String], hasMissing: Bool)
    }

    package let options: TableOptions
    /// In the order of the training table.
    package let inputs: [Input]
    package let target: TableTarget
    /// The weight column's name.
    package let weight: String?
    /// What was decided that a user may want otherwise, in sentences.
    package let notes: [String]

    /// The number of a sample's inputs.
    package var width: Int { numericCount + embeddingSizes.count }

    /// The number of plain inputs; those behind them are indices.
    package var numericCount: Int { inputs.reduce(0) { $0 + $1.encoding.numberCount } }

    /// For each index among the inputs how many rows an embedding needs.
    package var embeddingSizes: [Int] { inputs.compactMap(\.encoding.embeddingSize) }

    /// What each input is, in order: `age`, `age missing`, `work=Private`, `work missing`, and for indices `country`.
    package var featureNames: [String] {
        inputs.flatMap { $0.numberNames } + inputs.filter { $0.encoding.embeddingSize != nil }.map(\.name)
    }

    /// What a later table is to be read with: the cells of a column mean the same as in training.
    package var kinds: [String: TableColumn.Kind] {
        var kinds: [String: TableColumn.Kind] = [:]
        for input in inputs { kinds[input.name] = input.encoding.isNumeric ? .numeric : .text }
        for column in target.columns { kinds[column] = .numeric }
        if case .classes(let column, _, isNumeric: false) = target { kinds[column] = .text }
        if let weight { kinds[weight] = .numeric }
        return kinds
    }

    package func check(_ source: String) throws(DatasetError) {
        let isScalable = inputs.allSatisfy {
            guard case .number(let median, let offset, let scale, _) = $0.encoding else { return true }
            return median.isFinite && offset.isFinite && scale.isFinite && scale != 0
        }
        let fits = target.scale.map {
            $0.means.count == target.columns.count && $0.deviations.count == target.columns.count
        }
        guard isScalable, fits != false, !target.columns.isEmpty, !inputs.isEmpty else {
            throw DatasetError("\(source) holds a damaged preparation of a table; take another checkpoint", .damaged)
        }
    }
}

extension TablePreparation.Input {
    /// The names of its plain inputs.
    fileprivate var numberNames: [String] {
        switch encoding {
        case .number(_, _, _, let hasIndicator): return hasIndicator ? [name, "\(name) missing"] : [name]
        case .oneHot(let categories, let hasMissing):
            return categories.map { "\(name)=\($0)" } + (hasMissing ? ["\(name) missing"] : [])
        case .index: return []
        }
    }
}

extension TablePreparation.Encoding {
    var isNumeric: Bool { if case .number = self { true } else { false } }
    var isOneHot: Bool { if case .oneHot = self { true } else { false } }

    /// How many plain inputs it gives.
    var numberCount: Int {
        switch self {
        case .number(_, _, _, let hasIndicator): hasIndicator ? 2 : 1
        case .oneHot(let categories, let hasMissing): categories.count + (hasMissing ? 1 : 0)
        case .index: 0
        }
    }

    /// The rows of its embedding, the first for unknown categories; nil for others.
    var embeddingSize: Int? {
        guard case .index(let categories, let hasMissing) = self else { return nil }
        return 1 + categories.count + (hasMissing ? 1 : 0)
    }
}
