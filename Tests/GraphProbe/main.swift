// Trains random graphs for a few steps and prints the fingerprints of what they learn: the same on any layout. Run by
// Tests/ModelsTests/RandomGraphTests.swift.
//
//     GraphProbe FIRST COUNT THREADS [show]
//     GraphProbe outputs THREADS
//
// The second trains a model of two outputs, each with a loss, for Tests/TrainingTests/OutputLossTests.swift.

import Lockstep

/// Scales its input, and has a parameter that it does not use.
final class WithUnused: Layer {
    let scale = Parameter("scale", initializer: .ones)
    let unused = Parameter("unused", initializer: .heNormal)
    var parameters: [Parameter] { [scale, unused] }
    var positions: PositionUse { .sequence }

    func build(_ input: Shape) throws(ShapeError) -> Shape {
        try scale.declare([input[-1]])
        try unused.declare([3, 2])
        return input
    }

    func call(_ input: Variable) -> Variable { input * input.tape.parameter(scale) }
}

let layers = LayerRegistry.standard.adding("with-unused") { (_) throws(ModelFileError) in WithUnused() }

/// 22 samples: with 12 a batch the second is short, and its shards are uneven.
func data(_ graph: RandomGraph, seed: Int) throws -> ArrayDataset {
    let count = 22
    func numbers(_ shape: Shape, _ low: Float, _ high: Float, _ index: Int) -> Tensor {
        .uniform(shape, low, high, key: RandomKey(seed: UInt64(seed), purpose: .digits, index: index))
    }
    func whole(_ shape: Shape, below limit: Int, _ index: Int) -> Tensor {
        Tensor(numbers(shape, 0, Float(limit), index).scalars.map { $0.rounded(.down) }).reshaped(shape.dimensions)
    }
    let isSequence = graph.kind == .sequence || graph.kind == .words
    let inputs = graph.input.prepending(count)
    return try ArrayDataset(
        inputs: graph.kind == .words ? whole(inputs, below: 7, 1) : numbers(inputs, -1, 1, 1),
        targets: whole(isSequence ? [count, 5] : [count], below: RandomGraph.classes, 2),
        lengths: isSequence ? whole([count], below: 6, 3).scalars.map { Int($0) } : nil)
}

/// Two outputs of words with masks: classes, and values from within; weighted samples, a short last batch.
func trainTwoOutputs(threads: Int, on world: World) throws {
    let x = Graph.input([5])
    let states = LSTM(6, returnSequences: true)(Embedding(7, 6)(x))
    let kind = Dense(3, activation: .softmax)(GlobalAveragePooling1D()(states))
    let attention = MultiHeadAttention(heads: 2, keyDimension: 3, dropout: 0.2)
    let size = Dense(2)(GlobalMaxPooling1D()(attention([states, Conv1D(4, kernelSize: 2)(states)])))
    let model = try Graph(inputs: [x], outputs: [kind, size]).compile(
        optimizer: .adam(learningRate: 0.01), losses: [.sparseCategoricalCrossentropy, .huber()],
        lossWeights: [1, 0.25],
        metrics: [[.accuracy], [.rootMeanSquaredError]])
    let count = 22
    func numbers(_ count: Int, below limit: Float, _ index: Int) -> [Float] {
        Tensor.uniform([count], 0, limit, key: RandomKey(seed: 5, purpose: .digits, index: index)).scalars
    }
    let values = numbers(2 * count, below: 1, 2)
    let rows = numbers(count, below: 3, 1).enumerated().flatMap {
        [$1.rounded(.down), values[2 * $0], values[2 * $0 + 1]]
    }
    let data = try ArrayDataset(
        inputs: Tensor(numbers(5 * count, below: 7, 3).map { $0.rounded(.down) }).reshaped([count, 5]),
        targets: Tensor(rows).reshaped([count, 3]), weights: numbers(count, below: 2, 4),
        lengths: numbers(count, below: 6, 5).map { Int($0) })
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.threads) = (2, 12, 4, threads)
    options.verbosity = .silent
    try model.fit(data, validationData: data, options: options, on: world)
    if world.rank == 0 { print(model.fingerprint!, "two outputs") }
}

let words = CommandLine.arguments.dropFirst().prefix(3).compactMap { Int($0) }
withWorld { world in
    if CommandLine.arguments.dropFirst().first == "outputs", words.count == 1 {
        return try trainTwoOutputs(threads: words[0], on: world)
    }
    guard words.count == 3 else { throw TrainingError("usage: GraphProbe FIRST COUNT THREADS [show]") }
    for seed in words[0]..<(words[0] + words[1]) {
        let graph = RandomGraph(seed: seed)
        if CommandLine.arguments.count > 4, world.rank == 0 { print(graph.text) }
        let network = try ModelFile(text: graph.text, file: "graph \(seed)", layers: layers).model
        let model = network.compile(
            optimizer: .adam(learningRate: 0.01), loss: .sparseCategoricalCrossentropy(fromLogits: true))
        var options = FitOptions()
        (options.epochs, options.batchSize, options.shards, options.threads) = (2, 12, 4, words[2])
        (options.seed, options.verbosity) = (UInt64(seed), .silent)
        try model.fit(try data(graph, seed: seed), options: options, on: world)
        if world.rank == 0 { print(model.fingerprint!, "graph \(seed)") }
    }
}
