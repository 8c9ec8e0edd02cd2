// Trains on series of unequal length with weights of samples and of classes, a short last batch and a shard that weighs
// nothing, and prints what comes out: every rank the hashes of its weights and of all digits of its metrics, rank 0 these
// too. Run by Tests/TrainingTests/WeightedLayoutTests.swift, alone and under mpirun.
//
//     WeightedProbe THREADS REDUCTION FOLDER STEPS...
//
// A `fit` for each of STEPS: up to that step, going on in FOLDER; 0 to the end. FOLDER `-`: fits in a row, each of a
// whole run.

import Lockstep

/// Up to 6 positions of 3 numbers, a question for each position. Some have none at all.
struct Series: Dataset {
    let seed: UInt64
    let count: Int
    var name: String { "series \(seed)" }
    var input: Field { Field("series", shape: [6, 3], kind: .numbers) }
    var target: Field { Field("answer", shape: [6], kind: .classes(2)) }
    var isWeighted: Bool { true }

    private func random(_ sample: Int) -> RandomStream {
        RandomStream(seed: seed, purpose: .samples, b: UInt32(sample))
    }

    /// Samples 48 to 63 are all of a shard.
    func weight(of sample: Int) -> Float { 48..<64 ~= sample ? 0 : Float(sample % 5) * 0.37 }
    func length(of sample: Int) -> Int? { sample % 7 }
    func classNumber(of sample: Int) -> Int? { sample % 3 == 0 ? 1 : 0 }

    func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        for (row, number) in numbers.enumerated() {
            var random = random(number)
            for position in 0..<6 {
                var sum: Float = number % 3 == 0 ? 0.4 : 0
                for place in 0..<3 {
                    let value = 2 * random.uniform() - 1
                    inputs[(row * 6 + position) * 3 + place] = value
                    sum += value
                }
                targets[row * 6 + position] = sum + random.uniform() > 0.5 ? 1 : 0
            }
        }
    }
}

withWorld { world in
    let words = Array(CommandLine.arguments.dropFirst())
    guard words.count > 3, let threads = Int(words[0]), let reduction = LossReduction(rawValue: words[1]) else {
        throw TrainingError("usage: WeightedProbe THREADS REDUCTION FOLDER STEPS...")
    }
    func makeModel() -> Model {
        Sequential([Dense(8, activation: .relu), Dropout(0.1), Dense(1, activation: .sigmoid)]).compile(
            optimizer: .adam(learningRate: 0.01), loss: .binaryCrossentropy,
            metrics: [.accuracy, .auc, .f1Score, .aucPR])
    }
    // 64 a batch, 16 a shard, and 22 in the last batch.
    let (data, validation) = (try ClassWeighted.balanced(Series(seed: 1, count: 150)), Series(seed: 2, count: 520))
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.threads) = (3, 64, 4, threads)
    (options.shuffle, options.lossReduction, options.verbosity) = (false, reduction, .silent)
    options.validateEveryNSteps = 2
    let kept = makeModel()
    for steps in words.dropFirst(3).compactMap({ Int($0) }) {
        options.maxSteps = steps > 0 ? steps : nil
        var settings: RunSettings?
        if words[2] != "-" {
            settings = RunSettings(folder: words[2], configuration: "", modelName: "weighted")
            settings?.resume = .automatic
        }
        let model = settings == nil ? kept : makeModel()
        let history = try model.fit(data, validationData: validation, options: options, settings: settings, on: world)
        var numbers = history.epochs.last.map { $0.map { ($0.key, $0.value) } } ?? []
        for (name, set) in [("train", data as any Dataset), ("test", validation), ("few", Series(seed: 3, count: 5))] {
            let found = try model.evaluate(set, reduction: reduction, threads: threads, on: world)
            numbers += (found.names + ["loss"]).map { ("\(name).\($0)", found[$0] ?? -1) }
        }
        let texts = numbers.sorted { $0.0 < $1.0 }.map { "\($0)=\($1)" }
        let hash = Array(texts.joined().utf8).withUnsafeBytes(Fingerprint.init(of:))
        try world.communicator.barrier()
        // Long lines of several ranks would be mixed up.
        if world.rank == 0 { for text in texts { writeToStandardOutput(text + "\n") } }
        writeToStandardOutput("\(world.rank) \(model.fingerprint.map { "\($0)" } ?? "none") \(hash)\n")
    }
}
