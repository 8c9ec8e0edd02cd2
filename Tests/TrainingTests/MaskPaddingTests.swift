// Masked positions add exact zeros: a batch that is padded further has the same losses, metrics and gradients, bit by bit.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing

import Training

/// 24 texts of 0 to 16 tokens below 30, in three classes, padded to any number of positions.
private struct PaddedTexts: Dataset {
    static let lengths = (0..<24).map { ($0 * 7) % 17 }

    let positions: Int
    /// What stands behind a sample's tokens; nobody shall ask for it.
    var padding: Float = 0

    var name: String { "texts" }
    var count: Int { PaddedTexts.lengths.count }
    var input: Field { Field("text", shape: [positions], kind: .tokens(30)) }
    var target: Field { Field("label", shape: [], kind: .classes(3)) }
    func length(of sample: Int) -> Int? { PaddedTexts.lengths[sample] }

    func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        for (row, number) in numbers.enumerated() {
            for position in 0..<positions {
                let token = Float((number * 5 + position * position * 3) % 30)
                inputs[row * positions + position] = position < PaddedTexts.lengths[number] ? token : padding
            }
            targets[row] = Float(number % 3)
        }
    }
}

struct MaskPaddingTests {
    private struct Bits: Equatable {
        var weights: Fingerprint?
        var metrics: [UInt64]
        var evaluation: [UInt64]
        var predictions: [UInt32]
    }

    /// What two epochs of two shards of 12 samples learn, and what comes of it.
    private func bits(_ layers: [any Layer], _ data: PaddedTexts) throws -> Bits {
        let model = Sequential(layers).compile(
            optimizer: .sgd(learningRate: 0.5), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
        let history = try model.fit(
            data, epochs: 2, batchSize: 24, validationData: data, seed: 3, shards: 2, threads: 1, verbose: .silent)
        let batch = try data[0..<data.count]
        return Bits(
            weights: model.fingerprint,
            metrics: ["loss", "accuracy", "val_loss", "val_accuracy"].flatMap { name in
                history[name].map(\.bitPattern)
            },
            evaluation: try model.evaluate(data).all.map { $0.value.bitPattern },
            predictions: try model.predict(batch.inputs, mask: batch.mask).scalars.map(\.bitPattern))
    }

    static let networks: [(String, @Sendable () -> [any Layer])] = [
        ("dense", { [Dense(24, activation: .relu), Dense(20, activation: .tanh), GlobalAveragePooling1D()] }),
        (
            "normalized",
            { [LayerNormalization(), Dense(8), Activation(.gelu), LayerNormalization(), GlobalMaxPooling1D()] }
        ),
        ("same", { [Conv1D(12, kernelSize: 5, padding: .same, activation: .relu), GlobalMaxPooling1D()] }),
        (
            "causal",
            {
                [
                    Conv1D(12, kernelSize: 3, padding: .causal, dilation: 2), Activation(.silu),
                    Conv1D(6, kernelSize: 4, padding: .same), GlobalAveragePooling1D(),
                ]
            }
        ),
        ("valid", { [Conv1D(10, kernelSize: 3, activation: .relu), Dense(9), GlobalAveragePooling1D()] }),
        ("plain", { [GlobalAveragePooling1D()] }),
    ]

    @Test(arguments: networks.indices)
    func morePaddingChangesNoBit(index: Int) throws {
        let (name, make) = MaskPaddingTests.networks[index]
        func layers() -> [any Layer] { [Embedding(30, 16)] + make() + [Dense(3, activation: .softmax)] }
        // Twelve samples of 32 positions are more than the 256 terms of a chain of a product.
        let expected = try bits([Whole(layers())], PaddedTexts(positions: 16))
        #expect(expected.metrics.count == 8 && Set(expected.metrics).count > 4)
        for (positions, padding) in [(32, 0), (64, 0), (17, 0), (16, 7), (64, 7)] as [(Int, Float)] {
            // Batches would be cropped to 16 positions otherwise.
            let found = try bits([Whole(layers())], PaddedTexts(positions: positions, padding: padding))
            #expect(found == expected, "\(name), \(positions) positions, padded with \(padding)")
        }
        #expect(
            try bits(layers(), PaddedTexts(positions: 64)) == bits(layers(), PaddedTexts(positions: 16)),
            "\(name), cropped")
    }

    /// A sample has the same answer alone.
    @Test(arguments: networks.indices)
    func aSampleAloneHasTheSameBits(index: Int) throws {
        let (name, make) = MaskPaddingTests.networks[index]
        let model = Sequential([Embedding(30, 16)] + make() + [Dense(3)]).compile(
            loss: .sparseCategoricalCrossentropy(fromLogits: true))
        let batch = try PaddedTexts(positions: 32)[0..<24]
        let all = try model.predict(batch.inputs, mask: batch.mask).scalars.map(\.bitPattern)
        for (row, length) in PaddedTexts.lengths.enumerated() where length >= 3 {
            let inputs = batch.inputs.sliced(axis: 0, row..<row + 1).sliced(axis: 1, 0..<length)
            let alone = try model.predict(inputs, mask: Tensor(repeating: 1, [1, length]))
            #expect(alone.scalars.map(\.bitPattern) == Array(all[row * 3..<row * 3 + 3]), "\(name), sample \(row)")
        }
    }

    /// The mean of nothing is 0, and so is the largest of nothing.
    @Test(arguments: [GlobalAveragePooling1D(), GlobalMaxPooling1D()] as [any Layer])
    func aSampleWithoutPositionsIsZero(pooling: any Layer) throws {
        let tape = Tape(.training)
        let x = tape.watched(Tensor(repeating: -3, [2, 4, 3]))
        let y = pooling(x.masked(Tensor([1, 1, 0, 0, 0, 0, 0, 0]).reshaped([2, 4])))
        #expect(y.value.scalars == [-3, -3, -3, 0, 0, 0])
        tape.backward(from: y.sum())
        let gradient = tape.gradient(of: x).scalars
        #expect(gradient == [Float](repeating: 0.5, count: 6) + [Float](repeating: 0, count: 18))
    }

    @Test func masksGoAlongAndEnd() throws {
        let tape = Tape(.inference)
        let x = tape.constant(.zeros([2, 4])).masked(Tensor(repeating: 1, [2, 4]))
        let embedded = Embedding(3, 5)(x)
        #expect(embedded.mask?.shape == [2, 4])
        #expect(Dropout(0.5)(Activation(.relu)(Dense(2)(embedded))).mask != nil)
        #expect((embedded * 2 + embedded).mask != nil && embedded.sum(axes: [2]).mask == nil)
        #expect(Flatten()(embedded).mask == nil && GlobalAveragePooling1D()(embedded).mask == nil)
        #expect(Sequential([Dense(2), GlobalAveragePooling1D(), Dense(1)]).positions == .reduced)
        #expect(Sequential([Dense(2), Flatten(), GlobalAveragePooling1D()]).positions == .fixed)
        #expect(Sequential([Dense(2), Dropout(0.1)]).positions == .sequence)
    }

    /// How many positions count must follow from the data: what the network masks of itself would count too.
    @Test func aMaskOfTheModelsOwnIsRefusedWhereEachPositionIsAnswered() throws {
        let data = try ArrayDataset(
            inputs: Tensor(repeating: 0, [4, 6]), targets: Tensor(repeating: 0, [4, 6]), classes: 3)
        let model = Sequential([Embedding(5, 2, maskZero: true), Dense(3)])
            .compile(loss: .sparseCategoricalCrossentropy)
        #expect {
            try model.fit(data, epochs: 1, verbose: .silent)
        } throws: {
            "\($0)".contains("masks positions of its own")
        }
    }
}

/// Layers that are one of a fixed length to those who ask, so that batches are not cropped.
private final class Whole: Layer {
    private let network: Sequential

    init(_ layers: [any Layer]) { network = Sequential(layers) }

    var children: [(String, any Layer)] { [("network", network)] }
    func build(_ input: Shape) throws(ShapeError) -> Shape { try network.build(input) }
    func call(_ input: Variable) -> Variable { network(input) }
}
