// Metrics of one's own: one that is made of sums, and so known in training too, and one that has to see all samples. Both
// are compared with what the model's predictions say. The same numbers alone and under mpirun.

import Lockstep

/// The share of answers that are off by less than `tolerance`: two sums, added up over shards, chunks and ranks in an
/// order that never changes.
func within(_ tolerance: Float) -> Metric {
    Metric("within_\(tolerance)", largerIsBetter: true, sums: 2) { batch in
        let (outputs, targets) = (batch.outputs.scalars, batch.targets.scalars)
        var (hits, all) = (0.0, 0.0)
        for position in 0..<batch.positions {
            let weight = batch.weight(position)
            if abs(outputs[position] - targets[position]) < tolerance { hits += weight }
            all += weight
        }
        return [hits, all]
    } value: { sums in
        sums[1] > 0 ? sums[0] / sums[1] : 0
    }
}

/// The median of the errors' sizes, which is no sum: of validation and evaluation only.
let medianError = Metric(
    "median_error", largerIsBetter: false,
    scores: { samples in
        median(zip(samples.probabilities.scalars, samples.targets.scalars).map { abs($0 - $1) })
    })

func median(_ values: [Float]) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? .nan : Double(sorted[(sorted.count - 1) / 2])
}

/// Two numbers and their product.
func products(_ count: Int, seed: UInt64) throws -> (data: ArrayDataset, inputs: Tensor, targets: [Float]) {
    let inputs = Tensor.uniform([count, 2], -1, 1, key: RandomKey(seed: seed, purpose: .samples))
    let numbers = inputs.scalars
    let targets = (0..<count).map { numbers[2 * $0] * numbers[2 * $0 + 1] }
    return (try ArrayDataset(inputs: inputs, targets: Tensor([count, 1], targets)), inputs, targets)
}

withWorld { world in
    let (train, test) = (try products(2000, seed: 1), try products(700, seed: 2))
    let model = Sequential([Dense(32, activation: .tanh), Dense(1)])
        .compile(optimizer: .adam(learningRate: 0.01), loss: .meanSquaredError, metrics: [within(0.1), medianError])
    let history = try model.fit(
        train.data, epochs: 10, batchSize: 32, validationData: test.data, shards: 4, verbose: .silent, on: world)
    let result = try model.evaluate(test.data, on: world)

    let errors = zip(try model.predict(test.inputs).scalars, test.targets).map { abs($0 - $1) }
    let share = Double(errors.count { $0 < 0.1 }) / Double(errors.count)
    guard result["within_0.1"] == share, result["median_error"] == median(errors), share > 0.8 else {
        throw TrainingError("expected \(share) and \(median(errors)), got \(result)")
    }
    guard history["val_median_error"].last == result["median_error"], history["within_0.1"].count == 10 else {
        throw TrainingError("the history has other numbers: \(history)")
    }
    if world.rank == 0, let fingerprint = model.fingerprint {
        print("within 0.1: \(share), median error \(median(errors))\nfingerprint \(fingerprint)")
    }
}
