// Damaged texts and tokens for language models, and what their runs keep of them.

import Foundation
import Lockstep

func languageTargets(_ written: @escaping ([UInt8]) throws -> String) throws -> [Target] {
    let text = Array("To be, or not to be:\r\n\u{e9}tude \u{1f600}\n".utf8)
    let vocabulary = Vocabulary(
        counting: ["To be, or not"], unit: .characters, hasPadding: false, hasUnknown: true, ordering: .sorted)
    let preparation = LanguagePreparation(vocabulary, blockSize: 8)
    func use(_ tokens: TokenArray, _ size: Int) throws {
        let data = try TokenDataset(tokens, vocabularySize: size, blockSize: 4, coversAll: true, name: "file")
        for number in 0..<data.count { _ = try data.batch([number]) }
        precondition(GramModel(tokens, vocabularySize: size).bits(tokens) >= 0)
    }
    return [
        Target(name: "texts", examples: [text]) {
            let text = try PlainText([try written($0)])
            try use(
                TokenArray(try text.numbers(text.bytes.indices, vocabulary), below: vocabulary.count), vocabulary.count)
            _ = try text.cut(text.bytes.indices, last: 0.5, atBlank: true)
        },
        Target(name: "tokens", examples: [(0..<40).flatMap { [UInt8($0), 0] }]) {
            let folder = try TokenFolder(path: try written($0))
            try use(folder.train, folder.vocabularySize)
        },
        Target(name: "language preparations", examples: [Array(DataPreparation.json(preparation))]) {
            guard let read = try DataPreparation.read(Data($0), source: "file") as? LanguagePreparation else { return }
            if let numbers = try? read.numbers(of: "To be") {
                precondition(numbers.allSatisfy { $0 < read.vocabularySize })
            }
        },
    ]
}
