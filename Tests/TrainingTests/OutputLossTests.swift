// Several outputs with a loss each: the steps of Keras's model of two outputs (scripts/reference/outputs.py), metrics of each,
// equal weights on any layout (Tests/GraphProbe), and what is refused.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import TestSupport
import Testing
import Training

@Suite struct OutputLossTests {
    private struct Reference: Decodable {
        let inputs, targets, weights, predictions: [Float]
        let first, last: [String: [Float]]
        let evaluation: [String: Double]

        static func read() throws -> Reference {
            let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/outputs.json")
            return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
        }

        func data() throws -> ArrayDataset {
            try ArrayDataset(
                inputs: Tensor(inputs).reshaped([-1, 6]), targets: Tensor(targets).reshaped([-1, 3]), weights: weights)
        }
    }

    /// Keras's model.
    private func graph(classActivation: ActivationFunction = .softmax) throws -> Graph {
        let x = Graph.input([6])
        let hidden = Dense(5, activation: .tanh)(x, name: "hidden")
        return try Graph(
            inputs: [x],
            outputs: [Dense(3, activation: classActivation)(hidden, name: "kind"), Dense(2)(hidden, name: "size")])
    }

    private func model(classActivation: ActivationFunction = .softmax) throws -> Model {
        try graph(classActivation: classActivation).compile(
            optimizer: .sgd(learningRate: 0.25), losses: [.sparseCategoricalCrossentropy, .meanSquaredError],
            lossWeights: [1, 0.5], metrics: [[.accuracy], [.meanAbsoluteError]])
    }

    private func set(_ buffer: ParameterBuffer, _ values: [String: [Float]]) {
        #expect(Set(buffer.parameters.map(\.path)) == Set(values.keys))
        for parameter in buffer.parameters {
            _ = buffer.values[parameter.range].update(fromContentsOf: values[parameter.path] ?? [])
        }
    }

    private func set(_ model: Model, _ values: [String: [Float]]) throws {
        let graph = try #require(model.network as? Graph)
        try model.build(input: graph.inputs[0].shape!)
        #expect(Set(graph.allParameters().map(\.path)) == Set(values.keys))
        for (path, parameter) in graph.allParameters() {
            for (index, value) in (values[path] ?? []).enumerated() { parameter.value.pointer[index] = value }
        }
    }

    /// One shard and four, which are summed exactly: float against double, to 1e-5.
    @Test(arguments: [1, 4]) func stepsAndMetricsAreKeras(shards: Int) throws {
        let reference = try Reference.read()
        let (data, model) = (try reference.data(), try model())
        let step = try TrainingStep(
            network: model.network, input: [6], optimizer: model.optimizer, loss: model.loss, batchSize: 12,
            shards: shards)
        set(step.parameters, reference.first)
        for index in 0..<9 {
            let first = index % 3 * 12
            _ = try step.run(Array(first..<first + 12)[...], of: data, learningRate: 0.25)
        }
        for parameter in step.parameters.parameters {
            for (found, expected) in zip(step.parameters.values[parameter.range], reference.last[parameter.path] ?? [])
            {
                #expect(abs(found - expected) < 1e-5 * max(1, abs(expected)), "\(parameter.path)")
            }
        }
        let trained = try self.model()
        try set(trained, reference.last)
        let found = try trained.evaluate(data, threads: 1)
        // Keras divides the loss by the number of samples.
        for (name, expected) in reference.evaluation
        where name == "loss" || name.hasSuffix("accuracy") || name.hasSuffix("mae") {
            let own = name.replacing("_mae", with: "_mean_absolute_error")
            let value = try #require(found[own], "\(own) of \(found.names)")
            #expect(abs(value - expected) < 1e-5 * max(1, abs(expected)), "\(name)")
        }
        #expect(found.names == ["kind_accuracy", "size_mean_absolute_error"])
        let outputs = try trained.predict(Tensor(Array(reference.inputs.prefix(24))).reshaped([4, 6]))
        #expect(outputs.shape == [4, 5])
        for (found, expected) in zip(outputs.scalars, reference.predictions) { #expect(abs(found - expected) < 1e-5) }
    }

    /// Logits are taken for what they are in each output by itself.
    @Test func logitsGiveWhatProbabilitiesGive() throws {
        let reference = try Reference.read()
        let data = try reference.data()
        let losses = try [ActivationFunction.softmax, .linear].map { activation in
            let model = try model(classActivation: activation)
            try set(model, reference.last)
            return try model.evaluate(data, threads: 1)
        }
        #expect(losses[0]["kind_accuracy"] == losses[1]["kind_accuracy"])
        #expect(abs(losses[0].loss - losses[1].loss) < 1e-6)
    }

    /// A metric that is no sum sees the probabilities of its own output.
    @Test func scoresOfOneOutput() throws {
        let x = Graph.input([1])
        let graph = try Graph(
            inputs: [x], outputs: [Dense(1)(x, name: "value"), Dense(1, activation: .sigmoid)(x, name: "answer")])
        let model = try graph.compile(
            losses: [.meanSquaredError, .binaryCrossentropy], metrics: [[], [.auc, .accuracy]])
        try set(model, ["value.kernel": [1], "value.bias": [0], "answer.kernel": [1], "answer.bias": [0]])
        let data = try ArrayDataset(
            inputs: Tensor([-3, -2, 2, 1]).reshaped([4, 1]),
            targets: Tensor([9, 0, 9, 1, 9, 0, 9, 1]).reshaped([4, 2]))
        let found = try model.evaluate(data, threads: 1)
        // The answers 0, 1, 0, 1 for -3, -2, 2, 1: of four pairs two are in order.
        #expect(found["answer_auc"] == 0.5)
        #expect(found["answer_accuracy"] == 0.5)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let graph = try graph()
        func message(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "no error"
        }
        let both: [Loss] = [.sparseCategoricalCrossentropy, .meanSquaredError]
        let cases: [(String, String)] = [
            (message { _ = try graph.compile(losses: [.meanSquaredError]) }, "1 `losses` for 2 outputs"),
            (message { _ = try graph.compile(losses: both, lossWeights: [1, -1]) }, "`lossWeights` holds -1.0"),
            (
                message { _ = try graph.compile(losses: both, metrics: [[.meanAbsoluteError], []]) },
                "output kind: mean_absolute_error compares values"
            ),
            (
                message {
                    let x = Graph.input()
                    _ = try Graph(inputs: [x], outputs: [Dense(1)(x), Dense(1)(x)]).compile(losses: both)
                }, "give its inputs shapes"
            ),
            (
                message {
                    let data = try ArrayDataset(inputs: .zeros([4, 6]), targets: .zeros([4, 4]))
                    try graph.compile(losses: both).fit(data, verbose: .silent)
                }, "wants a row of 3 targets for each sample, got [4]"
            ),
            (
                message {
                    let rows = Tensor([0, 0, 0, 1, 0, 0, 3, 0, 0, 1, 0, 0]).reshaped([4, 3])
                    let data = try ArrayDataset(inputs: .zeros([4, 6]), targets: rows)
                    try graph.compile(losses: both).fit(data, shards: 1, verbose: .silent)
                }, "a whole number in 0 ..< 3"
            ),
            (
                message {
                    let x = Graph.input([6])
                    let relu = try Graph(
                        inputs: [x], outputs: [Dense(3, activation: .relu)(x, name: "a"), Dense(2)(x)])
                    let data = try ArrayDataset(inputs: .zeros([4, 6]), targets: .zeros([4, 3]))
                    try relu.compile(losses: both).fit(data, verbose: .silent)
                }, "output a: sparse_categorical_crossentropy takes probabilities"
            ),
            (
                message {
                    let x = Graph.input([5, 2])
                    let long = try Graph(inputs: [x], outputs: [Dense(2)(x), Dense(1)(GlobalAveragePooling1D()(x))])
                    let data = try ArrayDataset(
                        inputs: .zeros([2, 5, 2]), targets: .zeros([2, 11]), lengths: [5, 3])
                    try long.compile(losses: [.meanSquaredError, .meanSquaredError]).fit(data, verbose: .silent)
                }, "which a row of several outputs does not follow"
            ),
        ]
        for (found, expected) in cases { #expect(found.contains(expected), "\(found)") }
    }

    @Test func weightsAreTheSameOnAnyLayout() throws {
        func fingerprint(ranks: Int, threads: Int) throws -> String {
            let words = ["outputs", "\(threads)"]
            let result =
                ranks == 1
                ? try runProcess(try builtProduct("GraphProbe"), words, timeoutSeconds: 60)
                : try runUnderMPI(ranks: ranks, "GraphProbe", words, timeoutSeconds: 60)
            try #require(result.status == 0, "\(result.standardError)")
            return result.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let whole = try fingerprint(ranks: 1, threads: 1)
        #expect(whole.hasSuffix(" two outputs") && whole.count == 44, "\(whole)")
        for (ranks, threads) in [(1, 2), (2, 1), (3, 1)] {
            #expect(try fingerprint(ranks: ranks, threads: threads) == whole, "\(ranks) x \(threads)")
        }
    }
}
