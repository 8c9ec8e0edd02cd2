// An operation of one's own: its way back is compared with differences of its value, then a layer made of it is trained
// like any other, alone or under mpirun.

import Lockstep

/// Numbers in -1.5 ..< 1.5.
func numbers(_ shape: Shape, _ index: Int) -> Tensor {
    .uniform(shape, -1.5, 1.5, key: RandomKey(seed: 7, purpose: .initialization, index: index))
}

/// The largest difference between the gradients that `operation` gives for the sum of its results and central
/// differences of that sum.
func gradientError(_ operation: ([Variable]) -> Variable, _ inputs: [Tensor]) throws -> Float {
    func sum(_ inputs: [Tensor]) -> Float {
        let tape = Tape(.inference)
        return operation(inputs.map(tape.constant)).value.sum().scalar
    }
    let tape = Tape()
    let variables = inputs.map(tape.watched)
    tape.backward(from: operation(variables))
    let step: Float = 0.01
    var largest: Float = 0
    for (number, input) in inputs.enumerated() {
        let gradient = tape.gradient(of: variables[number]).scalars
        for index in 0..<input.shape.count {
            func changed(_ change: Float) throws -> Float {
                var scalars = input.scalars
                scalars[index] += change
                var changed = inputs
                changed[number] = try Tensor(input.shape, scalars)
                return sum(changed)
            }
            let difference = (try changed(step) - changed(-step)) / (2 * step)
            largest = max(largest, abs(gradient[index] - difference))
        }
    }
    return largest
}

withWorld { world in
    func show(_ text: String) { if world.rank == 0 { print(text) } }

    let error = try gradientError({ gated($0[0], by: $0[1]) }, [numbers([4, 5], 0), numbers([4, 5], 1)])
    show("gradients differ from differences by at most \(error)")
    // Sums of order 10 are rounded to 1e-6, which the differences divide by 0.02.
    guard error < 1e-3 else { throw TrainingError("the way back of 'gated' is wrong") }

    // The layer under a name, so that model files can name it like any other.
    let layers = LayerRegistry.standard.adding("gated-dense", keys: ["units", "kernel-regularizer"]) {
        (options) throws(ModelFileError) in
        GatedDense(
            try options.integer("units"), kernelRegularizer: try options.regularizer("kernel-regularizer"))
    }
    let network = try ModelFile(
        text: """
            layers:
              - flatten
              - gated-dense: {units: 32, kernel-regularizer: {l2: 1e-4}}
              - dense: {units: 10, activation: softmax}
            """, layers: layers
    ).model
    var optimizer = Optimizer.adam()
    optimizer.groups = [ParameterGroup("gated_dense.gate", rateFactor: 0.5)]
    let model = network.compile(optimizer: optimizer, loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    let (train, test) = SyntheticDigits.load()
    try model.fit(train.prefix(2000), epochs: 4, batchSize: 64, seed: 1, shards: 4, verbose: .silent, on: world)
    let result = try model.evaluate(test, on: world)
    show("test accuracy \(result.accuracy ?? .nan)")
    guard result.accuracy ?? 0 > 0.75, let fingerprint = model.fingerprint else {
        throw TrainingError("the layer has learned nothing")
    }
    show("fingerprint \(fingerprint)")
}
