// `accuracy` as Keras 3 resolves it: by the shapes of outputs and targets, whatever the loss.

import Datasets
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct AccuracyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let loss: Loss
        var shape: Shape
        var targetShape: Shape?
        let outputs: [Float]
        let targets: [Float]
        /// What Keras 3 gives.
        let expected: Double
    }

    static let cases = [
        Case(
            testDescription: "several outputs under MSE: the largest counts, not the side of 0.5",
            loss: .meanSquaredError, shape: [2, 2], outputs: [0.2, 0.3, 0.9, 0.8], targets: [0, 1, 1, 0], expected: 1),
        Case(
            testDescription: "several outputs under binary cross-entropy",
            loss: .binaryCrossentropy(fromLogits: false), shape: [2, 3], outputs: [0.4, 0.3, 0.1, 0.6, 0.9, 0.7],
            targets: [1, 0, 0, 1, 0, 0], expected: 0.5),
        Case(
            testDescription: "one output: 0.5 itself is class 0", loss: .binaryCrossentropy(fromLogits: false),
            shape: [4, 1], outputs: [0.6, 0.4, 0.5, 0.2], targets: [1, 0, 0, 1], expected: 0.75),
        Case(
            testDescription: "one logit: the side of 0", loss: .binaryCrossentropy(fromLogits: true), shape: [4, 1],
            outputs: [0.3, -0.2, 2, -1], targets: [1, 0, 1, 1], expected: 0.75),
        Case(
            testDescription: "one output under MSE", loss: .meanSquaredError, shape: [2, 1], outputs: [0.6, 0.7],
            targets: [1, 0], expected: 0.5),
        Case(
            testDescription: "a soft target is no class", loss: .binaryCrossentropy(fromLogits: false), shape: [2, 1],
            outputs: [0.9, 0.9], targets: [0.8, 1], expected: 0.5),
        Case(
            testDescription: "class numbers", loss: .sparseCategoricalCrossentropy(fromLogits: false), shape: [2, 2],
            targetShape: [2], outputs: [0.1, 0.9, 0.8, 0.2], targets: [1, 1], expected: 0.5),
        Case(
            testDescription: "one-hot", loss: .categoricalCrossentropy(fromLogits: true), shape: [2, 3],
            outputs: [-3, -2, -1, 5, 4, 6], targets: [0, 0, 1, 1, 0, 0], expected: 0.5),
        Case(
            testDescription: "every position counts", loss: .categoricalCrossentropy(fromLogits: false),
            shape: [2, 2, 2], outputs: [0.9, 0.1, 0.2, 0.8, 0.7, 0.3, 0.6, 0.4], targets: [1, 0, 0, 1, 1, 0, 0, 1],
            expected: 0.75),
        Case(
            testDescription: "every position of one output counts", loss: .meanSquaredError, shape: [2, 2, 1],
            outputs: [0.9, 0.1, 0.2, 0.8], targets: [1, 0, 1, 0], expected: 0.5),
    ]

    @Test(arguments: cases) func resolvesAsKerasDoes(example: Case) throws {
        // A network that gives what it gets.
        let model = Sequential([Activation(.linear)]).compile(loss: example.loss, metrics: [.accuracy])
        let data = try ArrayDataset(
            inputs: Tensor(example.shape, example.outputs),
            targets: Tensor(example.targetShape ?? example.shape, example.targets))
        #expect(try model.evaluate(data).accuracy == example.expected)
    }

    /// The training's running accuracy is counted as the evaluation's.
    @Test func trainingCountsAlike() throws {
        let model = Sequential([Dense(3)]).compile(
            optimizer: .sgd(learningRate: 0.0), loss: .binaryCrossentropy, metrics: [.accuracy])
        let data = try ArrayDataset(
            inputs: Tensor([20, 2], (0..<40).map { Float($0 % 7) - 3 }),
            targets: Tensor([20], (0..<20).map { Float($0 % 3) }).oneHot(classCount: 3))
        let history = try model.fit(data, epochs: 1, batchSize: 8, validationData: data, shards: 4, verbose: .silent)
        let accuracy = try #require(try model.evaluate(data).accuracy)
        #expect(accuracy > 0 && accuracy < 1)
        #expect(history["accuracy"] == [accuracy] && history["val_accuracy"] == [accuracy])
    }

    @Test(arguments: [Loss.meanSquaredError, .meanAbsoluteError]) func regressionHasNone(loss: Loss) throws {
        let values = try ArrayDataset(inputs: Tensor([3, 1], [1, 2, 3]), targets: Tensor([3, 1], [0, 3.5, 1]))
        let classes = try ArrayDataset(inputs: Tensor([3, 1], [1, 2, 3]), targets: Tensor([3, 1], [0, 0, 1]))
        let model = Sequential([Dense(1)]).compile(loss: loss, metrics: [.accuracy])
        for attempt in [
            { _ = try model.evaluate(values) }, { _ = try model.fit(values, verbose: .silent) },
            { _ = try model.fit(classes, validationData: values, verbose: .silent) },
        ] {
            let error = #expect(throws: TrainingError.self) { try attempt() }
            for words in ["accuracy", "values such as 3.5", "leave it out"] {
                #expect(error?.description.contains(words) == true, "\(String(describing: error))")
            }
        }
        #expect(throws: Never.self) { try model.fit(classes, verbose: .silent) }

        let without = Sequential([Dense(1)]).compile(loss: loss)
        let history = try without.fit(values, validationData: values, verbose: .silent)
        #expect(Set(history.epochs[0].keys) == ["loss", "val_loss", "learning_rate"])
        #expect(try without.evaluate(values).accuracy == nil)
    }
}
