// What weights and lengths mean, against sums by hand; and what can't be weighted, counted or told.

import Datasets
import Foundation
import Layers
import Optimizers
import Tensors
import Testing
import Training

@Suite struct WeightTests {
    private static let count = 40
    private static let positions = 4

    /// Series of 0 to 4 positions with weights, of which some are 0.
    private func series(padding: Float = 0, weights: Bool = true) throws -> ArrayDataset {
        let (count, positions) = (WeightTests.count, WeightTests.positions)
        let lengths = (0..<count).map { $0 % 5 }
        func padded(_ value: (Int) -> Float) -> [Float] {
            (0..<count * positions).map { $0 % positions < lengths[$0 / positions] ? value($0) : padding }
        }
        return try ArrayDataset(
            inputs: Tensor([count, positions, 1], padded { sin(Float($0)) }),
            targets: Tensor([count, positions], padded { $0 * 7 % 3 == 0 ? 1 : 0 }),
            weights: weights ? (0..<count).map { Float($0 % 3) } : nil, lengths: lengths)
    }

    private func model(_ metrics: [Metric] = []) throws -> Model {
        let model = Sequential([Dense(3, activation: .tanh), Dense(1, activation: .sigmoid)])
            .compile(optimizer: .sgd(learningRate: 0.1), loss: .binaryCrossentropy, metrics: metrics)
        try model.build(input: [WeightTests.positions, 1], seed: 3)
        return model
    }

    private func options(_ change: (inout FitOptions) -> Void = { _ in }) -> FitOptions {
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.threads) = (2, 16, 4, 1)
        options.verbosity = .silent
        change(&options)
        return options
    }

    /// Each counted position with its weight, its probability and its target.
    private func counted(_ data: ArrayDataset, _ model: Model) throws -> [(weight: Double, p: Double, target: Double)] {
        let batch = try data[0..<data.count]
        let outputs = try model.predict(batch.inputs).scalars
        return outputs.indices.compactMap { index in
            let (sample, position) = (index / WeightTests.positions, index % WeightTests.positions)
            guard position < data.length(of: sample)! else { return nil }
            return (Double(data.weight(of: sample)), Double(outputs[index]), Double(batch.targets.scalars[index]))
        }
    }

    @Test(arguments: [true, false]) func evaluationIsThatOfSumsByHand(isWeighted: Bool) throws {
        let (data, model) = (try series(weights: isWeighted), try model([.accuracy, .auc, .aucPR]))
        let all = try counted(data, model)
        let total = all.reduce(0) { $0 + $1.weight }
        let loss = all.reduce(0) { $0 - $1.weight * ($1.target * log($1.p) + (1 - $1.target) * log(1 - $1.p)) }
        let hits = all.reduce(0) { $0 + (($1.p > 0.5) == ($1.target == 1) ? $1.weight : 0) }
        var (right, pairs) = (0.0, 0.0)
        for positive in all where positive.target == 1 {
            for negative in all where negative.target == 0 {
                let weight = positive.weight * negative.weight
                right += weight * (positive.p > negative.p ? 1 : positive.p == negative.p ? 0.5 : 0)
                pairs += weight
            }
        }
        let mean = try model.evaluate(data)
        let weighted = try model.evaluate(data, reduction: .weightedMean)
        #expect(abs(mean.loss - loss / Double(all.count)) < 1e-6)
        #expect(abs(weighted.loss - loss / total) < 1e-6)
        for found in [mean, weighted] {
            #expect(abs(try #require(found.accuracy) - hits / total) < 1e-12)
            #expect(abs(try #require(found["auc"]) - right / pairs) < 1e-12)
        }
    }

    /// Neither weights, nor loss, nor metrics see what stands beyond a series' end.
    @Test func paddingChangesNothing() throws {
        let found = try [Float(0), 1].map { padding in
            let data = try series(padding: padding)
            let model = try model([.accuracy, .auc, .f1Score, .meanSquaredError])
            let history = try model.fit(data, validationData: data, options: options())
            return (try #require(model.fingerprint), try #require(history.epochs.last), try model.evaluate(data))
        }
        #expect(found[0].0 == found[1].0 && found[0].1 == found[1].1 && found[0].2 == found[1].2)
    }

    /// A loop of one's own leaves the same positions out as `fit` does.
    @Test func aLoopOfOnesOwnHeedsLengths() throws {
        let (data, fitted) = (try series(), try model())
        try fitted.fit(data, options: options { ($0.epochs, $0.shuffle) = (1, false) })
        let network = Sequential([Dense(3, activation: .tanh), Dense(1, activation: .sigmoid)])
        let own = try TrainingStep(
            network: network, input: [WeightTests.positions, 1], optimizer: .sgd(learningRate: 0.1),
            loss: .binaryCrossentropy, batchSize: 16, shards: 4, seed: 3)
        for start in stride(from: 0, to: data.count, by: 16) {
            _ = try own.run(Array(start..<min(start + 16, data.count))[...], of: data, learningRate: 0.1)
        }
        try own.close()
        #expect(own.parameters.fingerprint == fitted.fingerprint)
    }

    /// Samples 4 to 7 are all of a shard; then all samples of all steps weigh nothing.
    @Test func whatWeighsNothingTeachesNothing() throws {
        let (inputs, targets) = (
            try Tensor([16, 2], (0..<32).map { sin(Float($0)) }), try Tensor([16], (0..<16).map { Float($0 % 2) })
        )
        func trained(_ weights: [Float], _ reduction: LossReduction) throws -> (fingerprint: String, loss: Double) {
            let data = try ArrayDataset(inputs: inputs, targets: targets, weights: weights, classes: 2)
            let model = Sequential([Dense(2, activation: .softmax)]).compile(
                optimizer: .sgd(learningRate: 0.1), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy, .auc])
            try model.build(input: [2], seed: 1)
            let before = "\(model.fingerprint!)"
            let history = try model.fit(data, options: options { $0.lossReduction = reduction })
            let isSame = "\(model.fingerprint!)" == before
            #expect(isSame == weights.allSatisfy { $0 == 0 })
            #expect(try model.evaluate(data, reduction: reduction).loss.isFinite)
            return ("\(model.fingerprint!)", try #require(history["loss"].last))
        }
        let partly = (0..<16).map { (4..<8).contains($0) ? Float(0) : 1 }
        for reduction in LossReduction.allCases {
            #expect(try trained(partly, reduction).loss > 0)
            #expect(try trained([Float](repeating: 0, count: 16), reduction).loss == 0)
        }
        // Weights in proportion are the same weights, where their sum divides.
        let twice = partly.map { 2 * $0 }
        #expect(try trained(partly, .weightedMean).fingerprint == trained(twice, .weightedMean).fingerprint)
        #expect(try trained(partly, .mean).fingerprint != trained(twice, .mean).fingerprint)
    }

    @Test func classWeightsAreThoseOfTheirSamples() throws {
        let (inputs, labels) = (try Tensor([6, 1], [0, 1, 2, 3, 4, 5]), Tensor([0, 0, 0, 0, 1, 1]))
        let data = try ArrayDataset(inputs: inputs, targets: labels, weights: [1, 1, 2, 2, 3, 3], classes: 2)
        let weighted = try ClassWeighted.balanced(data)
        #expect(weighted.classWeights == [0.75, 1.5])
        #expect((0..<6).map(weighted.weight(of:)) == [0.75, 0.75, 1.5, 1.5, 4.5, 4.5])
        #expect(throws: DatasetError.self) {
            try ClassWeighted(ArrayDataset(inputs: inputs, targets: labels), [1, 2])
        }
    }

    // MARK: What can't be

    /// Forwards to a set, with weights and lengths of its own.
    private struct Altered: Dataset {
        let base: ArrayDataset
        var weights: [Int: Float] = [:]
        /// -1 for none.
        var lengths: [Int: Int] = [:]
        var name: String { base.name }
        var count: Int { base.count }
        var input: Field { base.input }
        var target: Field { base.target }
        var isWeighted: Bool { true }
        func weight(of sample: Int) -> Float { weights[sample] ?? 1 }
        func length(of sample: Int) -> Int? {
            guard let length = lengths[sample] else { return base.length(of: sample) }
            return length < 0 ? nil : length
        }
        func read(
            _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
            targets: UnsafeMutableBufferPointer<Float>
        ) { base.read(numbers, inputs: inputs, targets: targets) }
    }

    @Test func weightsAndLengthsAreLookedAt() throws {
        let base = try series()
        for (data, words) in [
            (Altered(base: base, weights: [9: -1]), ": weight -1.0, expected a finite number, at least 0"),
            (Altered(base: base, weights: [9: .nan]), ": weight nan, expected"),
            (Altered(base: base, lengths: [9: 5]), " has length 5, expected 0 to the input's 4 positions"),
            (Altered(base: base, lengths: [9: -1]), " has no length, expected one"),
        ] {
            let words = "sample 9 of tensors" + words
            for threads in [1, 2] {
                let found = message { try model().fit(data, options: options { $0.threads = threads }) }
                #expect(found?.contains(words) == true, "\(found ?? "trained")")
            }
            let found = message { _ = try model().evaluate(data) }
            #expect(found?.contains(words) == true, "\(found ?? "evaluated")")
        }
    }

    @Test func namesOfMetricsAreTheirOwn() throws {
        func own(_ name: String) -> Metric {
            Metric(name, largerIsBetter: true, sums: 1, of: { _ in [1] }, value: { $0[0] })
        }
        for (names, words) in [
            (["a", "a"], "two metrics are called a"), (["loss"], "can't be called loss"),
            (["val_a"], "can't be called val_a"), (["a,b"], "'a,b' is no name"), ([""], "'' is no name"),
        ] {
            let found = message { try model(names.map(own)).fit(series(), options: options()) }
            #expect(found?.contains(words) == true, "\(found ?? "trained")")
        }
    }

    @Test func anEmptyValidationSetIsRefused() throws {
        let none = try ArrayDataset(inputs: .zeros([0, 4, 1]), targets: .zeros([0, 4]), name: "none")
        let found = message { try model().fit(series(weights: false), validationData: none, options: options()) }
        #expect(found == "validation data: none has no samples")
    }

    // MARK: The step's record

    /// A metric that is no number, or too large for one, spoils no step.
    @Test func aMetricThatIsNoNumberSpoilsNoStep() throws {
        func own(_ name: String, _ sum: Double) -> Metric {
            Metric(name, largerIsBetter: true, sums: 1, of: { [$0.positions > 12 ? sum : -1] }, value: { $0[0] })
        }
        let strange = [own("nan", .nan), own("infinite", .infinity), own("large", 1e39), own("less", -.infinity)]
        let (data, plain, odd) = (try series(), try model([.accuracy]), try model([.accuracy] + strange))
        try plain.fit(data, options: options())
        let history = try odd.fit(data, options: options { $0.threads = 2 })
        #expect(odd.fingerprint == plain.fingerprint)
        for metric in strange { #expect(history[metric.name].allSatisfy { $0.isNaN }, "\(metric)") }
        #expect(history["accuracy"].allSatisfy { $0.isFinite })
    }

    /// As many sums as a step carries are told; a metric beyond is one of validation, and said to be.
    @Test func metricsBeyondTheRecordAreToldOfValidation() throws {
        func own(_ name: String, _ count: Int) -> Metric {
            Metric(name, largerIsBetter: true, sums: count) { batch in
                (1...count).map { Double($0 * batch.outputs.shape[0]) }
            } value: {
                $0.last!
            }
        }
        let data = try series()
        for (count, fits) in [(11, true), (12, false)] {
            let history = try model([own("many", count)]).fit(data, validationData: data, options: options())
            #expect(history["many"] == (fits ? [Double(count * 40), Double(count * 40)] : []))
            #expect(history["val_many"] == [Double(count * 40), Double(count * 40)])
        }
        let both = try model([own("many", 12), own("few", 1)]).fit(data, validationData: data, options: options())
        #expect(both["few"] == [40, 40] && both["many"].isEmpty)
    }
}
