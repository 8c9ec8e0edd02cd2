// Attention, positions and transformers: shapes, gradients by differences, and which inputs change no bit of a result.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct AttentionTests {
    @Test func shapes() throws {
        try expectShapes(MultiHeadAttention(heads: 2, keyDimension: 3), [5, 8], [5, 8])
        try expectShapes(
            MultiHeadAttention(heads: 1, keyDimension: 6, valueDimension: 2, useBias: false), [1, 6], [1, 6])
        try expectShapes(PositionEmbedding(9), [7, 4], [7, 4])
        try expectShapes(SinusoidalPositions(), [7, 5], [7, 5])
        try expectShapes(TransformerBlock(heads: 2, width: 8), [3, 8], [3, 8])
        try expectShapes(
            TransformerDecoder(vocabulary: 11, length: 6, layers: 2, heads: 2, width: 8), [6], [6, 11])
        try expectShapes(
            TransformerDecoder(vocabulary: 11, length: 6, layers: 1, heads: 1, width: 4, tied: false), [4], [4, 11])
    }

    @Test func refusesWhatDoesNotFit() {
        expectShapeError(MultiHeadAttention(heads: 2, keyDimension: 3), [8], "[positions, features], got [8]")
        expectShapeError(MultiHeadAttention(heads: 0, keyDimension: 3), [5, 8], "must be positive, got 0 heads")
        expectShapeError(MultiHeadAttention(heads: 1, keyDimension: 3, dropout: 1), [5, 8], "0 ..< 1, got 1.0")
        expectShapeError(PositionEmbedding(4), [5, 8], "at most 4 positions, got 5")
        expectShapeError(TransformerBlock(heads: 3, width: 8), [5, 8], "3 heads do not divide a width of 8")
        expectShapeError(TransformerBlock(heads: 2, width: 8), [5, 6], "[positions, 8], got [5, 6]")
        expectShapeError(
            TransformerDecoder(vocabulary: 5, length: 3, layers: 1, heads: 1, width: 4), [4], "position_embedding",
            "at most 3 positions, got 4")
        expectShapeError(TiedDense(Embedding(5, 4), useBias: false), [3, 6], "got [3, 6]")
    }

    @Test func gradientsByDifferences() throws {
        try expectGradients(MultiHeadAttention(heads: 2, keyDimension: 2), wave([2, 3, 4]))
        try expectGradients(
            MultiHeadAttention(heads: 1, keyDimension: 3, valueDimension: 2, causal: true), wave([1, 5, 3]))
        try expectGradients(MultiHeadAttention(heads: 3, keyDimension: 2, useBias: false), wave([2, 1, 6]))
        try expectGradients(PositionEmbedding(5), wave([2, 3, 2]))
        try expectGradients(SinusoidalPositions(), wave([2, 3, 3]))
        try expectGradients(TransformerBlock(heads: 2, width: 4, multiplier: 2, causal: true), wave([1, 3, 4]))
    }

    /// The table's gradient has two parts, that of the lookup and that of the output.
    @Test func gradientsOfATiedTable() throws {
        let words = Embedding(5, 3)
        try expectGradients(
            Sequential([words, Dense(3, activation: .tanh), TiedDense(words, useBias: false)]),
            Tensor([1, 0, 4, 4, 2, 1]).reshaped([2, 3]), watchInput: false)
    }

    @Test func sinusoidalPositionsAreWaves() {
        let found = infer(SinusoidalPositions(), .zeros([1, 3, 4])).scalars
        // sin p, cos p, sin p / 100, cos p / 100
        let expected: [Float] = [
            0, 1, 0, 1, 0.84147098, 0.54030231, 0.00999983, 0.99995, 0.90929743, -0.41614684, 0.01999867, 0.99980001,
        ]
        for (a, b) in zip(found, expected) { #expect(abs(a - b) < 1e-6, "\(a), expected \(b)") }
    }

    // MARK: What changes no bit

    private func scramble(_ layer: any Layer, _ input: Shape) throws -> ParameterBuffer {
        let buffer = try layer.makeParameterBuffer(input: input)
        for index in buffer.trainable { buffer.values.pointer[index] += wave([1], Float(index)).scalar * 0.3 }
        return buffer
    }

    /// The output and the input's gradient, where the first `kept` positions have an upstream gradient.
    private func pass(
        _ layer: any Layer, _ buffer: ParameterBuffer, _ input: Tensor, mask: Tensor? = nil, kept: Int
    ) -> (output: Tensor, gradient: Tensor) {
        let tape = Tape(.training, buffer: buffer, gradients: FlatBuffer(count: buffer.count))
        let x = tape.watched(input)
        let y = layer(x.masked(mask))
        let upstream = Tensor.concatenated(
            [wave([y.shape[0], kept, y.shape[2]], 3), .zeros([y.shape[0], y.shape[1] - kept, y.shape[2]])], axis: 1)
        tape.backward(from: (y * tape.constant(upstream)).sum())
        return (y.value.sliced(axis: 1, 0..<kept), tape.gradient(of: x).sliced(axis: 1, 0..<kept))
    }

    private func bits(_ tensor: Tensor) -> [UInt32] { tensor.scalars.map(\.bitPattern) }

    @Test(arguments: [1, 7, 16, 17]) func nothingThatFollowsChangesAPosition(kept: Int) throws {
        let layer = TransformerBlock(heads: 2, width: 6, causal: true)
        let buffer = try scramble(layer, [40, 6])
        let whole = wave([2, 40, 6])
        let alone = pass(layer, buffer, whole.sliced(axis: 1, 0..<kept), kept: kept)
        for (length, phase) in [(kept + 1, Float(1)), (33, 2), (40, 5)] {
            let input = Tensor.concatenated(
                [whole.sliced(axis: 1, 0..<kept), wave([2, length - kept, 6], phase)], axis: 1)
            let found = pass(layer, buffer, input, kept: kept)
            #expect(bits(found.output) == bits(alone.output), "\(length) positions")
            #expect(bits(found.gradient) == bits(alone.gradient), "\(length) positions")
        }
    }

    @Test(arguments: [false, true]) func longerPaddingChangesNothing(causal: Bool) throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3, causal: causal)
        let buffer = try scramble(layer, [40, 6])
        let whole = wave([2, 40, 6])
        func padded(_ length: Int) -> (output: Tensor, gradient: Tensor) {
            let rest: [Float] = Array(repeating: 1, count: 9) + Array(repeating: 0, count: length - 9)
            let short: [Float] = Array(repeating: 1, count: 4) + Array(repeating: 0, count: length - 4)
            let mask = Tensor(rest + short).reshaped([2, length])
            return pass(layer, buffer, whole.sliced(axis: 1, 0..<length), mask: mask, kept: 9)
        }
        let nine = padded(9)
        #expect(bits(nine.output) != bits(pass(layer, buffer, whole.sliced(axis: 1, 0..<9), kept: 9).output))
        for length in [10, 17, 40] {
            #expect(bits(padded(length).output) == bits(nine.output))
            #expect(bits(padded(length).gradient) == bits(nine.gradient))
        }
    }

    /// A sample without positions gives the output's bias and gradients that are numbers.
    @Test func aSampleWithoutPositions() throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3, useBias: false)
        let buffer = try scramble(layer, [3, 6])
        let found = pass(
            layer, buffer, wave([2, 3, 6]), mask: Tensor([0, 0, 0, 1, 1, 0]).reshaped([2, 3]), kept: 3)
        #expect(found.output.sliced(axis: 0, 0..<1).scalars.allSatisfy { $0 == 0 })
        #expect(found.output.sliced(axis: 0, 1..<2).sliced(axis: 1, 0..<2).scalars.allSatisfy { $0 != 0 })
        #expect(found.gradient.sliced(axis: 0, 0..<1).scalars.allSatisfy { $0 == 0 })
        #expect(found.gradient.scalars.allSatisfy { $0.isFinite })
    }

    @Test func dropoutFollowsFromStepAndShard() throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3, dropout: 0.5)
        let buffer = try scramble(layer, [5, 6])
        func train(step: Int, shard: Int) -> [UInt32] {
            let tape = Tape(
                .training, context: StepContext(seed: 3, step: step, shard: shard), buffer: buffer,
                gradients: FlatBuffer(count: buffer.count))
            return bits(layer(tape.constant(wave([2, 5, 6]))).value)
        }
        #expect(train(step: 1, shard: 0) == train(step: 1, shard: 0))
        #expect(train(step: 1, shard: 0) != train(step: 1, shard: 1))
        #expect(train(step: 1, shard: 0) != train(step: 2, shard: 0))
        #expect(train(step: 1, shard: 0) != bits(infer(layer, wave([2, 5, 6]))))
    }

    // MARK: Going on from earlier positions

    @Test(arguments: [[1, 1, 1, 1, 1, 1, 1, 1, 1], [5, 1, 1, 2], [9]]) func aCacheGivesTheBitsOfAWholePass(
        pieces: [Int]
    ) throws {
        let model = Sequential([TransformerDecoder(vocabulary: 7, length: 12, layers: 2, heads: 2, width: 10)])
        _ = try scramble(model, [12])
        let tokens = Tensor((0..<18).map { Float($0 * 5 % 7) }).reshaped([2, 9])
        let whole = infer(model, tokens)
        let cache = SequenceCache(capacity: 12)
        for piece in pieces {
            let range = cache.count..<(cache.count + piece)
            let found = model.continued(tokens.sliced(axis: 1, range), after: cache).value
            #expect(bits(found) == bits(whole.sliced(axis: 1, range)), "\(range)")
        }
        #expect(cache.count == 9)
    }

    @Test func onlyWhatLooksBackCanGoOn() {
        #expect(TransformerBlock(heads: 1, width: 4, causal: true).canContinue)
        #expect(!TransformerBlock(heads: 1, width: 4).canContinue)
        #expect(!Sequential([Embedding(3, 4), MultiHeadAttention(heads: 1, keyDimension: 4)]).canContinue)
        #expect(!Sequential([Embedding(3, 4), Flatten()]).canContinue)
    }
}
