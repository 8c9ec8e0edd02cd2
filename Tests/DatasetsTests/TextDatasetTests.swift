// Lines and columns of texts: how they are read, what becomes of them, and what is refused.

import Foundation
import Testing

import Datasets

struct TextDatasetTests {
    private let directory = TemporaryDirectory()

    private func lines(_ text: String, _ name: String = "lines.txt") throws -> LabelledTexts {
        try .read(lines: [directory.write(name, Array(text.utf8))])
    }

    private func labels(_ texts: LabelledTexts) -> [String?] { texts.targets[0].values.texts }

    @Test(arguments: ["\n", "\r\n", "\r"], [true, false])
    func linesAreLabelTabText(end: String, isWhole: Bool) throws {
        let all = ["ham\ta \"b", " \t ", "spam\tx\ty ", "", "ham\t", "Ham\te\u{301}👍"]
        let texts = try lines((isWhole ? "\u{feff}" : "") + all.joined(separator: end) + (isWhole ? end : ""))
        #expect(texts.texts.map { Array($0.utf8) } == ["a \"b", "x\ty ", "", "e\u{301}👍"].map { Array($0.utf8) })
        #expect(labels(texts) == ["ham", "spam", "ham", "Ham"])
        #expect(texts.notes == ["2 blank lines are passed over"])
        #expect(texts.place(ofRow: 1) == "\(directory.path)/lines.txt:3")
        let data = try TextDataset(texts)
        #expect(data.target.classNames == ["Ham", "ham", "spam"] && data.count == 4)
        #expect((0..<4).map { data.classNumber(of: $0) } == [1, 2, 1, 0])
    }

    @Test func severalFilesAndPackedOnes() throws {
        let first = directory.writeGzipped("a.txt.gz", Array("x\tone\n".utf8))
        let second = directory.write("b.txt", Array("\ny\ttwo".utf8))
        let texts = try LabelledTexts.read(lines: [first, second])
        #expect(texts.texts == ["one", "two"] && texts.place(ofRow: 1) == "\(second):2")
        #expect(texts.name == "\(first) and 1 more")
    }

    @Test func foldersHaveAFileForEachClass() throws {
        _ = directory.write("b.txt", Array("eins\r\nzwei\n".utf8))
        _ = directory.write("Z.txt", Array("Żó\n\nlabel\ttext".utf8))
        _ = directory.write(".hidden.txt", [0xFF])
        _ = directory.write("README.md", [0xFF])
        let texts = try LabelledTexts.read(lines: [directory.path])
        #expect(texts.texts == ["Żó", "label\ttext", "eins", "zwei"] && labels(texts) == ["Z", "Z", "b", "b"])
        let empty = TemporaryDirectory()
        expectDatasetError("has no file CLASS.txt") { try LabelledTexts.read(lines: [empty.path]) }
    }

    @Test(
        arguments: [
            ("a\tx\nno tab here\nb\ty\n", [".txt:2", "has no tab: expected"]),
            ("a\tx\r\n\ttext", [".txt:2", "no label before its"]),
            ("", ["has no text"]), ("\n\n", ["has no text"]), ("a\tx\0y\n", [".txt:1", "NUL"]),
            ("a\tx\na\ty\n", ["one class"]),
        ] as [(String, [String])])
    func hostileLinesAreNamed(text: String, words: [String]) {
        let error = #expect(throws: DatasetError.self) { _ = try TextDataset(lines(text)) }
        for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
    }

    @Test func otherEncodingsAreNamed() {
        let latin = directory.write("latin.txt", Array("a\tok\nb\tM".utf8) + [0xFC] + Array("ller\n".utf8))
        expectDatasetError("latin.txt:2", "not UTF-8") { try LabelledTexts.read(lines: [latin]) }
        let wide = directory.write("wide.txt", [0xFF, 0xFE, 0x61, 0, 9, 0])
        expectDatasetError("UTF-16") { try LabelledTexts.read(lines: [wide]) }
    }

    @Test func hugeLines() throws {
        let long = String(repeating: "word ", count: 300_000)
        let data = try TextDataset(lines("a\t\(long)\nb\tshort\n"))
        #expect(data.input.shape == [400] && data.length(of: 0) == 400 && data.length(of: 1) == 1 && data.cutCount == 1)
        #expect(data.preparation.notes.contains { $0.contains("1 of 2 training texts have more than 400 words") })
    }

    @Test func paddingAndLengths() throws {
        var options = TextOptions()
        options.lengthLimit = 3
        let data = try TextDataset(lines("a\tx y x y x\nb\t\nb\tx\n"), options)
        #expect((0..<3).map { data.length(of: $0) } == [3, 0, 1])
        #expect(data.input.shape == [3] && data.input.kind == .tokens(4))
        let batch = try data.batch([1, 0, 2, 0])
        #expect(batch.inputs.scalars == [0, 0, 0, 2, 3, 2, 2, 0, 0, 2, 3, 2])
        #expect(batch.mask?.scalars == [0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 1, 1])
        #expect(batch.targets.scalars == [1, 0, 1, 0])
    }

    /// Words of other parts are unknown, and don't make texts longer.
    @Test func onlyTrainingTextsDecide() throws {
        let whole = try TextDataset(lines("a\tx y\nb\tx\na\tz z z z x\n"))
        #expect(whole.input.shape == [5])
        let fitted = try whole.fitted(on: [0, 1])
        #expect(fitted.input.shape == [2] && fitted.preparation.vocabulary.count == 4)
        #expect(try fitted.batch([2]).inputs.scalars == [1, 1])
        #expect(fitted.fingerprint != whole.fingerprint)
        let read = try DataPreparation.read(DataPreparation.json(fitted.preparation), source: "file")
        let again = try #require(read as? TextPreparation)
        #expect(again == fitted.preparation)
        #expect(try TextDataset(whole.texts, again).fingerprint == fitted.fingerprint)
        expectDatasetError("no sample 3") { try whole.fitted(on: [3]) }
    }

    @Test func lowerCaseAndNormalFormsAreAskedFor() throws {
        let text = "a\tÉTÉ e\u{301}té ﬁn\nb\tété fin ÉTÉ\n"
        func count(_ change: (inout TextOptions) -> Void) throws -> Int {
            var options = TextOptions()
            change(&options)
            return try TextDataset(lines(text), options).preparation.vocabulary.count - 2
        }
        #expect(try count { _ in } == 5)
        #expect(try count { $0.lowercase = true } == 4)
        #expect(try count { ($0.lowercase, $0.normalization) = (true, .nfc) } == 3)
        #expect(try count { ($0.lowercase, $0.normalization) = (true, .nfkc) } == 2)
        #expect(try count { $0.unit = .bytes } == 256)
    }

    @Test func duplicatesGoButTheFirst() throws {
        let texts = try lines("a\tx\nb\ty\na\tx\nb\tx\na\tX\nb\ty\n").withoutDuplicates()
        #expect(texts.rows == [0, 1, 3, 4])
        #expect(
            texts.notes == [
                "2 of 6 texts are left out: the same, of the same class, came before",
                "1 texts stay that came before with another class",
            ])
        let data = try TextDataset(texts)
        #expect(data.count == 4 && data.text(of: 2) == "x" && data.classNumber(of: 2) == 1)
    }

    private static let table = #"""
        id,text,kind,weight,other
        1,"two
        lines, ""quoted""",good,2,x
        2,NA,bad,1,y
        3,,good,0.5,z
        4,12,?,1,z
        5,plain,bad,3,z

        """#

    private func tableTexts(_ column: String = "text", weight: String? = "weight") throws -> LabelledTexts {
        var options = TableOptions(targets: ["kind"])
        options.weight = weight
        let path = directory.write("table.csv", Array(TextDatasetTests.table.utf8))
        return try .read(table: [path], column: column, options: options)
    }

    @Test(arguments: ["text", "2"])
    func aColumnHoldsTexts(column: String) throws {
        let texts = try tableTexts(column)
        #expect(texts.texts == ["two\nlines, \"quoted\"", "NA", "", "12", "plain"] && texts.rows == [0, 1, 2, 4])
        #expect(
            texts.notes[0].contains("not used: 'id', 'other'") && texts.notes[1].contains("1 rows without a target"))
        let data = try TextDataset(texts)
        #expect(data.target.classNames == ["bad", "good"] && data.target.name == "kind")
        #expect((0..<4).map { data.weight(of: $0) } == [2, 1, 0.5, 3] && data.isWeighted)
        #expect((0..<4).map { data.length(of: $0) } == [6, 1, 0, 1])
        #expect((0..<4).map { data.classNumber(of: $0) } == [1, 0, 1, 0])
    }

    @Test func wrongColumnsAreNamed() {
        expectDatasetError("no column 'body'", "'text'") { try tableTexts("body") }
        expectDatasetError("column 'kind'", "another role") { try tableTexts("kind") }
    }

    @Test func aLaterTableIsPreparedAlike() throws {
        let data = try TextDataset(tableTexts())
        func later(_ text: String, needsTarget: Bool = true) throws -> TextDataset {
            let path = directory.write("later.csv", Array(text.utf8))
            let texts = try LabelledTexts.read(
                table: [path], data.preparation, needsTarget: needsTarget, format: TableFormat())
            return try TextDataset(texts, data.preparation, needsTarget: needsTarget)
        }
        let found = try later("kind,text,weight\nbad,plain lines,1\n", needsTarget: true)
        #expect(try found.batch([0]).inputs.scalars.prefix(3).map { $0 > 1 } == [true, true, false])
        #expect(try later("text,n\nplain,1\n,2\n", needsTarget: false).count == 2)
        expectDatasetError("later.csv:2", "'ugly'", "none of the 2 classes") {
            try later("text,kind,weight\nx,ugly,1\n")
        }
        expectDatasetError("lacks the column 'kind'") { try later("text,n\nx,1\n") }
        expectDatasetError("lacks the column 'text'") { try later("kind,n\nbad,1\n") }
    }

    @Test func valuesToPredictAreScaled() throws {
        let path = directory.write("stars.csv", Array("text,stars\nbad,1.5\nfine,2.5\ngood,3.5\n".utf8))
        let data = try TextDataset(
            .read(table: [path], column: "text", options: TableOptions(targets: ["stars"])))
        #expect(data.target.kind == .numbers && data.target.scale?.value(of: 0) == 2.5)
        #expect(try data.batch([1]).targets.scalars == [0])
    }

    @Test func quotesCanBeSignsLikeOthers() throws {
        let path = directory.write("plain.tsv", Array("kind\ttext\nham\t\"oh\nspam\tsay \"hi\" \"\nham\t\"a\"\n".utf8))
        let format = TableFormat(separator: "\t", header: true, quotes: false)
        let table = try Table.read([path], format: format)
        #expect(table.column("text")?.values.texts == ["\"oh", "say \"hi\" \"", "\"a\""])
        #expect(table.format == TableFormat(separator: "\t", decimal: ".", header: true, quotes: false))
        expectDatasetError("plain.tsv") { try Table.read([path], format: TableFormat(separator: "\t", header: true)) }
    }

    @Test func textsToPredictHaveNoLabels() throws {
        let path = directory.write("new.txt", Array("one\n\nlabel\ttwo".utf8))
        let texts = try LabelledTexts.read(plain: [path])
        #expect(texts.texts == ["one", "", "label\ttwo"])
        let data = try TextDataset(texts, TextDataset(lines("a\tone\nb\ttwo\n")).preparation, needsTarget: false)
        #expect(data.count == 3 && data.length(of: 1) == 0 && data.target.classNames == ["a", "b"])
    }

    @Test func summariesTellLengthsAndCoverage() throws {
        let whole = try TextDataset(lines("a\tx y z\nb\tx\na\t\nb\tx q x q\na\tx\n")).fitted(on: [0, 1, 2])
        let summary = DataSummary(try Subset(whole, [0, 1, 2]), others: [("test", try Subset(whole, [3, 4]))])
        let texts = try #require(summary.texts)
        #expect(texts.vocabularySize == 5 && texts.length == 3 && texts.unit == "words")
        #expect(texts.parts.map(\.longest) == [3, 4] && texts.parts.map(\.median) == [1, 4])
        #expect(texts.parts.map(\.emptyCount) == [1, 0] && texts.parts.map(\.cutCount) == [0, 1])
        #expect(texts.parts.map(\.knownShare) == [1, 0.6] && texts.parts.map(\.tokenCount) == [4, 5])
        #expect(summary.parts[1].sharedCount == 1 && summary.parts[0].inputs == nil)
        #expect(summary.text.contains("vocabulary of 5 words, texts of at most 3"))
    }

    private static let sms = "\(RealData.folder)/text/SMSSpamCollection"

    @Test(.enabled(if: FileManager.default.fileExists(atPath: sms), RealData.hint))
    func smsCollection() throws {
        let texts = try LabelledTexts.read(lines: [TextDatasetTests.sms])
        let data = try TextDataset(texts)
        #expect(data.count == 5574 && data.target.classNames == ["ham", "spam"])
        #expect((0..<data.count).count { data.classNumber(of: $0) == 1 } == 747)
        let once = texts.withoutDuplicates()
        #expect(once.rows.count == Set(zip(labels(texts), texts.texts).map { "\($0 ?? "")\t\($1)" }).count)
    }
}
