// Normalisations, activations with settings, and noise: gradients by differences, masks, and messages. Their values are
// compared with Keras's and PyTorch's in Tests/ModelsTests/LayerReferenceTests.swift.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct MoreLayerTests {
    @Test func gradients() throws {
        try expectGradients(LayerNormalization(axes: [1, 3]), wave([2, 3, 2, 2]))
        try expectGradients(LayerNormalization(center: false), wave([2, 3, 4]))
        try expectGradients(LayerNormalization(axes: [1], scale: false), wave([2, 4, 3]))
        try expectGradients(BatchNormalization(axis: 1, center: false), wave([3, 2, 4]))
        try expectGradients(BatchNormalization(scale: false), wave([5, 3]))
        try expectGradients(GroupNormalization(groups: 2), wave([2, 3, 2, 4]))
        try expectGradients(GroupNormalization(groups: -1, axis: 1), wave([2, 3, 4]))
        try expectGradients(RMSNormalization(), wave([3, 5]))
        try expectGradients(RMSNormalization(axes: [-2, -1]), wave([2, 3, 2]))
        try expectGradients(UnitNormalization(), wave([3, 4]))
        try expectGradients(Normalization(mean: [0.5], variance: [4]), wave([3, 4]))
        try expectGradients(Rescaling(0.5, offset: 3), wave([3, 4]))
        try expectGradients(PReLU(), wave([2, 3, 2], 0.4))
        try expectGradients(PReLU(sharedAxes: [1]), wave([2, 3, 2], 0.4))
        try expectGradients(Softmax(axis: 1), wave([2, 3, 4]))
        try expectGradients(GLU(.silu), wave([2, 3, 6]))
    }

    /// None of these inputs is within a step of a kink.
    @Test(arguments: ActivationFunction.allCases) func activationGradients(_ function: ActivationFunction) throws {
        let inputs: [Float] = [-6.5, -3.3, -2.2, -1.2, -0.9, -0.1, 0.05, 0.6, 1.4, 2.7, 3.4, 5.2]
        try expectGradients(Activation(function), Tensor(inputs).reshaped([3, 4]))
    }

    /// As many digits near 0 as elsewhere.
    @Test func exponentialsNearZero() {
        let output = infer(Activation(.elu), Tensor([-1e-6, -1e-12, -1e-30, 0, -100, -Float.infinity])).scalars
        for (a, b) in zip(output, [-9.999995e-7, -1e-12, -1e-30, 0, -1, -1] as [Float]) {
            #expect(abs(a - b) <= 4e-7 * abs(b), "\(a), expected \(b)")
        }
    }

    @Test func unitNormalizationOfNothing() {
        let tape = Tape(.training)
        let x = tape.watched(.zeros([2, 3]))
        let y = UnitNormalization()(x)
        #expect(y.value.scalars == [0, 0, 0, 0, 0, 0])
        tape.backward(from: y)
        #expect(tape.gradient(of: x).scalars.allSatisfy { $0.isFinite })
    }

    /// What masked positions hold is not seen by the statistics, and more of them change no bit.
    @Test func batchNormalizationCountsThePositionsThereAre() throws {
        func statistics(_ positions: Int, _ rest: Float) throws -> [UInt32] {
            let layer = BatchNormalization()
            let buffer = try layer.makeParameterBuffer(input: [positions, 2])
            let gradients = FlatBuffer(count: buffer.count)
            let tape = Tape(.training, buffer: buffer, gradients: gradients)
            var (values, mask): ([Float], [Float]) = ([], [])
            for sample in 0..<3 {
                for place in 0..<(positions * 2) {
                    values.append(place < (sample + 1) * 2 ? Float(place * 5 % 7 + sample) : rest)
                }
                for position in 0..<positions { mask.append(position < sample + 1 ? 1 : 0) }
            }
            let input = tape.constant(Tensor(values).reshaped([3, positions, 2]))
            _ = layer(input.masked(Tensor(mask).reshaped([3, positions])))
            return (Array(gradients[layer.movingMean.range]) + gradients[layer.movingVariance.range]).map(\.bitPattern)
        }
        let first = try statistics(4, 0)
        let (others, longer) = (try statistics(4, 1e6), try statistics(32, -7))
        #expect(others == first && longer == first)
        // Of the values 0, 1 + 0, 1 + 10 mod 7, ...: the mean of channel 0 over its six positions.
        let channel = [0, 1, 4, 2, 5, 8] as [Float]
        let mean = channel.reduce(0, +) / 6
        #expect(abs(Float(bitPattern: first[0]) - mean) < 1e-5)
    }

    @Test func errors() {
        expectShapeError(LayerNormalization(axes: [0]), [3, 4], "LayerNormalization", "1 to 2", "[0]")
        expectShapeError(LayerNormalization(axes: [1, -2]), [3, 4], "LayerNormalization", "[1, -2]")
        expectShapeError(BatchNormalization(axis: 3), [3, 4], "BatchNormalization", "1 to 2", "[3]")
        expectShapeError(GroupNormalization(groups: 3), [3, 4], "4 channels", "3 groups")
        expectShapeError(GroupNormalization(groups: 0), [3, 4], "0 groups")
        expectShapeError(RMSNormalization(epsilon: 0), [4], "RMSNormalization", "positive")
        expectShapeError(UnitNormalization(axes: []), [4], "UnitNormalization", "at least one axis")
        expectShapeError(Normalization(mean: [1, 2], variance: [1]), [3], "one mean", "[3]", "2")
        expectShapeError(Normalization(mean: [1], variance: [-1]), [3], "0 or more")
        expectShapeError(PReLU(sharedAxes: [3]), [3, 4], "PReLU", "[3]")
        expectShapeError(Softmax(axis: 2), [3], "Softmax", "[2]")
        expectShapeError(GLU(), [3], "GLU(sigmoid)", "even", "[3]")
        expectShapeError(SpatialDropout1D(0.5), [3], "SpatialDropout1D", "[positions, channels]")
        expectShapeError(SpatialDropout2D(1), [3, 3, 1], "SpatialDropout2D", "0 ..< 1")
        expectShapeError(GaussianNoise(-1), [3], "GaussianNoise", "0 or more")
        expectShapeError(GaussianDropout(1), [3], "GaussianDropout", "0 ..< 1")
    }

    private func train(_ layer: any Layer, _ input: Tensor, step: Int = 1, shard: Int = 0) -> [Float] {
        let tape = Tape(.training, context: StepContext(seed: 3, step: step, shard: shard))
        return layer(tape.constant(input)).value.scalars
    }

    @Test func spatialDropoutDropsWholeChannels() throws {
        for (layer, shape) in [
            (SpatialDropout1D(0.25), [200, 6, 50]), (SpatialDropout2D(0.25), [200, 2, 3, 50]),
        ] as [(any Layer, [Int])] {
            let ones = Tensor(repeating: 1, Shape(shape))
            #expect(infer(layer, ones).scalars == ones.scalars)
            let output = train(layer, ones)
            #expect(Set(output) == [0, 1 / 0.75])
            // Six positions and fifty channels a sample: all positions of a channel are alike.
            var dropped = 0
            for sample in 0..<200 {
                for channel in 0..<50 {
                    let values = Set((0..<6).map { output[(sample * 6 + $0) * 50 + channel] })
                    #expect(values.count == 1)
                    if values == [0] { dropped += 1 }
                }
            }
            // Binomial with 10,000 trials: the deviation is 43.
            #expect(abs(dropped - 2500) < 200)
            #expect(train(layer, ones) == output)
            #expect(train(layer, ones, shard: 1) != output && train(layer, ones, step: 2) != output)
        }
        try expectGradients(SpatialDropout1D(0.5), wave([2, 3, 4]))
    }

    @Test func gaussianNoiseHasItsMoments() throws {
        let ones = Tensor(repeating: 1, [100, 100])
        for (layer, deviation) in [(GaussianNoise(0.5), 0.5), (GaussianDropout(0.2), 0.5)] as [(any Layer, Double)] {
            #expect(infer(layer, ones).scalars == ones.scalars)
            let output = train(layer, ones)
            let mean = output.reduce(0) { $0 + Double($1) } / 10_000
            let variance = output.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 10_000
            // Deviations of 0.005 and 0.0035.
            #expect(abs(mean - 1) < 0.025 && abs(variance.squareRoot() - deviation) < 0.018)
            #expect(train(layer, ones) == output)
            #expect(train(layer, ones, shard: 1) != output && train(layer, ones, step: 2) != output)
        }
        try expectGradients(GaussianNoise(0.5), wave([2, 3]))
        try expectGradients(GaussianDropout(0.5), wave([2, 3]))
    }

    /// Words begin as in Keras's names of layers.
    @Test func namesOfLayers() {
        let model = Sequential([
            RMSNormalization(), PReLU(), Conv2DTranspose(1, kernelSize: 1), GlobalAveragePooling2D(), LeakyReLU(),
            ELU(),
            UpSampling2D(), SeparableConv2D(1, kernelSize: 1),
        ])
        #expect(
            model.names == [
                "rms_normalization", "p_re_lu", "conv2d_transpose", "global_average_pooling2d", "leaky_re_lu", "elu",
                "up_sampling2d", "separable_conv2d",
            ])
    }
}
