// What was learnt of training data, so that later data become the same inputs: a table's medians and categories, a
// text's vocabulary, the size that pictures are brought to. Travels in checkpoints as preparation.json.

import Foundation

/// One kind of data's preparation. `DataPreparation` lists the kinds.
package protocol Preparation: Codable, Sendable {
    /// What preparation.json calls it.
    static var kind: String { get }
    /// What was decided that a user may want otherwise, in sentences.
    var notes: [String] { get }
    /// - Parameter source: the file, for the message.
    /// - Throws: `DatasetError` for values that can't have been written.
    func check(_ source: String) throws(DatasetError)
}

/// Reads and writes preparation.json.
package enum DataPreparation {
    /// Every kind that a checkpoint can hold.
    private static let kinds: [any Preparation.Type] = [
        TablePreparation.self, PicturePreparation.self, TextPreparation.self, LanguagePreparation.self,
        SeriesPreparation.self,
    ]

    private struct Kind: Codable { var kind: String? }
    private struct Stored<Value: Preparation>: Codable {
        var kind: String
        var preparation: Value
    }

    /// As JSON with sorted keys. A table's stands alone, as earlier versions wrote it.
    package static func json(_ preparation: some Preparation) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Nothing in it is NaN or infinite, which is all that could fail.
        let data =
            preparation is TablePreparation
            ? try? encoder.encode(preparation)
            : try? encoder.encode(Stored(kind: type(of: preparation).kind, preparation: preparation))
        return data ?? Data()
    }

    /// - Parameter source: where it comes from, for the message.
    /// - Throws: `DatasetError` for what is no preparation.
    package static func read(_ json: Data, source: String) throws(DatasetError) -> any Preparation {
        do {
            let kind = try JSONDecoder().decode(Kind.self, from: json).kind ?? TablePreparation.kind
            guard let type = kinds.first(where: { $0.kind == kind }) else {
                throw DatasetError(
                    "\(source) holds a preparation of the kind '\(kind)', expected one of "
                        + kinds.map { $0.kind }.joined(separator: ", ") + "; a newer version may know it")
            }
            let preparation = try decode(type, json)
            try preparation.check(source)
            return preparation
        } catch let error as DatasetError {
            throw error
        } catch {
            throw DatasetError("\(source) holds no preparation of data: \(error)")
        }
    }

    private static func decode<Value: Preparation>(_ type: Value.Type, _ json: Data) throws -> any Preparation {
        if type == TablePreparation.self { return try JSONDecoder().decode(type, from: json) }
        return try JSONDecoder().decode(Stored<Value>.self, from: json).preparation
    }
}
