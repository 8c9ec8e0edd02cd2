// Every metric against what scikit-learn computes (scripts/reference/metrics.py), whole and in parts; metrics of a user's
// own; names; and what a metric can't be told of.

import Autograd
import Foundation
import Streams
import Tensors
import Testing
import Training

/// Outputs, targets and weights, and what each metric makes of them.
struct MetricReference: Decodable, Sendable, CustomTestStringConvertible {
    let title: String
    let loss: String
    let shape: [Int]
    let outputs: [Float]
    let targetShape: [Int]
    let targets: [Float]
    let weightShape: [Int]?
    let weights: [Float]?
    /// nil where it is not defined.
    let expected: [String: Double?]
    let confusion: [Double]?
    /// Precision, recall, F1 and support of each class.
    let report: [[Double]]?

    var testDescription: String { title }

    static let all = referenceFile([MetricReference].self, "metrics.json")

    /// The samples of a range as metrics see them.
    func batch(_ range: Range<Int>? = nil) throws -> MetricBatch {
        let loss = try Loss.named(loss, fromLogits: loss.contains("crossentropy") ? false : nil)
        let range = range ?? 0..<shape[0]
        func part(_ shape: [Int], _ values: [Float]) throws -> Tensor {
            try Tensor(Shape(shape), values).sliced(axis: 0, range)
        }
        return loss.seen(
            Tape(.inference).constant(try part(shape, outputs)), try part(targetShape, targets),
            weights: try weightShape.map { try part($0, weights ?? []) })
    }

    /// In three parts, of which one may be empty.
    func parts() throws -> [MetricBatch] {
        try [0..<(shape[0] / 3), (shape[0] / 3)..<(shape[0] - 1), (shape[0] - 1)..<shape[0]]
            .filter { !$0.isEmpty }.map { try batch($0) }
    }

    func value(_ metric: Metric) throws -> Double {
        if metric.isOfSums {
            let output = Shape(Array(shape.dropFirst()))
            let sums = try parts().map(metric.sums)
                .reduce([Double](repeating: 0, count: metric.sumCount(output: output))) { zip($0, $1).map(+) }
            return metric.value(sums)
        }
        let whole = try batch()
        return metric.value(
            ScoredSamples(probabilities: whole.probabilities, targets: whole.targets, weights: whole.weights))
    }
}

@Suite struct MetricTests {
    @Test func everyMetricIsThere() {
        let known = Set(MetricReference.all.flatMap { $0.expected.keys })
        // Bits are compared with PyTorch's, in LanguageTests.swift.
        for name in Metric.names where name != "top_5_accuracy" && !name.hasPrefix("bits_per_") {
            #expect(known.contains(name), "\(name)")
        }
    }

    @Test(arguments: MetricReference.all) func agreesWithScikitLearn(_ reference: MetricReference) throws {
        for (name, expected) in reference.expected {
            let metric = try Metric.named(name)
            #expect(metric.name == name)
            let found = try reference.value(metric)
            guard let expected else {
                #expect(found.isNaN, "\(name): \(found)")
                continue
            }
            // Logarithms are those of floats; all else is double precision.
            let tolerance = name == "perplexity" ? 1e-6 : name == "r2_score" ? 1e-9 : 1e-12
            #expect(abs(found - expected) <= tolerance * max(1, abs(expected)), "\(name): \(found), not \(expected)")
        }
    }

    /// The same of logits.
    @Test(arguments: MetricReference.all.filter { $0.loss.contains("categorical") && $0.shape.last! > 2 })
    func logitsAreTakenForProbabilities(_ reference: MetricReference) throws {
        let loss = try Loss.named(reference.loss, fromLogits: true)
        let probabilities = try Tensor(Shape(reference.shape), reference.outputs)
        let logits = probabilities.scalars.map { $0 == 0 ? -1e4 : log($0) + 3 }
        let batch = loss.seen(
            Tape(.inference).constant(try Tensor(probabilities.shape, logits)),
            try Tensor(Shape(reference.targetShape), reference.targets),
            weights: try reference.weightShape.map { try Tensor(Shape($0), reference.weights ?? []) })
        for (found, expected) in zip(batch.probabilities.scalars, probabilities.scalars) {
            #expect(abs(found - expected) < 1e-6)
        }
        for (name, expected) in reference.expected {
            let metric = try Metric.named(name)
            let found = metric.value(metric.sums(batch))
            #expect(abs(found - (expected ?? .nan)) < (name == "perplexity" ? 1e-5 : 1e-12), "\(name)")
        }
    }

    /// What the loss has computed is not computed again, and is the same to the bit.
    @Test func surpriseIsSharedWithTheLoss() throws {
        let logits: [Float] = (0..<105).map { (index: Int) -> Float in Float((index * 37) % 101) / 9 - 5 }
        let predictions = Tape(.inference).constant(try Tensor([3, 5, 7], logits))
        let targets = try Tensor([3, 5], (0..<15).map { Float(($0 * 5) % 7) })
        let weights = try Tensor([3, 5], (0..<15).map { Float($0 % 4) / 2 })
        let loss = Loss.sparseCategoricalCrossentropy(fromLogits: true)
        func sums(_ loss: Loss, _ terms: Variable?) -> [[Double]] {
            let seen = loss.seen(predictions, targets, terms: terms, weights: weights)
            return [Metric.perplexity, .bitsPerCharacter, .perplexity].map { $0.sums(seen) }
        }
        let alone = sums(loss, nil)
        #expect(
            alone[0] == alone[1] && alone[0] == alone[2] && alone[0][1] == weights.scalars.reduce(0) { $0 + Double($1) }
        )
        #expect(sums(loss, loss.positions(predictions, targets)) == alone)
        let ones = Tape(.inference).constant(Tensor(repeating: 1, [3, 5]))
        #expect(sums(loss, ones)[0][0] == alone[0][1])
        // A smoothed loss is another number.
        #expect(sums(.sparseCategoricalCrossentropy(fromLogits: true, labelSmoothing: 0.1), ones) == alone)
    }

    private func batch(
        _ loss: Loss, _ shape: Shape, _ outputs: [Float], _ targetShape: Shape, _ targets: [Float],
        weights: Tensor? = nil
    ) throws -> MetricBatch {
        loss.seen(
            Tape(.inference).constant(try Tensor(shape, outputs)), try Tensor(targetShape, targets), weights: weights)
    }

    @Test func aHingesAnswerIsItsSide() throws {
        let outputs: [Float] = [0.3, -0.2, 2, -1]
        for targets: [Float] in [[1, -1, 1, 1], [1, 0, 1, 1]] {
            let batch = try batch(.hinge, [4, 1], outputs, [4, 1], targets)
            #expect(Metric.accuracy.value(Metric.accuracy.sums(batch)) == 0.75)
            #expect(Metric.recall.value(Metric.recall.sums(batch)) == 2.0 / 3)
        }
    }

    @Test func aLogitsAnswerIsTheSideOfZero() throws {
        let batch = try batch(
            .binaryCrossentropy(fromLogits: true), [4, 1], [0.3, -0.2, 1e-20, -1], [4, 1], [1, 0, 1, 1])
        #expect(Metric.accuracy.value(Metric.accuracy.sums(batch)) == 0.75)
        #expect(Metric.precision.value(Metric.precision.sums(batch)) == 1)
        #expect(batch.probabilities.scalars[2] == 0.5)
    }

    /// Every position counts, by the weight of its own or of its sample.
    @Test func weightsReachPositions() throws {
        let outputs: [Float] = [0.9, 0.1, 0.2, 0.8, 0.7, 0.3, 0.6, 0.4]
        for (weights, expected) in [
            (nil, 0.75), (Tensor([1, 0]), 1), (Tensor([0, 3]), 0.5),
            (try Tensor([2, 2], [1, 1, 0, 2]), 0.5), (Tensor([0, 0]), 0),
        ] as [(Tensor?, Double)] {
            let batch = try batch(
                .sparseCategoricalCrossentropy(fromLogits: false), [2, 2, 2], outputs, [2, 2], [0, 1, 0, 1],
                weights: weights)
            #expect(Metric.accuracy.value(Metric.accuracy.sums(batch)) == expected)
            #expect(Metric.topK(2).value(Metric.topK(2).sums(batch)) == (expected == 0 ? 0 : 1))
        }
    }

    /// As Keras counts: a class is among the k largest where fewer than k are larger.
    @Test func tiesAreAmongTheLargest() throws {
        let batch = try batch(
            .sparseCategoricalCrossentropy(fromLogits: false), [3, 4],
            [0.25, 0.25, 0.25, 0.25, 0.4, 0.3, 0.3, 0, 0.4, 0.3, .nan, 0.3], [3], [3, 2, 2])
        #expect(Metric.topK(1).sums(batch) == [1, 3])
        #expect(Metric.topK(2).sums(batch) == [2, 3])
    }

    @Test func whatIsMaskedMayBeAnything() throws {
        let weights = Tensor([1, 0])
        for metric in [
            Metric.meanAbsoluteError, .meanSquaredError, .rootMeanSquaredError, .r2Score, .meanAbsolutePercentageError,
        ] {
            let masked = try batch(.meanSquaredError, [2, 1], [3, .nan], [2, 1], [2, 5], weights: weights)
            let alone = try batch(.meanSquaredError, [1, 1], [3], [1, 1], [2])
            #expect(metric.value(metric.sums(masked)) == metric.value(metric.sums(alone)))
        }
    }

    // MARK: A user's own

    @Test func oneOfSums() throws {
        let nearby = Metric("within_1", largerIsBetter: true, sums: 2) { batch in
            let errors = zip(batch.outputs.scalars, batch.targets.scalars).map { abs($0 - $1) }
            return [Double(errors.count { $0 <= 1 }), Double(errors.count)]
        } value: {
            $0[0] / $0[1]
        }
        let batch = try batch(.meanSquaredError, [4, 1], [1, 2, 3, 4], [4, 1], [1, 4, 2.5, 9])
        #expect(nearby.isOfSums && nearby.sumCount(output: [1]) == 2 && nearby.largerIsBetter)
        #expect(nearby.value(nearby.sums(batch)) == 0.5 && "\(nearby)" == "within_1")
        #expect(nearby.defect(.meanSquaredError, output: [1], target: [1], data: "", firstTarget: { _ in 3 }) == nil)
    }

    @Test func oneOfScores() throws {
        let worst = Metric("worst", largerIsBetter: false) { samples in
            zip(samples.probabilities.scalars, samples.targets.scalars).map { Double(abs($0 - $1)) }.max() ?? 0
        }
        let batch = try batch(.meanSquaredError, [2, 1], [1, 2], [2, 1], [1, 4])
        #expect(!worst.isOfSums && worst.sumCount(output: [1]) == 0 && worst.sums(batch).isEmpty)
        #expect(worst.value(ScoredSamples(probabilities: batch.outputs, targets: batch.targets)) == 2)
    }

    @Test func aWrongNumberOfSumsIsNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let wrong = Metric("wrong", largerIsBetter: true, sums: 2, of: { _ in [1] }, value: { $0[0] })
            _ = wrong.sums(Loss.meanSquaredError.seen(Tape(.inference).constant(.zeros([1, 1])), .zeros([1, 1])))
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("metric wrong gave 1 sums, expected 2"))
    }

    // MARK: Names and directions

    @Test func namesRoundTrip() throws {
        for name in Metric.names {
            #expect(try Metric.named(name).name == name)
            #expect(try Metric.named(name.replacing("_", with: "-").uppercased()).name == name)
        }
        for (alias, name) in [
            ("top-3-accuracy", "top_3_accuracy"), ("top_k_categorical_accuracy", "top_5_accuracy"), ("f1", "f1_score"),
            ("f1-macro", "f1_score_macro"), ("recall_class_12", "recall_class_12"), ("r2", "r2_score"),
            ("rmse", "root_mean_squared_error"), ("mae", "mean_absolute_error"), ("top-2", "top_2_accuracy"),
            ("f1_score-weighted", "f1_score_weighted"), ("precision-micro", "precision_micro"), ("pr-auc", "auc_pr"),
        ] {
            #expect(try Metric.named(alias).name == name)
        }
        for wrong in [
            "acuracy", "top-0-accuracy", "f1-mean", "precision_class_", "", "top_99999999999999999999_accuracy",
        ] {
            let error = #expect(throws: TrainingError.self) { try Metric.named(wrong) }
            #expect(error?.description.contains("unknown metric '\(wrong)'") == true)
            #expect(error?.description.contains("perplexity") == true)
        }
        let error = #expect(throws: TrainingError.self) { try Metric.named("acuracy") }
        #expect(error?.description.contains("did you mean 'accuracy'?") == true)
    }

    @Test func directionsAreKnown() throws {
        let smaller: Set = [
            "perplexity", "mean_absolute_error", "mean_squared_error", "root_mean_squared_error",
            "mean_absolute_percentage_error", "bits_per_token", "bits_per_character", "bits_per_byte",
        ]
        for name in Metric.names { #expect(try Metric.named(name).largerIsBetter != smaller.contains(name), "\(name)") }
    }

    // MARK: Defects

    @Test func whatCannotBeToldIsSaid() {
        func defect(_ metric: Metric, _ loss: Loss, _ output: Shape, _ target: Shape) -> String? {
            metric.defect(loss, output: output, target: target, data: "mine") { [0, 3.5].first(where: $0) }
        }
        let sparse = Loss.sparseCategoricalCrossentropy
        for metric in [Metric.accuracy, .precision, .recall, .f1Score, .topK(2), .auc, .aucPR, .binaryAccuracy] {
            #expect(defect(metric, .meanSquaredError, [1], [1])?.contains("values such as 3.5") == true)
            #expect(defect(metric, .binaryCrossentropy, [1], [1]) == nil)
        }
        for metric in [Metric.auc, .aucPR] {
            #expect(defect(metric, sparse, [2], []) == nil)
            #expect(defect(metric, sparse, [3], [])?.contains("the model has 3 outputs") == true)
            #expect(defect(metric, .binaryCrossentropy, [2], [2]) != nil)
        }
        #expect(
            defect(.precision(average: .oneClass(3)), sparse, [3], [])
                == "precision_class_3: there is no class 3 among 3")
        #expect(defect(.precision(average: .oneClass(2)), sparse, [3], []) == nil)
        #expect(defect(.recall(average: .oneClass(1)), .binaryCrossentropy, [1], [1]) == nil)
        for metric in [Metric.meanAbsoluteError, .r2Score, .rootMeanSquaredError] {
            #expect(defect(metric, sparse, [3], [])?.contains("compares values") == true)
            #expect(defect(metric, .meanSquaredError, [3], [3]) == nil)
        }
        #expect(defect(.perplexity, sparse, [3], []) == nil)
        #expect(defect(.perplexity, .categoricalCrossentropy, [4, 3], [4, 3]) == nil)
        #expect(defect(.perplexity, .meanSquaredError, [3], [3])?.contains("probabilities of classes") == true)
    }
}
