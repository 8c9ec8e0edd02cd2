// Damaged texts with a class each, and damaged preparations of them.

import Foundation
import Lockstep

func labelledTextTargets(_ written: @escaping ([UInt8]) throws -> String) throws -> [Target] {
    let lines = Array("\u{feff}ham\tIt's \u{e9}tude, e\u{301}!\r\nspam\t\u{1f44d}\u{1f3fd} 50% off\n\nham\t\n".utf8)
    let preparation = try TextDataset(.read(lines: [written(lines)])).preparation
    func use(_ data: TextDataset) throws {
        for number in 0..<data.count {
            let batch = try data.batch([number])
            precondition(batch.inputs.scalars.allSatisfy { $0 >= 0 && $0 < Float(data.preparation.vocabulary.count) })
            _ = data.preparation.vocabulary.text(of: data.tokens(of: number).map { Int($0) })
        }
    }
    return [
        Target(name: "lines of texts", examples: [lines]) { bytes in
            let texts = try LabelledTexts.read(lines: [try written(bytes)])
            for unit in Vocabulary.Unit.allCases {
                var options = TextOptions()
                (options.unit, options.lowercase, options.normalization) = (unit, true, .nfkc)
                try use(TextDataset(texts.withoutDuplicates(), options))
            }
        },
        Target(name: "preparations of texts", examples: [Array(DataPreparation.json(preparation))]) {
            guard let read = try DataPreparation.read(Data($0), source: "file") as? TextPreparation else { return }
            try use(TextDataset(LabelledTexts(["It's an étude!", ""]), read, needsTarget: false))
        },
    ]
}
