// Texts as samples: the numbers of their tokens, and how many there are. The command makes one of `lines:FILE` and of a
// table's text column.

import Autograd
import Tensors

/// Texts with a preparation. A sample's input is `[length]` numbers of tokens, behind its own ones those of padding, 0.
///
/// Splits fit the preparation anew: `let data = try set.fitted(on: parts.train)`, then `Subset(data, parts.train)` and
/// `Subset(data, parts.validation)`.
public struct TextDataset: Dataset {
    package let texts: LabelledTexts
    package let preparation: TextPreparation
    public let name: String
    public let count: Int
    public let input: Field
    public let target: Field
    /// How many samples had more tokens, and are cut.
    package let cutCount: Int
    /// All samples' tokens, one behind the other.
    private let tokens: [Int32]
    /// Where each sample's tokens begin, and where the last one's end.
    private let starts: [Int]
    private let targets: EncodedTarget

    /// Of texts to train on, prepared by all of them.
    ///
    /// - Throws: `DatasetError` for one class or none.
    public init(_ texts: LabelledTexts, _ options: TextOptions = TextOptions()) throws(DatasetError) {
        try self.init(texts, TextPreparation.fit(texts, options))
    }

    /// Of texts prepared as others were.
    ///
    /// - Parameter needsTarget: whether a class that training did not have is refused.
    /// - Throws: `DatasetError` naming the line of such a class.
    package init(
        _ texts: LabelledTexts, _ preparation: TextPreparation, needsTarget: Bool = true
    ) throws(DatasetError) {
        (self.texts, self.preparation) = (texts, preparation)
        (name, count) = (texts.name, texts.rows.count)
        var tokens: [Int32] = []
        var starts = [0]
        var cutCount = 0
        for row in texts.rows {
            var text = preparation.options.cleaned(texts.texts[row])
            text.withUTF8 { preparation.vocabulary.append($0, to: &tokens) }
            let excess = tokens.count - starts[starts.count - 1] - preparation.length
            if excess > 0 {
                tokens.removeLast(excess)
                cutCount += 1
            }
            starts.append(tokens.count)
        }
        (self.tokens, self.starts, self.cutCount) = (tokens, starts, cutCount)
        input = Field("text", shape: [preparation.length], kind: .tokens(preparation.vocabulary.count))
        target = preparation.target.field
        targets = try EncodedTarget(texts.targets, preparation.target, isRequired: needsTarget, place: texts.place)
    }

    /// Other texts, prepared as these are.
    ///
    /// - Parameter needsTarget: as above.
    /// - Throws: as above.
    public func prepared(_ texts: LabelledTexts, needsTarget: Bool = true) throws(DatasetError) -> TextDataset {
        try TextDataset(texts, preparation, needsTarget: needsTarget)
    }

    /// The same texts, prepared by some of them.
    ///
    /// - Throws: `DatasetError` for a number that no sample has.
    public func fitted(on numbers: [Int]) throws(DatasetError) -> TextDataset {
        try check(numbers[...])
        return try TextDataset(
            texts, TextPreparation.fit(texts, preparation.options, rows: numbers.map { texts.rows[$0] }))
    }

    /// A sample's text as it stands in the file.
    package func text(of sample: Int) -> String { texts.texts[texts.rows[sample]] }

    /// How many of a sample's tokens are unknown.
    package func unknownCount(of sample: Int) -> Int {
        tokens(of: sample).count { Int($0) == preparation.vocabulary.unknown }
    }

    package func tokens(of sample: Int) -> ArraySlice<Int32> { tokens[starts[sample]..<starts[sample + 1]] }

    public var isWeighted: Bool { !texts.weights.isEmpty }
    public func weight(of sample: Int) -> Float { texts.weights.isEmpty ? 1 : texts.weights[texts.rows[sample]] }
    public func classNumber(of sample: Int) -> Int? { targets.classNumber(texts.rows[sample]) }
    public func length(of sample: Int) -> Int? { starts[sample + 1] - starts[sample] }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        guard let x = inputs.baseAddress, let y = targets.baseAddress else { return }
        let length = preparation.length
        for (place, number) in numbers.enumerated() {
            let row = x + place * length
            for (position, token) in tokens(of: number).enumerated() { row[position] = Float(token) }
            let own = starts[number + 1] - starts[number]
            (row + own).update(repeating: 0, count: length - own)
        }
        withUnsafeTemporaryAllocation(of: Int.self, capacity: numbers.count) { wanted in
            for (place, number) in numbers.enumerated() { wanted[place] = texts.rows[number] }
            self.targets.encode(UnsafeBufferPointer(wanted), to: y)
        }
    }

    /// By tokens, targets and the preparation, without decoding samples.
    public var fingerprint: Fingerprint {
        var text = DataPreparation.json(preparation).withUnsafeBytes(Fingerprint.init(of:)).description
        text += tokens.withUnsafeBytes(Fingerprint.init(of:)).description
        text += starts.withUnsafeBytes(Fingerprint.init(of:)).description
        let rows = texts.rows.map { Int32($0) }
        text += targets.hashes(rows, rowCount: texts.texts.count)
        if isWeighted { text += rowHash(rows, texts.texts.count) { texts.weights[$0].bitPattern } }
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
