// Language models: PyTorch's cross-entropy and perplexity, exactness over windows, and texts that are generated.

import Autograd
import Datasets
import Foundation
import Layers
import Streams
import Tensors
import Testing

import Training

/// What scripts/reference/language.py computed.
private struct LanguageReference: Decodable {
    let logits: [Float]
    let targets: [Float]
    let lengths: [Int]
    let loss: Double
    let perplexity: Double
    let bits: Double
    let accuracy: Double
}

/// Gives row t of a table for token t, as logits of the token after it.
private func bigram(_ tokens: Int) throws -> Model {
    let model = Sequential([Embedding(tokens, tokens, embeddingsInitializer: .uniform(-2, 2))])
        .compile(loss: .sparseCategoricalCrossentropy(fromLogits: true), metrics: [.perplexity, .bitsPerCharacter])
    try model.build(input: [4], seed: 7)
    return model
}

@Suite struct LanguageMetricTests {
    @Test func lossAndPerplexityAreThoseOfPyTorch() throws {
        let reference = referenceFile(LanguageReference.self, "language.json")
        let data = try ArrayDataset(
            inputs: Tensor([3, 5, 7], reference.logits), targets: Tensor([3, 5], reference.targets),
            lengths: reference.lengths, classes: 7)
        // A layer that changes nothing but takes what comes for logits.
        let model = Activation(.linear).compile(
            loss: .sparseCategoricalCrossentropy(fromLogits: true),
            metrics: [.accuracy, .perplexity, .bitsPerToken, .bitsPerCharacter, .bitsPerByte])
        let result = try model.evaluate(data)
        #expect(abs(result.loss - reference.loss) < 1e-6)
        let expected = [reference.accuracy, reference.perplexity] + [Double](repeating: reference.bits, count: 3)
        for (metric, value) in zip(result.all, expected) {
            #expect(abs(metric.value - value) < 2e-6 * value, "\(metric.name)")
        }
        #expect(result.names.suffix(3) == ["bits_per_token", "bits_per_character", "bits_per_byte"])
    }

    /// Whatever the windows: the mean over all tokens of what the model says of each.
    @Test(arguments: [1, 3, 4, 16, 999])
    func perplexityIsThatOfTheWholeText(block: Int) throws {
        let tokens = (0..<1000).map { ($0 * $0 / 7 + $0) % 11 }
        let model = try bigram(11)
        let logits = try model.predict(Tensor([1, 1000], tokens.map(Float.init)))
        let probabilities = logits.softmax.scalars
        let surprise = (1..<1000).reduce(0.0) { $0 - log(Double(probabilities[($1 - 1) * 11 + tokens[$1]])) }
        let data = try TokenDataset(tokens, vocabularySize: 11, blockSize: block, coversAll: true)
        let result = try model.evaluate(data)
        #expect(abs(result.loss - surprise / 999) < 1e-6)
        #expect(abs(result.all[0].value - exp(surprise / 999)) < 1e-5)
        #expect(abs(result.all[1].value - surprise / 999 / log(2)) < 1e-6)
    }
}

@Suite struct GenerateTests {
    @Test func zeroTemperatureTakesTheLikeliest() throws {
        let model = try bigram(11)
        let rows = try model.predict(Tensor([1, 11], (0..<11).map(Float.init))).argmax().scalars.map { Int($0) }
        var (token, expected) = (3, [Int]())
        for _ in 0..<9 {
            token = rows[token]
            expected.append(token)
        }
        let found = try model.generate(
            prompt: [5, 3], length: 9, blockSize: 4, sampling: Sampling(temperature: 0, seed: 9))
        #expect(found == expected)
        #expect(try model.generate(prompt: [5, 3], length: 9, blockSize: 4, sampling: Sampling(topK: 1)) == expected)
    }

    /// However small a temperature is: the quotients may be beyond Float.
    @Test func tinyTemperaturesTakeTheLikeliest() {
        for logits: [Float] in [[1, 3, 2, -4], [-5, -1, -2, -9], [3, 3, -1, 0]] {
            let likeliest = Sampling(temperature: 0).token(Tensor(logits), position: 0)
            for temperature: Float in [1e-30, 2e-38, .leastNonzeroMagnitude] {
                let token = Sampling(temperature: temperature).token(Tensor(logits), position: 0)
                #expect(logits[token] == logits[likeliest], "\(logits) at \(temperature): \(token)")
            }
        }
    }

    @Test func seedAndSampleDecide() throws {
        let model = try bigram(11)
        func text(_ sampling: Sampling) throws -> [Int] {
            try model.generate(prompt: [3], length: 40, blockSize: 4, sampling: sampling)
        }
        let first = try text(Sampling(seed: 1))
        #expect(try text(Sampling(seed: 1)) == first && first.count == 40)
        #expect(try text(Sampling(seed: 2)) != first)
        #expect(try text(Sampling(seed: 1, sample: 1)) != first)
        // A longer text begins with the shorter one.
        #expect(
            try model.generate(prompt: [3], length: 50, blockSize: 4, sampling: Sampling(seed: 1)).prefix(40)
                == first[...])
        // On a bigram model a text is that of any window.
        #expect(try model.generate(prompt: [3], length: 40, blockSize: 9, sampling: Sampling(seed: 1)) == first)
    }

    /// The same draws as docs/arithmetic.md tells, worked out here from the stream.
    @Test(arguments: [(Float(1), Int?.none), (0.5, nil), (2, 3), (1, 100)])
    func tokensAreDrawnAsSpecified(temperature: Float, topK: Int?) throws {
        let logits: [Float] = [0.5, 2, -1, 2, 0, 1]
        let sampling = Sampling(temperature: temperature, topK: topK, seed: 4, sample: 2)
        let probabilities = Tensor(logits.map { $0 / temperature }).softmax.scalars
        let kept = topK == 3 ? [1, 3, 5] : Array(0..<6)
        for position in 0..<50 {
            var random = RandomStream(seed: 4, purpose: .generation, a: UInt32(position), b: 2)
            let total = kept.reduce(0.0) { $0 + Double(probabilities[$1]) }
            let wanted = Double(random.next() >> 11) / 9007199254740992 * total
            var sum = 0.0
            let expected = kept.first {
                sum += Double(probabilities[$0])
                return sum > wanted
            }
            #expect(sampling.token(Tensor(logits), position: position) == expected)
        }
    }

    @Test func frequenciesAreTheProbabilities() {
        let logits = Tensor([0, 1, 2].map { Float(log(Double($0) + 1)) })
        var counts = [0, 0, 0]
        for position in 0..<6000 { counts[Sampling(seed: 3).token(logits, position: position)] += 1 }
        // 1000, 2000 and 3000 expected, with deviations of 29 to 39.
        for (count, expected) in zip(counts, [1000, 2000, 3000]) { #expect(abs(count - expected) < 150, "\(counts)") }
    }

    @Test func equalsAndEdgesAreDecided() {
        let equal = Tensor([1, 1, 1, 1])
        #expect(Sampling(temperature: 0).token(equal, position: 0) == 0)
        #expect(Set((0..<60).map { Sampling(topK: 2).token(equal, position: $0) }) == [0, 1])
        // What can't be is never drawn.
        let never = Tensor([-.infinity, 0, -.infinity])
        #expect(Set((0..<60).map { Sampling().token(never, position: $0) }) == [1])
        #expect(Sampling(temperature: 1e-30).token(Tensor([1, 3, 2]), position: 5) == 1)
    }

    /// A network that takes windows of one length alone gets one that is filled up behind the prompt.
    @Test func fixedWindowsAreFilledUpBehind() throws {
        final class Fixed: Layer {
            let table = Embedding(11, 11, embeddingsInitializer: .uniform(-2, 2))
            var children: [(String, any Layer)] { [("embedding", table)] }
            func call(_ input: Variable) -> Variable {
                precondition(input.shape.dropFirst() == [4], "\(input.shape)")
                return table(input)
            }
        }
        let fixed = Fixed().compile(loss: .sparseCategoricalCrossentropy(fromLogits: true))
        try fixed.build(input: [4], seed: 7)
        let free = try bigram(11)
        for prompt in [[3], [3, 1, 2, 5, 6, 7]] {
            #expect(
                try fixed.generate(prompt: prompt, length: 12, blockSize: 4)
                    == free.generate(prompt: prompt, length: 12, blockSize: 4))
        }
    }

    @Test func whatIsNoLanguageModelIsRefused() throws {
        func message(_ layers: [any Layer]) -> String {
            let model = Sequential(layers).compile(loss: .sparseCategoricalCrossentropy(fromLogits: true))
            let error = #expect(throws: TrainingError.self) {
                try model.generate(prompt: [1], length: 1, blockSize: 4)
            }
            return error?.description ?? ""
        }
        #expect(
            message([Embedding(5, 2), Flatten(), Dense(5)]).contains("no language model: for 4 tokens it answers [5]"))
        let peeking: [any Layer] = [Embedding(5, 2), Flatten(), Dense(20), Reshape([4, 5])]
        #expect(message(peeking).contains("sees the tokens that it shall foretell"))
        let model = try bigram(11)
        for (prompt, words) in [([], "is empty"), ([11], "token 11, expected 0 to 10"), ([-1], "token -1")] {
            let error = #expect(throws: TrainingError.self) {
                try model.generate(prompt: prompt, length: 1, blockSize: 4)
            }
            #expect(error?.description.contains(words) == true)
        }
        #expect(throws: TrainingError.self) {
            try model.generate(prompt: [1], length: 1, blockSize: 4, sampling: Sampling(topK: 0))
        }
        #expect(throws: TrainingError.self) {
            try model.generate(prompt: [1], length: 1, blockSize: 4, sampling: Sampling(temperature: -1))
        }
    }
}
