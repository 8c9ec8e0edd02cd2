// Layers for sequences: shapes, masks, gradients by differences, and that padding beyond a sample's end changes no bit.

import Autograd
import Foundation
import Layers
import Tensors
import Testing

/// `[lengths.count, positions]`, 1 for the first positions of each sample.
private func mask(_ lengths: [Int], _ positions: Int) -> Tensor {
    Tensor(lengths.flatMap { length in (0..<positions).map { $0 < length ? 1 : 0 } })
        .reshaped([lengths.count, positions])
}

/// A layer that gives its input a mask, so that the check by differences covers masked passes.
private final class Masked: Layer {
    let inner: any Layer
    let lengths: [Int]
    init(_ lengths: [Int], _ inner: any Layer) { (self.lengths, self.inner) = (lengths, inner) }
    var children: [(String, any Layer)] { [("inner", inner)] }
    func build(_ input: Shape) throws(ShapeError) -> Shape { try inner.build(input) }
    func call(_ input: Variable) -> Variable { inner(input.masked(mask(lengths, input.shape[1]))) }
}

/// Sums what a layer gives over the positions that a sample has, weighted by place.
private final class WeightedSum: Layer {
    var positions: PositionUse { .reduced }
    func call(_ input: Variable) -> Variable {
        let (places, channels) = (input.shape[1], input.shape[2])
        let weights = (0..<(places * channels)).map { sin(Float($0) * 0.7) + 0.1 }
        let weighted = input * input.tape.constant(Tensor(weights).reshaped([places, channels]))
        guard let mask = input.mask else { return weighted.sum(axes: [1]) }
        return (weighted * input.tape.constant(mask.reshaped(mask.shape.dimensions + [1]))).sum(axes: [1])
    }
}

@Suite struct SequenceTests {
    private func bits(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }

    /// Outputs, parameter gradients and the gradients of the positions that there are, of one padding.
    private func pass(
        _ makeLayers: () -> [any Layer], lengths: [Int], positions: Int, channels: Int
    ) throws -> (output: [UInt32], parameters: [UInt32], inputs: [UInt32]) {
        let model = Sequential(makeLayers())
        let buffer = try model.makeParameterBuffer(input: [64, channels], seed: 3)
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, buffer: buffer, gradients: gradients)
        var values: [Float] = []
        for (sample, length) in lengths.enumerated() {
            for place in 0..<(positions * channels) {
                let isThere = place < length * channels
                values.append(isThere ? sin(Float(place + 977 * sample) * 1.7) : 1e3 * Float(place))
            }
        }
        let input = tape.watched(Tensor(values).reshaped([lengths.count, positions, channels]))
        let output = model(input.masked(mask(lengths, positions)))
        tape.backward(from: output)
        let gradient = tape.gradient(of: input)
        let kept = lengths.enumerated().flatMap { sample, length in
            gradient.sliced(axis: 0, sample..<(sample + 1)).sliced(axis: 1, 0..<length).scalars
        }
        for (sample, length) in lengths.enumerated() {
            let rest = gradient.sliced(axis: 0, sample..<(sample + 1)).sliced(axis: 1, length..<positions)
            #expect(rest.scalars.allSatisfy { $0 == 0 }, "gradient behind the end of sample \(sample)")
        }
        return (bits(output.value.scalars), bits(gradients[buffer.all]), bits(kept))
    }

    /// Each followed by a layer that shows all that a sample has.
    private static let stacks: [(String, @Sendable () -> [any Layer])] = [
        ("same", { [Conv1D(5, kernelSize: 4, padding: .same, activation: .relu), WeightedSum()] }),
        ("valid", { [Conv1D(5, kernelSize: 3, dilation: 2), WeightedSum()] }),
        ("causal", { [Conv1D(6, kernelSize: 3, padding: .causal, groups: 3, activation: .tanh), WeightedSum()] }),
        ("explicit", { [Conv1D(3, kernelSize: 4, padding: .explicit(2)), WeightedSum()] }),
        ("stride 2", { [Conv1D(5, kernelSize: 5, strides: 2, padding: .same), WeightedSum()] }),
        ("stride 3", { [Conv1D(5, kernelSize: 5, strides: 3, padding: .same), WeightedSum()] }),
        ("valid with stride", { [Conv1D(5, kernelSize: 2, strides: 3), WeightedSum()] }),
        ("window longer than a batch", { [Conv1D(5, kernelSize: 20), WeightedSum()] }),
        ("depthwise", { [DepthwiseConv1D(kernelSize: 3, padding: .same, depthMultiplier: 2), WeightedSum()] }),
        ("separable", { [SeparableConv1D(4, kernelSize: 4, activation: .relu), WeightedSum()] }),
        ("max", { [MaxPooling1D(3, strides: 2, padding: .same), WeightedSum()] }),
        ("max valid", { [MaxPooling1D(3), WeightedSum()] }),
        ("average", { [AveragePooling1D(3, strides: 2, padding: .same), WeightedSum()] }),
        ("average valid", { [AveragePooling1D(4), WeightedSum()] }),
        ("global average", { [GlobalAveragePooling1D()] }),
        ("global max", { [GlobalMaxPooling1D()] }),
        ("dense", { [Dense(7, activation: .relu), Dense(5), WeightedSum()] }),
        ("normalisation", { [LayerNormalization(), Activation(.gelu), WeightedSum()] }),
        (
            "stack",
            {
                [
                    Conv1D(8, kernelSize: 3, padding: .same, activation: .silu), MaxPooling1D(2),
                    Conv1D(8, kernelSize: 3, strides: 2, padding: .same), LayerNormalization(), Dense(6),
                    GlobalAveragePooling1D(), Dense(3, activation: .softmax),
                ]
            }
        ),
    ]

    @Test(arguments: stacks.map(\.0)) func paddingChangesNoBit(_ name: String) throws {
        let layers = Self.stacks.first { $0.0 == name }!.1
        // Twenty samples, so that sums over a padded batch would begin their blocks elsewhere.
        let lengths = (0..<20).map { [16, 1, 11, 0, 7][$0 % 5] }
        let first = try pass(layers, lengths: lengths, positions: 16, channels: 3)
        // No sample is as long as that window: all are 0.
        #expect(name.contains("longer") ? Set(first.output) == [0] : Set(first.output).count > 20)
        for positions in [32, 48, 64] {
            let longer = try pass(layers, lengths: lengths, positions: positions, channels: 3)
            #expect(longer.output == first.output, "\(positions) positions")
            #expect(longer.parameters == first.parameters, "\(positions) positions")
            #expect(longer.inputs == first.inputs, "\(positions) positions")
        }
    }

    /// A sample has the results that it has alone, without any padding; with strides where the stride divides its length.
    @Test(arguments: stacks.map(\.0).filter { $0 != "stack" }) func aMaskedSampleIsAsAlone(_ name: String) throws {
        let layers = Self.stacks.first { $0.0 == name }!.1
        let model = Sequential(layers())
        _ = try model.makeParameterBuffer(input: [64, 3], seed: 5)
        let batch = wave([2, 32, 3])
        let length = name == "window longer than a batch" ? 24 : 12
        let tape = Tape(.inference)
        let found = model(tape.constant(batch).masked(mask([32, length], 32))).value.sliced(axis: 0, 1..<2)
        let alone = infer(model, batch.sliced(axis: 0, 1..<2).sliced(axis: 1, 0..<length))
        for (a, b) in zip(found.scalars, alone.scalars) { #expect(a == b) }
    }

    @Test func masksOfResults() throws {
        func lengths(_ layer: any Layer, _ given: [Int], _ positions: Int = 16) -> [Int] {
            let tape = Tape(.inference)
            let output = layer(tape.constant(wave([given.count, positions, 2])).masked(mask(given, positions)))
            let found = output.mask!
            #expect(found.shape == Shape([given.count, output.shape[1]]))
            return (0..<given.count).map { Int(found.sliced(axis: 0, $0..<($0 + 1)).sum().scalar) }
        }
        #expect(lengths(Conv1D(1, kernelSize: 3, padding: .same), [16, 5, 0]) == [16, 5, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3, padding: .causal), [16, 5, 0]) == [16, 5, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3, strides: 2, padding: .same), [16, 5, 1, 0]) == [8, 3, 1, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3), [16, 5, 2, 0]) == [14, 3, 0, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3, strides: 2), [16, 6, 5, 4, 3, 2]) == [7, 2, 2, 1, 1, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3, dilation: 2), [16, 5, 4]) == [12, 1, 0])
        #expect(lengths(Conv1D(1, kernelSize: 3, padding: .explicit(1)), [16, 5, 1, 0]) == [16, 5, 1, 0])
        let long = Conv1D(1, kernelSize: 20)
        _ = try long.build([64, 2])
        #expect(lengths(long, [16, 5]) == [0, 0])
        #expect(lengths(DepthwiseConv1D(kernelSize: 3, strides: 2), [16, 6, 5, 2]) == [7, 2, 2, 0])
        #expect(lengths(SeparableConv1D(3, kernelSize: 3), [16, 5, 2, 0]) == [14, 3, 0, 0])
        #expect(lengths(MaxPooling1D(2), [16, 5, 1]) == [8, 2, 0])
        #expect(lengths(AveragePooling1D(2, padding: .same), [16, 5, 0]) == [8, 3, 0])
    }

    @Test func aSampleWithoutPositions() throws {
        for layer in [GlobalAveragePooling1D(), GlobalMaxPooling1D()] as [any Layer] {
            let tape = Tape(.training)
            let input = tape.watched(Tensor(repeating: .nan, [2, 4, 3]))
            let output = layer(input.masked(mask([0, 0], 4)))
            #expect(output.value.scalars == [0, 0, 0, 0, 0, 0])
            tape.backward(from: output)
            #expect(tape.gradient(of: input).scalars.allSatisfy { $0 == 0 })
        }
    }

    @Test func globalPoolingCountsWhatThereIs() throws {
        let input = Tensor([1, -2, 3, -4, 50, 60]).reshaped([1, 3, 2])
        let tape = Tape(.inference)
        let masked = tape.constant(input).masked(mask([2], 3))
        #expect(GlobalAveragePooling1D()(masked).value.scalars == [2, -3])
        #expect(GlobalMaxPooling1D()(masked).value.scalars == [3, -2])
        #expect(infer(GlobalAveragePooling1D(), input).scalars == [18, 18])
        #expect(infer(GlobalMaxPooling1D(), input).scalars == [50, 60])
    }

    @Test func gradients() throws {
        try expectGradients(Conv1D(4, kernelSize: 3, strides: 2, padding: .same), wave([2, 7, 2]))
        try expectGradients(Conv1D(4, kernelSize: 2, padding: .causal, dilation: 3, groups: 2), wave([2, 7, 2]))
        try expectGradients(Masked([7, 3, 0], Conv1D(3, kernelSize: 3, padding: .same)), wave([3, 7, 2]))
        try expectGradients(Masked([7, 3, 0], Conv1D(3, kernelSize: 2)), wave([3, 7, 2]))
        try expectGradients(MaxPooling1D(3, strides: 2, padding: .same), wave([2, 7, 2]))
        try expectGradients(AveragePooling1D(3, strides: 2, padding: .same), wave([2, 7, 2]))
        try expectGradients(Masked([7, 4, 0], MaxPooling1D(3, strides: 1, padding: .same)), wave([3, 7, 2]))
        try expectGradients(Masked([7, 4, 0], AveragePooling1D(3, strides: 1, padding: .same)), wave([3, 7, 2]))
        try expectGradients(Masked([5, 2, 0], GlobalAveragePooling1D()), wave([3, 5, 2]))
        try expectGradients(Masked([5, 2, 0], GlobalMaxPooling1D()), wave([3, 5, 2]))
        try expectGradients(Masked([4, 2, 0], Dense(3, activation: .tanh)), wave([3, 4, 2]))
        try expectGradients(Masked([4, 2, 0], LayerNormalization()), wave([3, 4, 3]))
    }

    @Test func shapes() throws {
        try expectShapes(Conv1D(4, kernelSize: 3), [9, 2], [7, 4])
        try expectShapes(Conv1D(4, kernelSize: 3, strides: 2, padding: .same), [9, 2], [5, 4])
        try expectShapes(Conv1D(4, kernelSize: 3, padding: .causal, dilation: 4), [9, 2], [9, 4])
        try expectShapes(Conv1D(4, kernelSize: 3, padding: .explicit(before: 1, after: 0)), [9, 2], [8, 4])
        try expectShapes(MaxPooling1D(), [9, 2], [4, 2])
        try expectShapes(AveragePooling1D(3, strides: 2, padding: .same), [9, 2], [5, 2])
        for layer in [GlobalAveragePooling1D(), GlobalMaxPooling1D()] as [any Layer] {
            try expectShapes(layer, [9, 2], [2])
            try expectShapes(layer, [9, 2], [2], batch: 0)
            expectShapeError(layer, [9], "Pooling1D", "[positions, channels]", "[9]")
        }
        let layer = Conv1D(4, kernelSize: 3, groups: 2)
        _ = try layer.build([9, 4])
        #expect(layer.parameters.map(\.shape) == [[3, 2, 4], [4]])
        expectShapeError(Conv1D(4, kernelSize: 3), [9], "Conv1D(4)", "[positions, channels]", "[9]")
        expectShapeError(Conv1D(4, kernelSize: 3), [2, 1], "Conv1D(4)", "3 positions", "[2, 1]")
        expectShapeError(Conv1D(4, kernelSize: 3, groups: 3), [9, 3], "Conv1D(4)", "4 filters", "3 groups")
        expectShapeError(Conv1D(4, kernelSize: 3, strides: 0), [9, 3], "Conv1D(4)", "positive", "0")
        expectShapeError(Conv1D(4, kernelSize: 3, padding: .explicit(-1)), [9, 3], "Conv1D(4)", "0 or more")
        expectShapeError(MaxPooling1D(2, padding: .explicit(2)), [9, 3], "MaxPooling1D(2)", "smaller than the window")
        expectShapeError(AveragePooling1D(10), [9, 3], "AveragePooling1D(10)", "longer than input [9, 3]")
    }

    @Test func zeroMayMaskAPosition() throws {
        let layer = Embedding(4, 2, maskZero: true)
        _ = try layer.makeParameterBuffer(input: [3])
        let tape = Tape(.inference)
        let input = tape.constant(Tensor([3, 1, 0, 2, 0, 0]).reshaped([2, 3]))
        #expect(layer(input).mask?.scalars == [1, 1, 0, 1, 0, 0])
        #expect(
            layer(input.masked(mask([3, 1], 3))).mask?.scalars == [1, 1, 1, 1, 0, 0], "that of the data goes before")
        #expect(Embedding(4, 2)(input).mask == nil)
    }

    /// What an input of fewer axes calls positions is another axis.
    @Test func aMergeHasTheMaskOfTheInputsWithMostAxes() {
        let tape = Tape(.inference)
        let vector = tape.constant(wave([2, 3])).masked(mask([3, 2], 3))
        let sequence = tape.constant(wave([2, 3, 3]))
        for merge in [Add(), Multiply(), Maximum()] as [any MergeLayer] {
            #expect(merge([vector, sequence]).mask == nil)
            #expect(merge([vector, sequence.masked(mask([3, 1], 3))]).mask?.scalars == mask([3, 1], 3).scalars)
        }
    }

    @Test func whichLayersTakeAnyLength() {
        #expect(Conv1D(4, kernelSize: 3).positions == .sequence)
        #expect(MaxPooling1D().positions == .sequence && AveragePooling1D().positions == .sequence)
        #expect(GlobalAveragePooling1D().positions == .reduced && GlobalMaxPooling1D().positions == .reduced)
        #expect(
            Sequential([Embedding(4, 2), Conv1D(4, kernelSize: 3), GlobalMaxPooling1D(), Dense(2)]).positions
                == .reduced)
    }
}
