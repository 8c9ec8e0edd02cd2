// Labels, targets and indices that a model can't use: an error with sample, value and what is allowed, before the first
// step or in the step that meets them, and no update.

import Autograd
import Datasets
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct DataDefectTests {
    private static let count = 40

    /// Inputs of three numbers; one target is wrong.
    private func samples(width: Int?, good: Float, sample: Int, value: Float) throws -> ArrayDataset {
        var targets = [Float](repeating: good, count: Self.count * (width ?? 1))
        targets[sample * (width ?? 1) + (width ?? 1) - 1] = value
        let inputs = Tensor((0..<3 * Self.count).map { Float($0 % 7) }).reshaped([Self.count, 3])
        return try ArrayDataset(
            inputs: inputs, targets: Tensor(targets).reshaped([Self.count] + (width.map { [$0] } ?? [])), name: "mine")
    }

    private func model(_ loss: Loss, outputs: Int, _ activation: ActivationFunction) -> Model {
        Sequential([Dense(4), Dense(outputs, activation: activation)]).compile(loss: loss)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let loss: Loss
        let width: Int?
        let good: Float
        let bad: [Float]
        let allowed: String

        var testDescription: String { loss.name }
    }

    static let cases = [
        Case(
            loss: .sparseCategoricalCrossentropy, width: nil, good: 1, bad: [-1, 2.5, 3, 1e30, .nan, .infinity],
            allowed: "a whole number in 0 ..< 3"),
        Case(
            loss: .categoricalCrossentropy, width: 3, good: 0.5, bad: [-0.1, .nan, .infinity],
            allowed: "a finite number, at least 0"),
        Case(
            loss: .binaryCrossentropy, width: 3, good: 1, bad: [-1, 2, .nan, -.infinity],
            allowed: "a number in 0 ... 1"),
        Case(loss: .meanSquaredError, width: 3, good: -7, bad: [.nan, -.infinity], allowed: "a finite number"),
        Case(loss: .meanAbsoluteError, width: 3, good: 9, bad: [.nan, .infinity], allowed: "a finite number"),
    ]

    @Test(arguments: cases) func wrongTargetsAreNamedBeforeTheFirstStep(_ found: Case) throws {
        for bad in found.bad {
            let data = try samples(width: found.width, good: found.good, sample: 17, value: bad)
            let right = try samples(width: found.width, good: found.good, sample: 17, value: found.good)
            let model = model(found.loss, outputs: 3, .softmax)
            let words = "sample 17 of mine: target \(bad), expected \(found.allowed)"
            try expectTrainingError(words) { try model.fit(data, shards: 4, threads: 2, verbose: .silent) }
            try expectTrainingError("validation data: " + words) {
                try model.fit(right, validationData: data, shards: 4, threads: 2, verbose: .silent)
            }
            try expectTrainingError(words) { try model.evaluate(data, threads: 2) }
            // Right ones are no error.
            try model.fit(right, epochs: 1, shards: 4, threads: 2, verbose: .silent)
            #expect(try model.evaluate(right).loss.isFinite)
        }
    }

    @Test(arguments: cases) func aLoopOfOnesOwnIsToldBeforeItsStep(_ found: Case) throws {
        let data = try samples(width: found.width, good: found.good, sample: 17, value: found.bad[0])
        let step = try TrainingStep(
            network: Sequential([Dense(3, activation: .softmax)]), input: [3], optimizer: .adam(), loss: found.loss,
            batchSize: 4, shards: 4, threads: 2)
        let before = step.parameters.fingerprint
        func run(_ numbers: [Int]) throws -> StepReport { try step.run(numbers[...], of: data, learningRate: 0.1) }
        try expectTrainingError("step 1: sample 17 of mine: target \(found.bad[0])") { try run([3, 17, 5, 6]) }
        #expect(step.parameters.fingerprint == before)
        #expect(try run([3, 16, 5, 6]).lossSum.isFinite)
        #expect(step.parameters.fingerprint != before)
        for wrong: Int in [-1, 40, .max] {
            let error = #expect(throws: DatasetError.self) { try run([1, wrong]) }
            #expect(error?.description == "mine has no sample \(wrong): expected a number in 0 ..< 40")
            #expect(throws: DatasetError.self) {
                try step.run([1], of: data, next: [wrong], learningRate: 0.1)
            }
        }
        try expectTrainingError("at least one sample") { try run([]) }
    }

    /// A layer before the embedding, so that its indices arise in the pass.
    private final class Doubling: Layer {
        func call(_ input: Variable) -> Variable { input + input }
    }

    private func indices(_ value: Float) throws -> ArrayDataset {
        var inputs = (0..<2 * Self.count).map { Float($0 % 4) }
        inputs[2 * 17 + 1] = value
        return try ArrayDataset(
            inputs: Tensor(inputs).reshaped([Self.count, 2]),
            targets: Tensor((0..<Self.count).map { Float($0 % 3) }), name: "words")
    }

    @Test(arguments: [Float(4), -1, 0.5, .nan, .infinity]) func wrongIndicesAreNamedBeforeTheFirstStep(_ value: Float)
        throws
    {
        let model = Sequential([Reshape([2, 1]), Embedding(4, 3), Flatten(), Dense(3, activation: .softmax)])
            .compile(loss: .sparseCategoricalCrossentropy)
        let words = "sample 17 of words: index \(value), expected a whole number in 0 ..< 4"
        let data = try indices(value)
        try expectTrainingError(words) { try model.fit(data, shards: 4, threads: 2, verbose: .silent) }
        try expectTrainingError(words) { try model.evaluate(data, threads: 2) }
        try expectTrainingError("row 17 of the inputs: index \(value)") {
            try model.predict(data[0..<40].inputs)
        }
        #expect(try model.predict(data[0..<17].inputs).shape == [17, 3])
        try model.fit(indices(0), shards: 4, threads: 2, verbose: .silent)
    }

    @Test(arguments: [1, 2]) func indicesThatAriseInThePassEndTheirStep(threads: Int) throws {
        let network = Sequential([Doubling(), Embedding(7, 3), Flatten(), Dense(3, activation: .softmax)])
        let (data, right) = (try indices(3.5), try indices(3))
        let words = "sample 17 of words: index 7.0, expected a whole number in 0 ..< 7"
        let step = try TrainingStep(
            network: network, input: [2], optimizer: .adam(), loss: .sparseCategoricalCrossentropy,
            batchSize: 10, shards: 4, threads: threads)
        let before = step.parameters.fingerprint
        try expectTrainingError("step 1: \(words); no update was made") {
            try step.run(Array(10..<20)[...], of: data, learningRate: 0.1)
        }
        #expect(step.parameters.fingerprint == before)
        #expect(step.state.buffers.allSatisfy { $0[0..<$0.count].allSatisfy { $0 == 0 } })
        _ = try step.run(Array(10..<20)[...], of: right, learningRate: 0.1)
        #expect(step.parameters.fingerprint != before)

        let model = network.compile(loss: .sparseCategoricalCrossentropy)
        try expectTrainingError(words) { try model.fit(data, shards: 4, threads: threads, verbose: .silent) }
        try expectTrainingError(words) { try model.evaluate(data, threads: threads) }
        try model.fit(right, shards: 4, threads: threads, verbose: .silent)
    }

    /// Without a training step there is nobody to throw: the pass says it, and its gradients can do no harm unseen.
    @Test func aBarePassSaysWhatItRefused() {
        for bad: Float in [-1, 2.5, 3, .nan] {
            let tape = Tape()
            let logits = tape.watched(Tensor.zeros([2, 3]))
            let losses = logits.sparseCategoricalCrossentropy(Tensor([0, bad]), fromLogits: true)
            #expect(tape.refused?.row == 1 && tape.refused?.problem.hasPrefix("target \(bad), expected") == true)
            tape.backward(from: losses)
            #expect(tape.gradient(of: logits).scalars.contains { $0.isNaN })
        }
        let tape = Tape()
        let table = tape.watched(Tensor.zeros([3, 2]))
        tape.backward(from: table.gathered(Tensor([1, 9, 2, -4]).reshaped([2, 2])))
        #expect(tape.refused?.row == 0 && tape.refused?.problem == "index 9.0, expected a whole number in 0 ..< 3")
    }

    @Test func predictTakesNoRowsAndRefusesNoNumber() throws {
        let model = model(.meanSquaredError, outputs: 3, .linear)
        #expect(try model.predict(Tensor.zeros([0, 3])).shape == [0, 3])
        #expect(throws: TrainingError.self) { try model.predict(Tensor(repeating: 1)) }
    }

    private func expectTrainingError(
        _ words: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any
    ) throws {
        let error = #expect(throws: TrainingError.self, sourceLocation: sourceLocation) { _ = try body() }
        #expect(
            error?.description.contains(words) == true, "lacks '\(words)': \(error?.description ?? "")",
            sourceLocation: sourceLocation)
    }
}
