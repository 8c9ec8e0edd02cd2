// Masks that do not begin with a sequence, lengths that a network can't be built for, and pooling's last windows.

import Autograd
import Layers
import Tensors
import Testing

/// Masks the first position instead of the last one.
private final class Later: Layer {
    var positions: PositionUse { .sequence }
    func build(_ input: Shape) throws(ShapeError) -> Shape { input }
    func call(_ input: Variable) -> Variable { input.masked(Tensor([0, 1, 1, 1]).reshaped([1, 4])) }
}

@Suite struct MaskedLengthTests {
    /// Padding that comes first, or stands between two sequences, is seen by what follows: such batches keep their length.
    @Test func paddingElsewhereThanBehindKeepsItsLength() {
        #expect(GRU(2, returnSequences: true).positions == .sequence)
        #expect(GRU(2, returnSequences: true, goBackwards: true).positions == .fixed)
        #expect(LSTM(2, goBackwards: true).positions == .reduced)
        #expect(Concatenate(axis: -1).positions == .sequence && Concatenate(axis: 1).positions == .fixed)
        #expect(MaxPooling1D(3, ceilMode: true).positions == .fixed)
        #expect(AveragePooling1D(3, countsPadding: true).positions == .fixed)
    }

    @Test func aFusedSumHasTheMasksOfBoth() throws {
        let x = Graph.input([4, 3])
        let graph = try Graph(inputs: [x], outputs: [Add()([BatchNormalization()(x), Later()(x)])])
        _ = try graph.build([4, 3])
        let tape = Tape(.inference)
        let input = tape.constant(Tensor(repeating: 1, [1, 4, 3])).masked(try Tensor([1, 4], [1, 1, 1, 0]))
        #expect(graph(input).mask?.scalars == [0, 1, 1, 0])
    }

    /// The least length down to which everything fits: three positions become one and three again.
    @Test func batchesAreNoShorterThanTheNetworkTakes() throws {
        let x = Graph.input()
        let narrow = Conv1D(2, kernelSize: 3, strides: 3, padding: .same)(x)
        let graph = try Graph(inputs: [x], outputs: [GlobalMaxPooling1D()(Add()([x, UpSampling1D(3)(narrow)]))])
        let lengths = stride(from: 48, to: 0, by: -16)
        _ = try graph.build([60, 2])
        #expect(graph.leastLength(of: [60, 2], among: lengths) == 48)
        let plain = Sequential([Conv1D(2, kernelSize: 3), GlobalMaxPooling1D()])
        _ = try plain.build([60, 2])
        #expect(plain.leastLength(of: [60, 2], among: lengths) == 16)
        let fixed = Sequential([Flatten(), Dense(1)])
        _ = try fixed.build([60, 2])
        #expect(fixed.leastLength(of: [60, 2], among: lengths) == 60)
    }

    /// PyTorch's `MaxPool1d(3, stride=2, ceil_mode=True)` and `AvgPool1d(3, stride=2, padding=1, ceil_mode=True)`, with and
    /// without `count_include_pad`, of 1 ... 6.
    @Test func lastWindowsAndPaddingCountAsInPyTorch() throws {
        let x = Tensor([1, 2, 3, 4, 5, 6]).reshaped([1, 6, 1])
        #expect(infer(MaxPooling1D(3, strides: 2, ceilMode: true), x).scalars == [3, 5, 6])
        #expect(infer(MaxPooling1D(3, strides: 2), x).scalars == [3, 5])
        let left = AveragePooling1D(3, strides: 2, padding: .explicit(1), ceilMode: true)
        #expect(infer(left, x).scalars == [1.5, 3, 5, 6])
        let counted = AveragePooling1D(3, strides: 2, padding: .explicit(1), ceilMode: true, countsPadding: true)
        #expect(infer(counted, x).scalars == [1, 3, 5, 3])
    }

    @Test func aMaskThatIsMadeByAnEmbeddingIsNotContinued() {
        #expect(!Embedding(5, 2, maskZero: true).canContinue && Embedding(5, 2).canContinue)
    }
}
