// Losses of a user's own, losses by name, several positions, and what a network has to end with.

import Autograd
import Datasets
import Foundation
import Layers
import Optimizers
import Streams
import Tensors
import Testing
import Training

@Suite struct OwnLossTests {
    private static let count = 30

    private func values() throws -> ArrayDataset {
        try ArrayDataset(
            inputs: Tensor([Self.count, 2], (0..<2 * Self.count).map { sin(Float($0)) }),
            targets: Tensor([Self.count, 2], (0..<2 * Self.count).map { cos(Float($0) * 0.7) }), name: "mine")
    }

    /// The fingerprint after training, equal on 1 to 3 threads, and the loss over all samples.
    private func trained(_ loss: Loss, _ data: any Dataset, _ network: () -> Sequential) throws -> (Fingerprint, Double)
    {
        var found: [(Fingerprint, Double)] = []
        for threads in [1, 2, 3] {
            let model = network().compile(optimizer: .sgd(learningRate: 0.1), loss: loss)
            try model.build(input: data.input.shape, seed: 2)
            try model.fit(data, epochs: 2, batchSize: 8, shards: 4, threads: threads, verbose: .silent)
            found.append((try #require(model.fingerprint), try model.evaluate(data, threads: threads).loss))
        }
        #expect(Set(found.map(\.0)).count == 1 && Set(found.map(\.1)).count == 1)
        return found[0]
    }

    @Test func aTermForEachOutputIsAveraged() throws {
        let own = Loss("own", targets: .values) { predictions, targets in
            (predictions - predictions.tape.constant(targets)).square
        }
        let perSample = Loss("own", targets: .values) { predictions, targets in
            (predictions - predictions.tape.constant(targets)).square.mean(axes: [1])
        }
        let (data, network) = (try values(), { Sequential([Dense(2)]) })
        let expected = try trained(.meanSquaredError, data, network)
        #expect(try trained(own, data, network) == expected)
        #expect(try trained(perSample, data, network) == expected)
        let twice = Loss("twice", targets: .values) { 2 * ($0 - $0.tape.constant($1)).square }
        #expect(try trained(twice, data, network) != expected)
    }

    @Test func itsTargetsAreLookedAt() throws {
        let own = Loss("own", targets: .probabilities) { predictions, targets in
            (predictions - predictions.tape.constant(targets)).abs
        }
        let error = #expect(throws: TrainingError.self) {
            try Sequential([Dense(2)]).compile(loss: own).fit(values(), verbose: .silent)
        }
        #expect(error?.description.contains("expected a number in 0 ... 1 (own, model output [2])") == true)
        let other = #expect(throws: TrainingError.self) {
            try Sequential([Dense(3)]).compile(loss: own).fit(values(), verbose: .silent)
        }
        #expect(other?.description == "own wants targets like the model's output [3], got [2]")
        // A pass of its own refuses them, too.
        let tape = Tape()
        let x = tape.watched(.zeros([1, 1]))
        tape.backward(from: own(x, try Tensor([1, 1], [2])))
        #expect(tape.refused?.problem == "target 2.0, expected a number in 0 ... 1")
        #expect(tape.gradient(of: x).scalars[0].isNaN)
    }

    @Test func aWrongShapeIsNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let total = Loss("total", targets: .values) { predictions, _ in predictions.sum() }
            _ = total(Tape().constant(.zeros([3, 2])), .zeros([3, 2]))
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("total: the loss's result has shape [], expected the first axes"))
    }

    // MARK: Names

    @Test func namesRoundTrip() throws {
        for name in Loss.names {
            #expect(try Loss.named(name).name == name)
            #expect(try Loss.named(name.replacing("_", with: "-")).name == name)
        }
        for (alias, name) in [
            ("mse", "mean_squared_error"), ("MAE", "mean_absolute_error"), ("bce", "binary_crossentropy"),
            ("kld", "kl_divergence"), ("logcosh", "log_cosh"),
        ] {
            #expect(try Loss.named(alias).name == name)
        }
        #expect(Set(Loss.names).count == Loss.names.count)
    }

    @Test func descriptionsHoldParameters() throws {
        #expect("\(Loss.meanSquaredError)" == "mean_squared_error")
        #expect("\(Loss.huber())" == "huber (delta 1.0)")
        #expect("\(Loss.sparseCategoricalCrossentropy)" == "sparse_categorical_crossentropy")
        #expect(
            "\(try Loss.named("categorical-crossentropy", labelSmoothing: 0.1, fromLogits: true))"
                == "categorical_crossentropy (label smoothing 0.1, from logits)")
        #expect(
            "\(Loss.binaryFocalCrossentropy(fromLogits: false))"
                == "binary_focal_crossentropy (gamma 2.0, from probabilities)")
    }

    @Test func wrongNamesAndParametersAreErrors() {
        for (attempt, words) in [
            ({ _ = try Loss.named("hubber") }, ["unknown loss 'hubber'", "did you mean 'huber'?", "log_cosh"]),
            ({ _ = try Loss.named("mse", delta: 1) }, ["mean_squared_error has no parameter 'delta'", "has none"]),
            (
                { _ = try Loss.named("huber", labelSmoothing: 0.1) },
                ["huber has no parameter 'label smoothing'", "it has delta"]
            ),
            ({ _ = try Loss.named("huber", delta: 0) }, ["delta 0.0, expected a number above 0"]),
            ({ _ = try Loss.named("bce", labelSmoothing: 1) }, ["label smoothing 1.0, expected"]),
            ({ _ = try Loss.named("bce", labelSmoothing: .nan) }, ["label smoothing nan, expected"]),
            ({ _ = try Loss.named("binary_focal_crossentropy", gamma: -1) }, ["gamma -1.0"]),
            ({ _ = try Loss.named("binary_focal_crossentropy", alpha: 2) }, ["alpha 2.0"]),
        ] as [(() throws -> Void, [String])] {
            let error = #expect(throws: TrainingError.self) { try attempt() }
            for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
        }
    }

    // MARK: Targets and ends

    @Test func signsAreZerosAndOnesOrMinusOnesAndOnes() throws {
        let x = Tape(.inference).constant(try Tensor([1, 3], [0.5, -0.25, 3]))
        for loss in [Loss.hinge, .squaredHinge] {
            let signs = loss(x, try Tensor([1, 3], [1, -1, -1])).value.scalars
            #expect(loss(x, try Tensor([1, 3], [1, 0, 0])).value.scalars == signs)
        }
        let allowed = Loss.hinge.allowedTargets(output: [1])
        for value: Float in [-1, 0, -0.0, 1] { #expect(allowed.accepts(value)) }
        for value: Float in [-0.5, 0.5, 2, -2, .nan, -1e-30] { #expect(!allowed.accepts(value), "\(value)") }
        // By sixteens, too.
        #expect(Tensor([Float](repeating: -1, count: 32) + [-0.5]).firstViolation(of: allowed) == 32)
        #expect(
            Tensor([Float](repeating: -1, count: 5) + [-0.5] + [Float](repeating: 0, count: 40)).firstViolation(
                of: allowed) == 5)
    }

    @Test func aRateIsAboveZero() throws {
        let data = try ArrayDataset(inputs: .zeros([4, 2]), targets: Tensor([4, 1], [0, 1, 5, 2]))
        for (end, words) in [
            (ActivationFunction.linear, "layer dense ends without an activation: end with softplus"),
            (.tanh, "layer dense ends with tanh"),
        ] {
            let error = #expect(throws: TrainingError.self) {
                try Sequential([Dense(1, activation: end)]).compile(loss: .poisson).fit(data, verbose: .silent)
            }
            #expect(error?.description.contains(words) == true, "\(String(describing: error))")
        }
        try Sequential([Dense(1, activation: .softplus)]).compile(loss: .poisson).fit(data, verbose: .silent)
        let negative = try ArrayDataset(inputs: .zeros([1, 2]), targets: Tensor([1, 1], [-1]))
        #expect(throws: TrainingError.self) {
            try Sequential([Dense(1, activation: .softplus)]).compile(loss: .poisson).fit(negative, verbose: .silent)
        }
    }

    @Test func aDistributionsDivergenceIsOfProbabilities() throws {
        let logits = try Tensor([2, 3], [3, -1, 0.5, 2, 2, -4])
        let targets = try Tensor([2, 3], [0.2, 0.5, 0.3, 0.1, 0.1, 0.8])
        let data = try ArrayDataset(inputs: logits, targets: targets)
        let identity = Dense(3, useBias: false)
        let model = Sequential([identity]).compile(loss: .klDivergence)
        try model.build(input: [3])
        let kernel = identity.kernel.value.scalars
        let outputs = (0..<2).map { row in
            (0..<3).map { out in
                (0..<3).reduce(0.0) { $0 + Double(logits.scalars[row * 3 + $1]) * Double(kernel[$1 * 3 + out]) }
            }
        }
        let expected = (0..<2).reduce(0.0) { sum, row in
            let total = outputs[row].reduce(0) { $0 + exp($1) }
            return sum
                + (0..<3).reduce(0.0) {
                    let t = Double(targets.scalars[row * 3 + $1])
                    return $0 + t * (log(t) - outputs[row][$1] + log(total))
                }
        }
        #expect(abs(try model.evaluate(data).loss - expected / 2) < 1e-6)
        let tooLarge = try ArrayDataset(inputs: logits, targets: Tensor([2, 3], [0, 0, 2, 0, 0, 1]))
        #expect(throws: TrainingError.self) { try model.evaluate(tooLarge) }
    }

    // MARK: Positions

    /// A class for each position: the loss is the mean over positions, whatever computes it.
    @Test func everyPositionHasAClass() throws {
        let inputs = try Tensor([Self.count, 4, 2], (0..<8 * Self.count).map { sin(Float($0) * 1.3) })
        let classes = (0..<4 * Self.count).map { Float($0 * 5 % 7 % 3) }
        let numbers = try ArrayDataset(inputs: inputs, targets: Tensor([Self.count, 4], classes))
        let hot = try ArrayDataset(inputs: inputs, targets: Tensor([Self.count, 4], classes).oneHot(classCount: 3))
        for activation in [ActivationFunction.linear, .softmax] {
            let network = { Sequential([Dense(5, activation: .tanh), Dense(3, activation: activation)]) }
            let sparse = try trained(.sparseCategoricalCrossentropy, numbers, network)
            let dense = try trained(.categoricalCrossentropy, hot, network)
            #expect(abs(sparse.1 - dense.1) < 1e-6)
            let model = network().compile(loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
            try model.build(input: [4, 2], seed: 2)
            let accuracy = try #require(try model.evaluate(numbers).accuracy)
            let found = try model.predict(inputs).argmax().scalars
            #expect(accuracy == Double(zip(found, classes).count { $0 == $1 }) / Double(classes.count))
        }
        // An axis of length 1 may stand for the classes.
        #expect(Loss.sparseCategoricalCrossentropy.defect(output: [4, 3], target: [4, 1]) == nil)
        #expect(Loss.meanSquaredError.defect(output: [1, 1], target: []) == nil)
        #expect(Loss.meanSquaredError.defect(output: [5, 1, 1], target: [5]) == nil)
        #expect(Loss.meanSquaredError.defect(output: [1, 5], target: []) != nil)
        #expect(Loss.meanSquaredError.defect(output: [5], target: []) != nil)
        #expect(Loss.sparseCategoricalCrossentropy.defect(output: [4, 3], target: [3]) != nil)
        #expect(Loss.sparseCategoricalCrossentropy.defect(output: [3], target: []) == nil)
        #expect(Loss.sparseCategoricalCrossentropy.defect(output: [], target: []) != nil)
    }

    @Test func positionsAreKept() throws {
        let tape = Tape(.inference)
        let x = tape.constant(try Tensor([2, 2, 3], (0..<12).map { Float($0 % 5) }))
        let labels = try Tensor([2, 2], [0, 2, 1, 1])
        let losses = Loss.sparseCategoricalCrossentropy(fromLogits: true).positions(x, labels)
        #expect(losses.shape == [2, 2])
        for position in 0..<4 {
            let row = tape.constant(x.value.reshaped([4, 3]).sliced(axis: 0, position..<(position + 1)))
            let one = Loss.sparseCategoricalCrossentropy(fromLogits: true)(row, Tensor([labels.scalars[position]]))
            #expect(one.value.scalars[0] == losses.value.scalars[position])
        }
        #expect(Loss.meanSquaredError.positions(x, x.value).shape == [2, 2])
        #expect(Loss.meanSquaredError(x, x.value).shape == [2])
        let vector = tape.constant(Tensor([1, 2]))
        #expect(Loss.meanSquaredError.positions(vector, Tensor([1, 4])).value.scalars == [0, 4])
    }
}
