// Attention of one sequence to another: shapes, gradients by differences, and which inputs change no bit of a result. Values
// are in AttentionReferenceTests.swift.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct CrossAttentionTests {
    /// A graph of two inputs, of which the first looks at the second. As a layer of one input it takes rows of both.
    private func graph(_ attention: MultiHeadAttention, _ queries: Shape, _ keys: Shape) throws -> Graph {
        let (x, y) = (Graph.input(queries), Graph.input(keys))
        return try Graph(inputs: [x, y], outputs: [attention([x, y])])
    }

    @Test func shapes() throws {
        try expectShapes(graph(MultiHeadAttention(heads: 2, keyDimension: 3), [5, 8], [7, 4]), [68], [5, 8])
        let one = MultiHeadAttention(heads: 1, keyDimension: 2, valueDimension: 6, useBias: false)
        try expectShapes(graph(one, [1, 3], [9, 2]), [21], [1, 3])
    }

    @Test func refusesWhatDoesNotFit() {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3)
        #expect(throws: ShapeError.self) { try layer.build([[5, 8], [5, 8], [5, 8], [5, 8]]) }
        #expect(throws: ShapeError.self) { try layer.build([[5, 8], [5, 8], [4, 8]]) }
        let masked = MultiHeadAttention(heads: 2, keyDimension: 3, takesMask: true)
        #expect(throws: ShapeError.self) { try masked.build([[5, 8]]) }
        do { _ = try masked.build([[5, 8], [4, 8], [5, 5]]) } catch {
            #expect(error.description.contains("a mask [5, 4] or [2, 5, 4], got [5, 5]"), "\(error)")
        }
        do { _ = try layer.build([[5, 8], [8]]) } catch {
            #expect(error.description.contains("[positions, features], got [8]"), "\(error)")
        }
    }

    @Test func gradientsByDifferences() throws {
        try expectGradients(
            graph(MultiHeadAttention(heads: 2, keyDimension: 2), [3, 4], [2, 3]), wave([2, 18]))
        try expectGradients(
            graph(MultiHeadAttention(heads: 1, keyDimension: 3, valueDimension: 2, causal: true), [2, 3], [4, 2]),
            wave([1, 14]))
    }

    // MARK: Masks

    private func scrambled(_ layer: MultiHeadAttention, _ queries: Shape, _ keys: Shape) throws -> ParameterBuffer {
        let buffer = try graph(layer, queries, keys).makeParameterBuffer(input: [queries.count + keys.count])
        for index in buffer.trainable { buffer.values.pointer[index] += wave([1], Float(index)).scalar * 0.3 }
        return buffer
    }

    /// The output, and the gradients of queries and of the first `kept` keys.
    private func pass(
        _ layer: MultiHeadAttention, _ buffer: ParameterBuffer, _ queries: Tensor, _ keys: Tensor, mask: Tensor?,
        kept: Int, context: StepContext = StepContext(seed: 1, step: 0, shard: 0)
    ) -> [Tensor] {
        let tape = Tape(.training, context: context, buffer: buffer, gradients: FlatBuffer(count: buffer.count))
        let (x, y) = (tape.watched(queries), tape.watched(keys))
        let output = layer([x, y.masked(mask)])
        tape.backward(from: (output * tape.constant(wave(output.shape, 3))).sum())
        return [output.value, tape.gradient(of: x), tape.gradient(of: y).sliced(axis: 1, 0..<kept)]
    }

    private func bits(_ tensors: [Tensor]) -> [[UInt32]] { tensors.map { $0.scalars.map(\.bitPattern) } }

    @Test(arguments: [1, 7, 16, 17]) func longerPaddingOfKeysChangesNothing(kept: Int) throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3)
        let buffer = try scrambled(layer, [5, 6], [40, 4])
        let (queries, keys) = (wave([2, 5, 6]), wave([2, 40, 4], 1))
        func padded(_ length: Int) -> [Tensor] {
            let rows = [kept, (kept + 1) / 2].flatMap { count in
                (0..<length).map { Float($0 < count ? 1 : 0) }
            }
            return pass(
                layer, buffer, queries, keys.sliced(axis: 1, 0..<length), mask: Tensor(rows).reshaped([2, length]),
                kept: kept)
        }
        let short = bits(padded(kept))
        let unmasked = pass(layer, buffer, queries, keys.sliced(axis: 1, 0..<kept), mask: nil, kept: kept)
        #expect(kept == 1 || bits(unmasked) != short, "the second sample has half of the keys")
        for length in [kept + 1, 33, 40] { #expect(bits(padded(length)) == short, "\(length) keys") }
    }

    @Test func aSampleHasTheSameBitsInAnyBatch() throws {
        let layer = MultiHeadAttention(heads: 3, keyDimension: 2)
        _ = try scrambled(layer, [5, 6], [9, 4])
        func output(_ samples: Range<Int>) -> Tensor {
            let tape = Tape(.inference)
            let inputs = [wave([4, 5, 6]), wave([4, 9, 4], 1)].map { tape.constant($0.sliced(axis: 0, samples)) }
            return layer(inputs).value
        }
        #expect(bits([output(2..<3)]) == bits([output(0..<4).sliced(axis: 0, 2..<3)]))
    }

    /// A sample without keys gives the output's bias, here none, and gradients that are numbers.
    @Test func aSampleWithoutKeys() throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3, useBias: false)
        let buffer = try scrambled(layer, [3, 6], [2, 6])
        let found = pass(
            layer, buffer, wave([2, 3, 6]), wave([2, 2, 6], 1), mask: Tensor([0, 0, 1, 0]).reshaped([2, 2]), kept: 2)
        #expect(found[0].sliced(axis: 0, 0..<1).scalars.allSatisfy { $0 == 0 })
        #expect(found[0].sliced(axis: 0, 1..<2).scalars.allSatisfy { $0 != 0 })
        for gradient in found.dropFirst() {
            #expect(gradient.scalars.allSatisfy { $0.isFinite })
            #expect(gradient.sliced(axis: 0, 0..<1).scalars.allSatisfy { $0 == 0 })
        }
    }

    @Test func dropoutFollowsFromStepAndShard() throws {
        let layer = MultiHeadAttention(heads: 2, keyDimension: 3, dropout: 0.5)
        let buffer = try scrambled(layer, [5, 6], [4, 6])
        func train(step: Int, shard: Int) -> [[UInt32]] {
            bits(
                pass(
                    layer, buffer, wave([2, 5, 6]), wave([2, 4, 6], 1), mask: nil, kept: 4,
                    context: StepContext(seed: 3, step: step, shard: shard)))
        }
        #expect(train(step: 1, shard: 0) == train(step: 1, shard: 0))
        #expect(train(step: 1, shard: 0) != train(step: 1, shard: 1))
        #expect(train(step: 1, shard: 0) != train(step: 2, shard: 0))
    }
}
