// Windows of texts: by hand, and that every token is predicted once; nanoGPT's numbers and files; the 3-gram measure.

import Autograd
import Foundation
import Tensors
import Testing

import Datasets

/// What scripts/reference/language.py computed.
private struct LanguageReference: Decodable {
    let text: String
    let characters: [String]
    let numbers: [Int]
    let train: Int
    let bits: Double

    static let all = try! JSONDecoder().decode(
        LanguageReference.self,
        from: Data(
            contentsOf: URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/language.json"))
    )
}

private func array(_ tokens: [Int], below limit: Int = 100) -> TokenArray {
    TokenArray(tokens.map { Int32($0) }, below: limit)
}

private func all(_ tokens: TokenArray) -> [Int] {
    var found: [Int] = []
    tokens.forEach { found.append($0) }
    return found
}

@Suite struct TokenDatasetTests {
    @Test func windowsAreAsByHand() throws {
        let data = try TokenDataset([5, 6, 7, 8, 9, 10, 11], vocabularySize: 12, blockSize: 3, stride: 2)
        #expect(data.count == 2 && data.length(of: 1) == nil)
        let batch = try data.batch([1, 0])
        #expect(batch.inputs.shape == [2, 3] && batch.inputs.scalars == [7, 8, 9, 5, 6, 7])
        #expect(batch.targets.scalars == [8, 9, 10, 6, 7, 8])
        #expect(batch.mask == nil)
        #expect(data.input.kind == .tokens(12) && data.target.kind == .classes(12))
    }

    @Test func theLastWindowIsShorterInEvaluation() throws {
        let data = try TokenDataset([5, 6, 7, 8, 9, 10], vocabularySize: 12, blockSize: 3, coversAll: true)
        #expect(data.count == 2 && data.length(of: 0) == 3 && data.length(of: 1) == 2)
        let batch = try data.batch([0, 1])
        #expect(batch.inputs.scalars == [5, 6, 7, 8, 9, 0])
        #expect(batch.targets.scalars == [6, 7, 8, 9, 10, 0])
        #expect(batch.mask?.scalars == [1, 1, 1, 1, 1, 0])
        // Shorter than one window.
        let short = try TokenDataset([1, 2], vocabularySize: 12, blockSize: 3, coversAll: true)
        #expect(short.count == 1 && short.length(of: 0) == 1)
    }

    @Test(arguments: [(2, 1), (64, 64), (65, 64), (66, 64), (128, 64), (129, 64), (130, 64), (1000, 7), (1000, 999)])
    func everyTokenButTheFirstIsPredictedOnce(count: Int, block: Int) throws {
        let tokens = (0..<count).map { $0 % 251 }
        let data = try TokenDataset(tokens, vocabularySize: 251, blockSize: block, coversAll: true)
        var predicted: [Float] = []
        for sample in 0..<data.count {
            predicted += try data.batch([sample]).targets.scalars.prefix(data.length(of: sample) ?? block)
        }
        #expect(predicted == tokens.dropFirst().map(Float.init))
    }

    @Test(arguments: [1, 2, 3, 5])
    func trainingWindowsAreWhole(stride: Int) throws {
        let data = try TokenDataset(Array(0..<23), vocabularySize: 23, blockSize: 5, stride: stride)
        // The last begins where the token after it is still there, and none does behind it.
        #expect((data.count - 1) * stride + 5 < 23 && data.count * stride + 5 >= 23)
        let last = try data.batch([data.count - 1])
        #expect(last.inputs.scalars == (0..<5).map { Float((data.count - 1) * stride + $0) })
    }

    @Test func fingerprintsTellTokensAndWindowsApart() throws {
        func fingerprint(
            _ tokens: [Int] = [1, 2, 3, 4, 5, 6], _ size: Int = 9, block: Int = 2, stride: Int = 1, all: Bool = false
        ) throws -> Fingerprint {
            try TokenDataset(tokens, vocabularySize: size, blockSize: block, stride: stride, coversAll: all).fingerprint
        }
        let others = [
            try fingerprint([1, 2, 3, 4, 5, 7]), try fingerprint(block: 3), try fingerprint(stride: 2),
            try fingerprint([1, 2, 3, 4, 5]), try fingerprint([1, 2, 3, 4, 5, 6], 10),
        ]
        #expect(Set(others + [try fingerprint()]).count == 6)
        #expect(try fingerprint(stride: 2) != fingerprint(stride: 2, all: true))
    }

    @Test func whatMakesNoWindowIsRefused() {
        expectDatasetError("has 3 tokens", "at most 2") {
            try TokenDataset([1, 2, 3], vocabularySize: 4, blockSize: 3)
        }
        expectDatasetError("1 tokens", "2 or more") {
            try TokenDataset([1], vocabularySize: 4, blockSize: 3, coversAll: true)
        }
        expectDatasetError("token 4 at place 1", "0 to 3") {
            try TokenDataset([1, 4], vocabularySize: 4, blockSize: 1)
        }
        expectDatasetError("token -1 at place 0") { try TokenDataset([-1, 2], vocabularySize: 4, blockSize: 1) }
        expectDatasetError("every 3 tokens") {
            try TokenDataset([1, 2, 3], vocabularySize: 4, blockSize: 2, stride: 3)
        }
        expectDatasetError("vocabulary of 0") { try TokenDataset([Int](), vocabularySize: 0, blockSize: 2) }
    }

    @Test func aFileHoldsTheSameTokensAsMemory() throws {
        let folder = TemporaryDirectory()
        let numbers = [0, 1, 255, 256, 65535, 7]
        let path = folder.write("train.bin", numbers.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        let file = try TokenArray(path: path)
        #expect(all(file) == numbers)
        #expect(file.fingerprint == array(numbers, below: 65536).fingerprint)
        #expect(file[1..<4].fingerprint == array(numbers, below: 65536)[1..<4].fingerprint)
        #expect(all(file[2..<5]) == [255, 256, 65535] && file.largest == 65535)
        #expect(all(array([70_000, 3], below: 70_001)) == [70_000, 3])
        #expect(file.firstPlace(notBelow: 256).map { [$0.place, $0.number] } == [3, 256])
        #expect(file.occurrences(of: 255) == 1)
    }
}

@Suite struct TokenFolderTests {
    private func folder(train: [UInt8] = [0, 0, 1, 0], validation: [UInt8]? = [1, 0, 2, 0], meta: String? = nil)
        -> TemporaryDirectory
    {
        let folder = TemporaryDirectory()
        _ = folder.write("train.bin", train)
        if let validation { _ = folder.write("val.bin", validation) }
        if let meta { _ = folder.write("meta.json", Array(meta.utf8)) }
        return folder
    }

    @Test func metaSaysWhatTokensAre() throws {
        let files = folder(meta: #"{"vocab_size": 3, "itos": ["a", "é", "\n"], "stoi": {}}"#)
        let found = try TokenFolder(path: files.path)
        #expect(found.vocabularySize == 3 && found.texts == ["a", "é", "\n"] && found.notes.isEmpty)
        let preparation = LanguagePreparation(vocabularySize: 3, texts: found.texts, blockSize: 8)
        #expect(preparation.unit == .characters)
        #expect(try preparation.numbers(of: "\néa") == [2, 1, 0])
        expectDatasetError("'b' (U+0062)") { try preparation.numbers(of: "ab") }
        let pairs = LanguagePreparation(vocabularySize: 2, texts: ["ab", "c"], blockSize: 8)
        #expect(pairs.unit == nil && pairs.tokenTexts == ["ab", "c"])
        for preparation in [preparation, pairs] {
            let read = try DataPreparation.read(DataPreparation.json(preparation), source: "here")
            #expect(read as? LanguagePreparation == preparation)
        }
    }

    @Test func withoutMetaTheLargestNumberSaysIt() throws {
        let files = folder()
        let found = try TokenFolder(path: files.path)
        #expect(found.vocabularySize == 3 && found.texts == nil && found.notes[0].contains("3 tokens, one more than"))
        #expect(try TokenFolder(path: files.path, vocabularySize: 50257).vocabularySize == 50257)
        _ = files.write("meta.pkl", [0x80, 4])
        #expect(try TokenFolder(path: files.path).notes.last?.contains("meta.pkl is not read") == true)
        #expect(try TokenFolder(path: files.path + "/val.bin").validation == nil)
    }

    @Test func hostileFilesAreNamed() {
        expectDatasetError("train.bin has 3 bytes, an odd number") { [files = folder(train: [1, 2, 3])] in
            try TokenFolder(path: files.path)
        }
        expectDatasetError("val.bin is empty") { [files = folder(validation: [])] in try TokenFolder(path: files.path) }
        expectDatasetError("has no val.bin") { [files = folder(validation: nil)] in try TokenFolder(path: files.path) }
        expectDatasetError("val.bin holds token 2 at place 1 (byte 2)", "0 to 1") {
            [files = folder(meta: #"{"vocab_size": 2}"#)] in try TokenFolder(path: files.path)
        }
        expectDatasetError("vocab_size 4, but itos lists 1") {
            [files = folder(meta: #"{"vocab_size": 4, "itos": ["a"]}"#)] in try TokenFolder(path: files.path)
        }
        expectDatasetError("meta.json is not as expected") { [files = folder(meta: "[1]")] in
            try TokenFolder(path: files.path)
        }
        expectDatasetError("a vocabulary of -1 tokens") { [files = folder(meta: #"{"vocab_size": -1}"#)] in
            try TokenFolder(path: files.path)
        }
        expectDatasetError("NumPy array") { [files = folder(train: [0x93] + Array("NUMPY\u{1}\u{0}".utf8))] in
            try TokenFolder(path: files.path)
        }
        expectDatasetError("there is no /nowhere") { try TokenFolder(path: "/nowhere") }
    }
}

@Suite struct PlainTextTests {
    private func text(_ bytes: some Sequence<UInt8>) throws -> PlainText {
        let folder = TemporaryDirectory()
        return try PlainText([folder.write("text.txt", Array(bytes))])
    }

    /// The numbers and the division of nanoGPT's data/shakespeare_char/prepare.py.
    @Test func charactersAreNumberedAsByNanoGPT() throws {
        let reference = LanguageReference.all
        let text = try text(reference.text.utf8)
        let vocabulary = Vocabulary(
            counting: [reference.text], unit: .characters, hasPadding: false, hasUnknown: false, ordering: .sorted)
        #expect((0..<vocabulary.count).map { vocabulary.token($0) } == reference.characters)
        let cut = try text.cut(text.bytes.indices, last: 0.1, atBlank: false)
        let train = try text.numbers(0..<cut, vocabulary), rest = try text.numbers(cut..<text.bytes.count, vocabulary)
        #expect(train.count == reference.train)
        #expect((train + rest).map(Int.init) == reference.numbers)
    }

    @Test func countsOfThreeTokensAgreeWithPlainCounting() {
        let reference = LanguageReference.all
        let model = GramModel(array(reference.numbers), vocabularySize: reference.characters.count)
        #expect(abs(model.bits(array(reference.numbers.reversed())) - reference.bits) < 1e-12)
        // What can only be one token is no surprise in the end.
        let certain = GramModel(array([Int](repeating: 0, count: 1000)), vocabularySize: 2)
        #expect(certain.bits(array([0, 0, 0])) < 0.001)
    }

    @Test func filesAreOneTextAsItIs() throws {
        let folder = TemporaryDirectory()
        let first = folder.write("a", [0xEF, 0xBB, 0xBF] + Array("a\r\nb".utf8)),
            second = folder.write("b", Array("é".utf8))
        let text = try PlainText([first, second])
        #expect(text[text.bytes.indices] == "a\r\nbé" && text.characterCount() == 5)
    }

    @Test func wordsAreNotCutInTwo() throws {
        let text = try text("one two three four five".utf8)
        let cut = try text.cut(text.bytes.indices, last: 0.5, atBlank: true)
        #expect(text[0..<cut] == "one two three ")
        let plain = try text.cut(text.bytes.indices, last: 0.5, atBlank: false)
        #expect(text[0..<plain] == "one two thr")
    }

    @Test func whatIsNoTextIsRefused() {
        expectDatasetError("text.txt:2: this line is not UTF-8") { try text(Array("a\n".utf8) + [0xFF, 0x41]) }
        expectDatasetError("UTF-16") { try text([0xFF, 0xFE, 0x41, 0]) }
        expectDatasetError("is empty") { try text([]) }
        expectDatasetError("leaves nothing on one side") {
            let text = try text("ab".utf8)
            return try text.cut(text.bytes.indices, last: 0.9, atBlank: false)
        }
        expectDatasetError("text.txt:3: 'é' (U+00E9) is not among the 3 characters") {
            let vocabulary = Vocabulary(
                counting: ["ab\n"], unit: .characters, hasPadding: false, hasUnknown: false, ordering: .sorted)
            let text = try text("a\nb\naé".utf8)
            return try text.numbers(text.bytes.indices, vocabulary)
        }
    }

    /// In pieces that are whole characters, whatever the bytes are.
    @Test(
        arguments: [
            Array("aé…😀\n".utf8), [0xC3], [0xE2, 0x80], [0xFF, 0x41], [0x80, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98],
            [0xE2, 0x41, 0xC3, 0xA9],
        ])
    func textAppearsInWholeCharacters(bytes: [UInt8]) {
        let vocabulary = Vocabulary(
            counting: [], unit: .bytes, hasPadding: false, hasUnknown: false, ordering: .frequency)
        var text = TokenText(LanguagePreparation(vocabulary, blockSize: 4))
        var shown = ""
        for byte in bytes { shown += text.add(Int(byte)) }
        shown += text.end()
        #expect(Array(shown.utf8) == Array(String(decoding: bytes, as: UTF8.self).utf8))
    }

    @Test func wordsHaveBlanksBetweenThem() {
        let vocabulary = Vocabulary(
            counting: ["be or not"], unit: .words, hasPadding: false, hasUnknown: true, ordering: .frequency)
        let preparation = LanguagePreparation(vocabulary, blockSize: 4)
        var text = TokenText(preparation)
        #expect(vocabulary.numbers(of: "not be").map { text.add(Int($0)) }.joined() == "not be")
        var numbers = TokenText(LanguagePreparation(vocabularySize: 9, texts: nil, blockSize: 4))
        #expect([8, 1].map { numbers.add($0) }.joined() == "8 1")
    }
}
