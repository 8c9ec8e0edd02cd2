// Tokens that another program has numbered: nanoGPT's `train.bin` and `val.bin` with what is known of their vocabulary.

import Foundation
import Streams

/// The files that `tokens:DIR` names, or the one that `tokens:FILE` does.
package struct TokenFolder: Sendable {
    package let train: TokenArray
    /// nil for a single file.
    package let validation: TokenArray?
    package let vocabularySize: Int
    /// What each token stands for; nil where nothing says it.
    package let texts: [String]?
    /// What a person should know.
    package let notes: [String]

    private struct Meta: Decodable {
        var vocabularySize: Int?
        var texts: [String]?

        enum CodingKeys: String, CodingKey {
            case vocabularySize = "vocab_size"
            case texts = "itos"
        }
    }

    /// - Parameters:
    ///   - path: a folder with `train.bin`, `val.bin` and perhaps `meta.json`, or a file of tokens.
    ///   - vocabularySize: how many tokens there are; nil for what `meta.json` says, else one more than the largest.
    /// - Throws: `DatasetError` for files that are missing or damaged, and for tokens beyond the vocabulary.
    package init(path: String, vocabularySize: Int? = nil) throws(DatasetError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            throw DatasetError(
                "there is no \(path): expected a folder with train.bin and val.bin, or such a file", .unreadable)
        }
        let folder = isFolder.boolValue ? path : (path as NSString).deletingLastPathComponent
        var files = [path]
        if isFolder.boolValue {
            files = ["\(path)/train.bin", "\(path)/val.bin"]
            for file in files where !FileManager.default.fileExists(atPath: file) {
                throw DatasetError(
                    "\(path) has no \((file as NSString).lastPathComponent): expected train.bin and val.bin, 16-bit "
                        + "numbers of tokens; a single file is given as tokens:FILE and divided", .unreadable)
            }
        }
        var arrays: [TokenArray] = []
        for file in files { arrays.append(try TokenArray(path: file)) }
        let meta = try TokenFolder.meta("\(folder)/meta.json")
        var notes: [String] = []
        let size: Int
        if let given = vocabularySize ?? meta?.vocabularySize ?? meta?.texts?.count {
            size = given
        } else {
            size = 1 + (arrays.map(\.largest).max() ?? 0)
            notes.append(
                "\(size) tokens, one more than the largest number in \(files.joined(separator: " and ")): nothing else "
                    + "says how many there are")
        }
        guard (1...1 << 16).contains(size) else {
            throw DatasetError("\(path): a vocabulary of \(size) tokens, expected 1 to 65536, as 16-bit numbers hold")
        }
        for (file, tokens) in zip(files, arrays) {
            guard let wrong = tokens.firstPlace(notBelow: size) else { continue }
            throw DatasetError(
                "\(file) holds token \(wrong.number) at place \(wrong.place) (byte \(2 * wrong.place)), but the "
                    + "vocabulary has \(size) tokens: expected 0 to \(size - 1)")
        }
        if meta?.texts == nil, FileManager.default.fileExists(atPath: "\(folder)/meta.pkl") {
            notes.append(TokenFolder.pickleNote(folder))
        }
        (train, validation) = (arrays[0], arrays.count > 1 ? arrays[1] : nil)
        (self.vocabularySize, self.notes) = (size, notes)
        texts = meta?.texts.flatMap { $0.count == size ? $0 : nil }
    }

    private static func meta(_ path: String) throws(DatasetError) -> Meta? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        let meta: Meta
        do { meta = try JSONDecoder().decode(Meta.self, from: data) } catch {
            throw DatasetError(
                "\(path) is not as expected, {\"vocab_size\": 65, \"itos\": [\"a\", ...]} with one of the two or both: "
                    + "\(error)", .damaged)
        }
        if let texts = meta.texts, let size = meta.vocabularySize, texts.count != size {
            throw DatasetError("\(path) says vocab_size \(size), but itos lists \(texts.count) tokens", .damaged)
        }
        return meta
    }

    /// A pickle runs whatever its writer wanted, so that it is left alone.
    private static func pickleNote(_ folder: String) -> String {
        "\(folder)/meta.pkl is not read, since reading a pickle runs code. So that texts can be continued, write meta.json "
            + "once: python3 -c \"import json, pickle; m = pickle.load(open('\(folder)/meta.pkl', 'rb')); "
            + "n = m['vocab_size']; json.dump({'vocab_size': n, 'itos': [m['itos'][i] for i in range(n)]}, "
            + "open('\(folder)/meta.json', 'w'))\""
    }
}
