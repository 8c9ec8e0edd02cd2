// A loss of one's own on series of unequal length whose samples count unequally: the network learns the value below which
// nine of ten targets lie. The same bits alone and under mpirun.

import Lockstep

/// Makes small what leaves the share `share` of the targets below the predictions (Koenker, Bassett 1978): a term for
/// each output. Weights, positions beyond a sample's length, and the mean are not its business.
func quantile(_ share: Float) -> Loss {
    Loss("quantile_\(share)", targets: .values) { predictions, targets in
        let error = predictions.tape.constant(targets) - predictions
        return Variable.max(share * error, (share - 1) * error)
    }
}

/// How much of the weight lies below the predictions. Positions beyond a sample's length weigh 0.
let below = Metric("below", largerIsBetter: true, sums: 2) { batch in
    let (outputs, targets) = (batch.outputs.scalars, batch.targets.scalars)
    var sums = [0.0, 0.0]
    for position in 0..<batch.positions {
        let weight = batch.weight(position)
        if targets[position] < outputs[position] { sums[0] += weight }
        sums[1] += weight
    }
    return sums
} value: {
    $0[1] > 0 ? $0[0] / $0[1] : 0
}

/// Series of 1 to 8 positions: x and a target between x and x + 1. Beyond its end a series holds `padding`.
func series(_ count: Int, seed: UInt64, padding: Float) throws -> ArrayDataset {
    var random = RandomStream(seed: seed, purpose: .samples)
    var (inputs, targets, weights, lengths) = ([Float](), [Float](), [Float](), [Int]())
    for _ in 0..<count {
        let length = 1 + random.integer(below: 8)
        let isHeavy = random.uniform() < 0.25
        for position in 0..<8 {
            let (x, noise) = (2 * random.uniform() - 1, random.uniform())
            inputs.append(position < length ? x : padding)
            // Samples that count more lie higher, so that weights show.
            targets.append(position < length ? x + (isHeavy ? noise : 0.5 * noise) : padding)
        }
        weights.append(isHeavy ? 9 : 1)
        lengths.append(length)
    }
    return try ArrayDataset(
        inputs: Tensor([count, 8, 1], inputs), targets: Tensor([count, 8, 1], targets), weights: weights,
        lengths: lengths, name: "series")
}

func train(_ data: any Dataset, on world: World) throws -> Model {
    let model = Sequential([Dense(16, activation: .tanh), Dense(1)])
        .compile(optimizer: .adam(learningRate: 0.01), loss: quantile(0.9), metrics: [below])
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.verbosity) = (20, 64, 4, .silent)
    // Divides by the weights' sum, so that a batch of heavy samples makes no larger steps.
    options.lossReduction = .weightedMean
    try model.fit(data, options: options, on: world)
    return model
}

withWorld { world in
    let model = try train(series(3000, seed: 1, padding: 0), on: world)
    let result = try model.evaluate(series(3000, seed: 2, padding: 0), reduction: .weightedMean, on: world)
    guard let share = result["below"], abs(share - 0.9) < 0.03 else {
        throw TrainingError("expected 0.9 of the weight below the predictions, got \(result["below"] ?? .nan)")
    }
    // What stands beyond the ends changes nothing.
    let other = try train(series(3000, seed: 1, padding: 7), on: world)
    guard let fingerprint = model.fingerprint, fingerprint == other.fingerprint else {
        throw TrainingError("the padding was learned")
    }
    if world.rank == 0 { print("below \(share), loss \(result.loss)\nfingerprint \(fingerprint)") }
}
