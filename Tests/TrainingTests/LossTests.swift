// The losses through `fit`, against gradient descent written out in double precision; and how a network's end says
// whether a cross-entropy gets logits or probabilities.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct LossTests {
    /// One dense layer of 3 inputs and 2 outputs, learned on 10 samples in batches of 4: the last one has 2.
    struct Descent: Sendable, CustomTestStringConvertible {
        let loss: Loss
        let activation: ActivationFunction
        var testDescription: String { "\(loss.name), \(activation)" }

        static let all: [Descent] = [
            Descent(loss: .sparseCategoricalCrossentropy, activation: .softmax),
            Descent(loss: .sparseCategoricalCrossentropy, activation: .linear),
            Descent(loss: .categoricalCrossentropy, activation: .softmax),
            Descent(loss: .categoricalCrossentropy, activation: .linear),
            Descent(loss: .binaryCrossentropy, activation: .sigmoid),
            Descent(loss: .binaryCrossentropy, activation: .linear),
            Descent(loss: .meanSquaredError, activation: .linear),
            Descent(loss: .meanAbsoluteError, activation: .linear),
        ]

        static let count = 10
        static let inputs = (0..<30).map { sin(Double($0) * 1.7) }
        static let classes = (0..<count).map { $0 * 7 % 3 % 2 }
        var isRegression: Bool { loss.isRegression }
        var isSparse: Bool { loss.targets == .classNumbers }

        /// `[10, 2]`: values, or one-hot.
        var targets: [Double] {
            isRegression
                ? (0..<20).map { cos(Double($0) * 0.9) * 2 }
                : Descent.classes.flatMap { $0 == 0 ? [1, 0] : [0, 1] }
        }

        /// What the optimizer does, and the loss over all samples at the end.
        func expected(_ kernel: [Double], epochs: Int, rate: Double) -> (weights: [Double], loss: Double) {
            var (kernel, bias) = (kernel, [0.0, 0.0])
            func outputs(_ sample: Int) -> [Double] {
                var outputs = bias
                for input in 0..<3 {
                    for unit in 0..<2 {
                        outputs[unit] += Descent.inputs[sample * 3 + input] * kernel[input * 2 + unit]
                    }
                }
                return outputs
            }
            for _ in 0..<epochs {
                for batch in [0..<4, 4..<8, 8..<10] {
                    var (kernelGradient, biasGradient) = ([Double](repeating: 0, count: 6), [0.0, 0.0])
                    for sample in batch {
                        let slope = gradient(outputs(sample), Array(targets[(2 * sample)...].prefix(2)))
                        for unit in 0..<2 {
                            biasGradient[unit] += slope[unit] / Double(batch.count)
                            for input in 0..<3 {
                                kernelGradient[input * 2 + unit] +=
                                    Descent.inputs[sample * 3 + input] * slope[unit] / Double(batch.count)
                            }
                        }
                    }
                    kernel = zip(kernel, kernelGradient).map { $0 - rate * $1 }
                    bias = zip(bias, biasGradient).map { $0 - rate * $1 }
                }
            }
            let losses = (0..<Descent.count).map { value(outputs($0), Array(targets[(2 * $0)...].prefix(2))) }
            return (kernel + bias, losses.reduce(0, +) / Double(Descent.count))
        }

        private func softmax(_ z: [Double]) -> [Double] {
            let e = z.map { exp($0) }
            return e.map { $0 / e.reduce(0, +) }
        }

        private func sigmoid(_ z: Double) -> Double { 1 / (1 + exp(-z)) }

        private func value(_ z: [Double], _ t: [Double]) -> Double {
            let (a, b) = (z[0] - t[0], z[1] - t[1])
            switch loss.name {
            case "mean_squared_error": return (a * a + b * b) / 2
            case "mean_absolute_error": return (abs(a) + abs(b)) / 2
            case "binary_crossentropy":
                let right = zip(z, t).map { $1 == 1 ? sigmoid($0) : 1 - sigmoid($0) }
                return -(log(right[0]) + log(right[1])) / 2
            default: return -log(softmax(z)[t[0] == 1 ? 0 : 1])
            }
        }

        /// Of the loss in the outputs before the activation.
        private func gradient(_ z: [Double], _ t: [Double]) -> [Double] {
            switch loss.name {
            case "mean_squared_error": zip(z, t).map { $0 - $1 }
            case "mean_absolute_error": zip(z, t).map { $0 > $1 ? 0.5 : -0.5 }
            case "binary_crossentropy": zip(z, t).map { (sigmoid($0) - $1) / 2 }
            default: zip(softmax(z), t).map { $0 - $1 }
            }
        }
    }

    @Test(arguments: Descent.all) func fitIsGradientDescent(descent: Descent) throws {
        let inputs = try Tensor([10, 3], Descent.inputs.map { Float($0) })
        let targets =
            descent.isSparse
            ? Tensor(Descent.classes.map { Float($0) }) : try Tensor([10, 2], descent.targets.map { Float($0) })
        let data = try ArrayDataset(inputs: inputs, targets: targets)
        var fingerprints: Set<Fingerprint> = []
        // Two shards; the third thread computes none.
        for threads in [1, 2, 3] {
            let dense = Dense(2, activation: descent.activation)
            let model = Sequential([dense]).compile(
                optimizer: .sgd(learningRate: 0.1), loss: descent.loss,
                metrics: descent.isRegression ? [] : [.accuracy])
            try model.build(input: [3], seed: 3)
            let start = dense.kernel.value.scalars.map { Double($0) }
            try model.fit(
                data, epochs: 5, batchSize: 4, shuffle: false, shards: 2, threads: threads, verbose: .silent)
            let expected = descent.expected(start, epochs: 5, rate: 0.1)
            let found = dense.kernel.value.scalars + dense.bias!.value.scalars
            for (a, b) in zip(found, expected.weights) { #expect(abs(Double(a) - b) < 1e-6, "\(a), expected \(b)") }
            #expect(abs(try model.evaluate(data).loss - expected.loss) < 1e-6)
            fingerprints.insert(try #require(model.fingerprint))
        }
        #expect(fingerprints.count == 1)
    }

    /// A network, what its end is, and the message of a loss that can't take it.
    struct End: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var loss = Loss.sparseCategoricalCrossentropy
        var input: Shape = [4, 4, 1]
        let network: @Sendable () -> any Layer
        /// What the message must contain; the network is taken where there is nothing.
        var words: [String] = []
        var takesLogits = false
    }

    /// Arithmetic of its own on the outputs of two layers.
    final class Combined: Layer {
        let (left, right): (Dense, Dense)
        let combine: @Sendable (Variable, Variable) -> Variable

        init(_ activation: ActivationFunction, _ combine: @escaping @Sendable (Variable, Variable) -> Variable) {
            (left, right) = (Dense(2, activation: activation), Dense(2, activation: activation))
            self.combine = combine
        }

        var children: [(String, any Layer)] { [("left", left), ("right", right)] }

        func call(_ input: Variable) -> Variable { combine(left(input.flattened), right(input.flattened)) }
    }

    static let ends = [
        End(testDescription: "logits", network: { Sequential([Flatten(), Dense(2)]) }, takesLogits: true),
        End(
            testDescription: "logits, dropout, reshaped",
            network: { Sequential([Flatten(), Dense(2), Dropout(0.5), Reshape([2])]) }, takesLogits: true),
        End(
            testDescription: "batch normalisation",
            network: { Sequential([Flatten(), Dense(2, activation: .relu), BatchNormalization()]) }, takesLogits: true),
        End(
            testDescription: "layer normalisation",
            network: { Sequential([Flatten(), Dense(2), LayerNormalization()]) },
            takesLogits: true),
        End(
            testDescription: "convolution, averaged",
            network: { Sequential([Conv2D(2, kernelSize: 3), GlobalAveragePooling2D()]) }, takesLogits: true),
        End(
            testDescription: "sum of two layers", network: { Combined(.linear) { $0 + 0.5 * $1 } }, takesLogits: true),
        End(testDescription: "softmax", network: { Sequential([Flatten(), Dense(2, activation: .softmax)]) }),
        End(
            testDescription: "softmax, reshaped",
            network: { Sequential([Flatten(), Dense(2), Activation(.softmax), Reshape([2])]) }),
        End(
            testDescription: "softmax, averaged",
            network: { Sequential([Conv2D(2, kernelSize: 3, activation: .softmax), GlobalAveragePooling2D()]) }),
        End(testDescription: "sigmoid", network: { Sequential([Flatten(), Dense(2, activation: .sigmoid)]) }),
        End(
            testDescription: "relu",
            network: { Sequential([Flatten(), Dense(3), Dense(2, activation: .relu)]) },
            words: ["layer dense_1 ends with relu", "softmax", "without activation"]),
        End(
            testDescription: "relu, averaged",
            network: { Sequential([Conv2D(2, kernelSize: 3, activation: .relu), GlobalAveragePooling2D()]) },
            words: ["layer conv2d ends with relu"]),
        End(
            testDescription: "relu and pooling in one",
            network: {
                Sequential([Conv2D(2, kernelSize: 3, activation: .relu), MaxPooling2D(2), Flatten()])
            }, words: ["ends with relu"]),
        End(
            testDescription: "gelu", network: { Sequential([Flatten(), Dense(2, activation: .gelu)]) },
            words: ["layer dense ends with gelu"]),
        End(
            testDescription: "tanh as a layer", network: { Sequential([Flatten(), Dense(2), Activation(.tanh)]) },
            words: ["layer activation ends with tanh"]),
        End(
            testDescription: "mean of two softmaxes", network: { Combined(.softmax) { 0.5 * ($0 + $1) } },
            words: ["layer combined does not show", "fromLogits"]),
        End(
            testDescription: "mean of two softmaxes, told", loss: .sparseCategoricalCrossentropy(fromLogits: false),
            network: { Combined(.softmax) { 0.5 * ($0 + $1) } }),
        End(
            testDescription: "tanh, told", loss: .sparseCategoricalCrossentropy(fromLogits: true),
            network: { Sequential([Flatten(), Dense(2, activation: .tanh)]) }, takesLogits: true),
        End(
            testDescription: "told otherwise", loss: .sparseCategoricalCrossentropy(fromLogits: true),
            network: { Sequential([Flatten(), Dense(2, activation: .softmax)]) },
            words: ["layer dense ends with softmax", "leave fromLogits"]),
        End(
            testDescription: "logits, told otherwise", loss: .sparseCategoricalCrossentropy(fromLogits: false),
            network: { Sequential([Flatten(), Dense(2)]) }, words: ["layer dense ends without an activation"]),
        End(
            testDescription: "softmax of one", loss: .binaryCrossentropy,
            network: { Sequential([Flatten(), Dense(1, activation: .softmax)]) }, words: ["always 1; use sigmoid"]),
        End(
            testDescription: "relu for values", loss: .meanSquaredError,
            network: { Sequential([Flatten(), Dense(1, activation: .relu)]) }),
    ]

    @Test(arguments: ends) func theEndIsRecognised(end: End) throws {
        let isSparse = end.loss.name.hasPrefix("sparse")
        let data = try ArrayDataset(
            inputs: Tensor([2, 4, 4, 1], (0..<32).map { sin(Float($0)) }),
            targets: Tensor(isSparse ? [2] : [2, 1], [0, 1]))
        let model = end.network().compile(loss: end.loss)
        if !end.words.isEmpty {
            for attempt in [
                { _ = try model.evaluate(data) }, { _ = try model.fit(data, verbose: .silent) },
                {
                    _ = try TrainingStep(
                        network: model.network, input: [4, 4, 1], optimizer: .adam(), loss: end.loss, batchSize: 2)
                },
            ] {
                let error = #expect(throws: TrainingError.self) { try attempt() }
                for word in end.words {
                    #expect(error?.description.contains(word) == true, "\(String(describing: error))")
                }
            }
            return
        }
        let loss = try model.evaluate(data).loss
        guard isSparse else { return }
        // The outputs as they are, read as the one or the other.
        let outputs = try model.predict(Tensor([2, 4, 4, 1], (0..<32).map { sin(Float($0)) })).scalars.map {
            Double($0)
        }
        let expected = [0, 1].map { (sample: Int) -> Double in
            let pair: [Double] = [outputs[2 * sample], outputs[2 * sample + 1]].map { end.takesLogits ? exp($0) : $0 }
            return -log(pair[sample] / (pair[0] + pair[1]))
        }
        #expect(abs(loss - (expected[0] + expected[1]) / 2) < 1e-6)
    }
}
