// Windows of a long text for language models: each a sample, none of them copied before it is read. The command makes
// them of `text:FILE` and `tokens:DIR`.

import Autograd
import Tensors

/// Samples of `blockSize` tokens whose targets are the tokens after each: window n begins at token n * `stride`.
///
/// Input `[blockSize]` tokens, target `[blockSize]` classes: the target at position i is the token after that of the input.
/// A model that answers for each position, and looks at none behind it, learns to continue texts.
public struct TokenDataset: Dataset {
    public let name: String
    public let count: Int
    public let input: Field
    public let target: Field
    /// The positions of a window.
    package let blockSize: Int
    /// From the begin of a window to that of the next.
    package let stride: Int
    package let tokens: TokenArray
    /// The length of the last window where it is shorter than the others.
    private let lastLength: Int?

    /// - Parameters:
    ///   - tokens: each in 0 ..< `vocabularySize`.
    ///   - stride: 1 to `blockSize`, which it is unless given.
    ///   - coversAll: whether what follows the last whole window is a sample too, a shorter one: with a stride of
    ///     `blockSize` then every token but the first is predicted exactly once, as an evaluation wants it.
    /// - Throws: `DatasetError` for other numbers, and for fewer tokens than a sample takes.
    public init(
        _ tokens: [Int], vocabularySize: Int, blockSize: Int, stride: Int? = nil, coversAll: Bool = false,
        name: String = "tokens"
    ) throws(DatasetError) {
        if let place = tokens.firstIndex(where: { !(0..<vocabularySize).contains($0) }) {
            throw DatasetError(
                "\(name) holds token \(tokens[place]) at place \(place), expected 0 to \(vocabularySize - 1)")
        }
        try self.init(
            TokenArray(tokens.map { Int32($0) }, below: vocabularySize), vocabularySize: vocabularySize,
            blockSize: blockSize, stride: stride, coversAll: coversAll, name: name)
    }

    /// Tokens that are known to be below `vocabularySize`.
    package init(
        _ tokens: TokenArray, vocabularySize: Int, blockSize: Int, stride: Int? = nil, coversAll: Bool, name: String
    ) throws(DatasetError) {
        let stride = stride ?? blockSize
        guard (1...1 << 24).contains(vocabularySize) else {
            throw DatasetError("a vocabulary of \(vocabularySize) tokens: expected 1 to 2^24")
        }
        guard blockSize > 0, (1...blockSize).contains(stride) else {
            throw DatasetError(
                "windows of \(blockSize) positions every \(stride) tokens: expected 1 or more, and a stride of at most as "
                    + "many")
        }
        let predicted = tokens.count - 1
        guard predicted >= (coversAll ? 1 : blockSize) else {
            throw DatasetError(
                "\(name) has \(tokens.count) tokens, too few for a "
                    + (coversAll
                        ? "sample: expected 2 or more"
                        : "window of \(blockSize) and the token after it: take "
                            + (predicted > 0 ? "shorter windows (a block size of at most \(predicted)) or " : "")
                            + "more text"))
        }
        let beyond = max(0, predicted - blockSize)
        count = 1 + (coversAll ? (beyond + stride - 1) / stride : beyond / stride)
        let last = predicted - (count - 1) * stride
        lastLength = last < blockSize ? last : nil
        input = Field("tokens", shape: [blockSize], kind: .tokens(vocabularySize))
        target = Field("next tokens", shape: [blockSize], kind: .classes(vocabularySize))
        (self.tokens, self.blockSize, self.stride, self.name) = (tokens, blockSize, stride, name)
    }

    package var vocabularySize: Int { target.classCount ?? 0 }

    /// That of all, where the last is shorter.
    public func length(of sample: Int) -> Int? {
        lastLength.map { sample == count - 1 ? $0 : blockSize }
    }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        guard let inputs = inputs.baseAddress, let targets = targets.baseAddress else { return }
        for (row, number) in numbers.enumerated() {
            let (x, y) = (inputs + row * blockSize, targets + row * blockSize)
            let (start, length) = (number * stride, length(of: number) ?? blockSize)
            tokens.copy(start..<start + length, to: x)
            tokens.copy(start + 1..<start + length + 1, to: y)
            (x + length).update(repeating: 0, count: blockSize - length)
            (y + length).update(repeating: 0, count: blockSize - length)
        }
    }

    /// A hash of the tokens and of how windows are cut, from which all samples follow.
    public var fingerprint: Fingerprint {
        let cut = "\(vocabularySize) \(blockSize) \(stride) \(count) \(lastLength ?? blockSize)"
        return Array("\(tokens.fingerprint) \(cut)".utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
