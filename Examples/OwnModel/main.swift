// The lower road, for a model or a loop of one's own: three ways to train the same class, from the bare autograd
// engine up to `fit`. Alone and under mpirun the last two end with the same bits.

import Lockstep

let steps = 60
let batchSize = 64
let seed: UInt64 = 7

/// 1: everything by hand, in one process.
func trainByHand(_ network: Classifier, _ data: any Dataset) throws -> Fingerprint {
    let parameters = try network.makeParameterBuffer(input: data.input.shape, seed: seed)
    let gradients = parameters.makeGradients()
    let (optimizer, loss) = (Optimizer.adam(), Loss.sparseCategoricalCrossentropy)
    let state = optimizer.makeState(for: parameters)
    let workspace = Workspace()
    for step in 0..<steps {
        let batch = try data.batch(numbers(ofStep: step), in: workspace)
        let tape = Tape(
            .training, context: StepContext(seed: seed, step: step), workspace: workspace, buffer: parameters,
            gradients: gradients)
        let losses = loss(network(tape.constant(batch.inputs)), batch.targets)
        if let refused = tape.refused { throw refused }
        tape.backward(from: losses, weight: 1 / Float(batchSize))
        optimizer.update(parameters, gradients: gradients, state: state, step: step + 1)
    }
    return parameters.fingerprint
}

/// 2: the loop by hand, the step data-parallel: the shards of every batch are divided among the ranks of `world`.
func trainByStep(_ network: Classifier, _ data: any Dataset, on world: World) throws -> Fingerprint {
    let step = try TrainingStep(
        network: network, input: data.input.shape, optimizer: .adam(), loss: .sparseCategoricalCrossentropy,
        batchSize: batchSize, seed: seed, on: world)
    for number in 0..<steps {
        let report = try step.run(numbers(ofStep: number), of: data)
        if world.rank == 0, (number + 1) % 20 == 0 { print("  step \(number + 1): loss \(report.loss)") }
    }
    try step.close()
    return step.parameters.fingerprint
}

/// 3: compiled and fitted like any other model.
func trainByFit(_ network: Classifier, _ data: any Dataset, on world: World) throws -> Fingerprint? {
    let model = network.compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    try model.fit(
        data, epochs: 1, batchSize: .samples(batchSize), shuffle: false, seed: seed, verbose: .silent, on: world)
    return model.fingerprint
}

/// The samples of a step, in the order of the set.
func numbers(ofStep step: Int) -> ArraySlice<Int> {
    Array(step * batchSize..<(step + 1) * batchSize)[...]
}

withWorld { world in
    let data = try SyntheticDigits.load().train.prefix(steps * batchSize)
    func show(_ text: String) { if world.rank == 0 { print(text) } }

    show("by hand, one shard:     \(try trainByHand(Classifier(), data))")
    show("by TrainingStep, 4 shards of 16, on \(world.size) ranks:")
    let byStep = try trainByStep(Classifier(), data, on: world)
    show("by TrainingStep:        \(byStep)")
    let byFit = try trainByFit(Classifier(), data, on: world)
    guard byFit == byStep else { throw TrainingError("fit and TrainingStep differ") }
    show("fingerprint \(byStep)")
}
