// A data set of one's own that computes its samples, and transforms of one's own that change them in training: a small
// network tells sines from squares and saws. The same bits alone and under mpirun.

import Lockstep

/// Waves of any frequency and phase, computed whenever they are asked for: `[32]`, of three shapes.
struct Waves: Dataset {
    let seed: UInt64
    let count: Int

    var name: String { "waves \(seed)" }
    var input: Field { Field("wave", shape: [32], kind: .numbers) }
    var target: Field { Field("shape", shape: [], kind: .classes(3), classNames: ["sine", "square", "saw"]) }

    /// Told without computing the sample.
    func classNumber(of sample: Int) -> Int? { sample % 3 }

    /// Called by many threads: a sample follows from its number alone, and nothing is remembered.
    func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        for (row, number) in numbers.enumerated() {
            var random = RandomStream(seed: seed, purpose: .samples, b: UInt32(number))
            var phase = random.uniform()
            let frequency = 0.05 + 0.05 * random.uniform()
            for place in 0..<32 {
                inputs[32 * row + place] = Waves.value(shape: number % 3, phase: phase)
                phase += frequency
                if phase >= 1 { phase -= 1 }
            }
            targets[row] = Float(number % 3)
        }
    }

    /// In -1 ... 1, for a phase in 0 ..< 1.
    private static func value(shape: Int, phase: Float) -> Float {
        let half = phase < 0.5 ? 2 * phase : 2 * phase - 1
        let sign: Float = phase < 0.5 ? 1 : -1
        switch shape {
        // Bhaskara's sine: plain arithmetic has the same bits everywhere, a C library's sine does not.
        case 0: return sign * 16 * half * (1 - half) / (5 - 4 * half * (1 - half))
        case 1: return sign
        default: return 2 * phase - 1
        }
    }
}

/// Turns every other wave upside down. What is random follows from the context: seed, step and sample.
struct UpsideDown: Transform {
    var description: String { "upside down" }

    func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        var result = batch
        let signs = (0..<batch.inputs.shape[0]).map { index in
            var random = context.random(index)
            return Tensor(repeating: random.uniform() < 0.5 ? 1 : -1, [1, batch.inputs.shape[1]])
        }
        result.inputs = batch.inputs * Tensor.concatenated(signs, axis: 0)
        return result
    }
}

/// Adds noise to inputs `[samples, values]`.
struct Noise: Transform {
    let deviation: Float
    var description: String { "noise \(deviation)" }

    func defect(sample: Shape) -> String? { sample.rank == 1 ? nil : "noise wants samples [values], got \(sample)" }

    func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        var result = batch
        let noise = (0..<batch.inputs.shape[0]).map { index in
            Tensor.normal([1, batch.inputs.shape[1]], mean: 0, deviation: deviation, key: context.key(index))
        }
        result.inputs = batch.inputs + Tensor.concatenated(noise, axis: 0)
        return result
    }
}

withWorld { world in
    let model = Sequential([Dense(64, activation: .relu), Dense(32, activation: .relu), Dense(3, activation: .softmax)])
        .compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.verbosity) = (8, 64, 4, .silent)
    options.transforms = [UpsideDown(), Noise(deviation: 0.2)]
    try model.fit(Waves(seed: 1, count: 3000), options: options, on: world)
    let result = try model.evaluate(Waves(seed: 2, count: 900), on: world)
    guard let accuracy = result.accuracy, accuracy > 0.9, let fingerprint = model.fingerprint else {
        throw TrainingError("the waves were not learned: accuracy \(result.accuracy ?? .nan)")
    }
    if world.rank == 0 { print("accuracy \(accuracy)\nfingerprint \(fingerprint)") }
}
