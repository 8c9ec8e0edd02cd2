// Texts that a language model writes: token after token, each drawn by its probability after those before it. `lockstep
// generate` calls it.

import Autograd
import Layers
import Streams
import Tensors

/// How the next token is chosen.
public struct Sampling: Sendable, Hashable {
    /// What logits are divided by: below 1 likely tokens become likelier. 0 takes the likeliest.
    package var temperature: Float
    /// Of how many tokens, the likeliest, one is drawn; nil for all. Among equals the lower number comes first.
    package var topK: Int?
    package var seed: UInt64
    /// Which of several texts with one seed.
    package var sample: UInt32

    public init(temperature: Float = 1, topK: Int? = nil, seed: UInt64 = 0, sample: UInt32 = 0) {
        (self.temperature, self.topK, self.seed, self.sample) = (temperature, topK, seed, sample)
    }

    /// The token number `position` of a text, for logits `[tokens]`.
    ///
    /// Probabilities are softmax(logits / temperature) in Float; where a quotient is beyond Float, the largest logit is
    /// subtracted before. They are added up in Double in the order of their numbers,
    /// without those beyond `topK`; the token is the first whose sum exceeds u times the last sum. u in [0, 1) is the first
    /// draw of 53 bits from the stream of (seed, generation, position, sample).
    package func token(_ logits: Tensor, position: Int) -> Int {
        let values = logits.scalars
        let order = (temperature == 0 || topK != nil) ? likeliest(values, temperature == 0 ? 1 : topK ?? 1) : nil
        if temperature == 0, let first = order?.first { return first }
        let kept = order.map { order in
            var kept = [Bool](repeating: false, count: values.count)
            for number in order { kept[number] = true }
            return kept
        }
        let largest = values.max() ?? 0
        let isBeyond = !(largest / temperature).isFinite && largest.isFinite
        let probabilities = Tensor(values.map { (isBeyond ? $0 - largest : $0) / temperature }).softmax.scalars
        var sums: [Double] = []
        var sum = 0.0
        for (number, probability) in probabilities.enumerated() {
            if kept?[number] ?? true { sum += Double(probability) }
            sums.append(sum)
        }
        var random = RandomStream(
            seed: seed, purpose: .generation, a: UInt32(truncatingIfNeeded: position), b: sample)
        let wanted = Double(random.next() >> 11) * 0x1p-53 * sum
        return sums.firstIndex { $0 > wanted } ?? values.indices.last ?? 0
    }

    /// The numbers of the largest values.
    private func likeliest(_ values: [Float], _ count: Int) -> ArraySlice<Int> {
        values.indices.sorted { values[$0] > values[$1] || values[$0] == values[$1] && $0 < $1 }.prefix(count)
    }
}

extension Model {
    /// Continues a text: the tokens that follow `prompt`, the same on any machine.
    ///
    /// The model is given the last `blockSize` tokens at each step. One that takes sequences of any length is given fewer at
    /// the begin; any other gets a window that is filled up behind them, which changes nothing for a model that looks at no
    /// later position.
    ///
    /// - Parameters:
    ///   - prompt: at least one token.
    ///   - blockSize: the positions of the windows that the model was trained on.
    ///   - tokenCount: how many tokens there are: a model may have more outputs, as those have whose vocabulary is filled up
    ///     to a round number; nil for all.
    ///   - wantsMore: told of each token as it comes; false ends the text.
    /// - Throws: `TrainingError` where the model does not answer with logits for each position, sees later tokens, or is
    ///   given what is no token.
    public func generate(
        prompt: [Int], length: Int, blockSize: Int, tokenCount: Int? = nil, sampling: Sampling = Sampling(),
        wantsMore: (Int) throws -> Bool = { _ in true }
    ) throws -> [Int] {
        let outputs = try requireContinuing(blockSize)
        let count = tokenCount ?? outputs
        guard (1...outputs).contains(count) else {
            throw TrainingError(
                "generate: the model answers with \(outputs) tokens, expected at least \(count)", .unfit)
        }
        guard length >= 0 else { throw TrainingError("generate: expected a length of 0 or more, got \(length)") }
        guard sampling.temperature >= 0, sampling.temperature.isFinite, sampling.topK ?? 1 >= 1 else {
            throw TrainingError(
                "generate: expected a temperature of 0 or more and a `topK` of 1 or more, got "
                    + "\(sampling.temperature) and \(sampling.topK ?? 1)")
        }
        if let wrong = prompt.first(where: { !(0..<count).contains($0) }) {
            throw TrainingError("generate: the prompt holds token \(wrong), expected 0 to \(count - 1)")
        }
        guard !prompt.isEmpty else { throw TrainingError("generate: the prompt is empty, expected at least one token") }
        var tokens = prompt
        let begin = EarlierTokens(network, blockSize: blockSize)
        let least =
            network.positions == .sequence && begin == nil
            ? network.leastLength(of: [blockSize], among: stride(from: blockSize - 1, to: 0, by: -1)) : blockSize
        for position in 0..<length {
            let logits =
                (try begin?.nextOutput(tokens).map { self.logits($0).reshaped([outputs]) }
                ?? nextTokenLogits(tokens.suffix(blockSize), least)).sliced(axis: 0, 0..<count)
            guard logits.scalars.allSatisfy({ !$0.isNaN }) else {
                throw TrainingError("the model's answer for token \(position) is no number: its weights are damaged")
            }
            tokens.append(withIEEEArithmetic { sampling.token(logits, position: position) })
            if try !wantsMore(tokens[tokens.count - 1]) { break }
        }
        return Array(tokens.dropFirst(prompt.count))
    }

    /// What a whole pass says of the token after `window`, which is filled up to `least` positions: `[tokens]`.
    private func nextTokenLogits(_ window: ArraySlice<Int>, _ least: Int) throws -> Tensor {
        let inputs = Tensor.zeros([1, max(window.count, least)])
        for (place, token) in window.enumerated() { inputs.pointer[place] = Float(token) }
        let logits = try predictLogits(inputs)
        return logits.sliced(axis: 1, window.count - 1..<window.count).reshaped([logits.shape[-1]])
    }

    /// How many tokens there are.
    ///
    /// - Throws: `TrainingError` for a model that can't continue texts.
    @discardableResult
    package func requireContinuing(_ blockSize: Int) throws -> Int {
        let output = try build(input: [blockSize])
        guard output.rank == 2, output[0] == blockSize else {
            throw TrainingError(
                "the model is no language model: for \(blockSize) tokens it answers \(output), expected "
                    + "[\(blockSize), tokens], logits for the token after each", .unfit)
        }
        if let defect = try foresight(blockSize, output[1]) { throw TrainingError(defect, .unfit) }
        return output[1]
    }

    /// Why a model does not foretell but see what comes, nil where it does foretell: seen in two passes that differ behind
    /// the middle alone.
    private func foresight(_ blockSize: Int, _ tokens: Int) throws -> String? {
        guard blockSize > 1, tokens > 1 else { return nil }
        let middle = (blockSize + 1) / 2
        let inputs = Tensor.zeros([2, blockSize])
        for place in 0..<blockSize {
            let token = place % min(tokens, network.indexLimit ?? tokens)
            inputs.pointer[place] = Float(token)
            inputs.pointer[blockSize + place] = Float(place < middle ? token : 0)
        }
        // A second one that is the same throughout shows nothing.
        inputs.pointer[blockSize + middle] = inputs.pointer[middle] == 0 ? 1 : 0
        let logits = try predictLogits(inputs).scalars
        let (row, width) = (blockSize * tokens, middle * tokens)
        if logits[..<width].map(\.bitPattern) == logits[row..<row + width].map(\.bitPattern) { return nil }
        return
            "the model sees the tokens that it shall foretell: what it answers for the first \(middle) positions changes "
            + "with those behind them; use layers that look back alone, such as conv1d with padding: causal"
    }

    /// The network's output as logits.
    private func predictLogits(_ inputs: Tensor) throws -> Tensor {
        try predict(inputs, nil) { logits($0) }
    }

    private func logits(_ output: Variable) -> Tensor {
        loss.takesLogits(output) ? output.value : output.value.map(.log)
    }
}

/// The begin of a text, kept by a model that can go on from it: each token is computed once, as long as all fit into one
/// window. The answers have the bits of whole passes.
private struct EarlierTokens {
    private let network: any ContinuableLayer
    private let cache: SequenceCache

    /// nil for a model that can't.
    init?(_ network: any Layer, blockSize: Int) {
        guard let network = network as? any ContinuableLayer, network.canContinue else { return nil }
        (self.network, cache) = (network, SequenceCache(capacity: blockSize))
    }

    /// The output `[1, 1, ...]` at the last of `tokens`, which begin with those of the call before; nil where they are more
    /// than a window, of which each then begins elsewhere.
    func nextOutput(_ tokens: [Int]) -> Variable? {
        guard tokens.count <= cache.capacity else { return nil }
        let new = tokens[cache.count...].map { Float($0) }
        return withIEEEArithmetic {
            let output = network.continued(Tensor(new).reshaped([1, new.count]), after: cache)
            return output.sliced(axis: 1, new.count - 1..<new.count).marked(output.kind)
        }
    }
}
