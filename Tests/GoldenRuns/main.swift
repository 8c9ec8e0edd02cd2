// Short runs of two shards and more, which between them use every layer, optimizer, loss and schedule, and the
// fingerprints of what they learn.
// Run by Tests/TrainingTests/GoldenRunsTests.swift, and by scripts/test-emulated on processors that are not at hand:
// everywhere the lines are those of Tests/GoldenRuns/fingerprints.
//
//     GoldenRuns [THREADS]

import Lockstep

/// `count` tensors' worth of numbers that depend on nothing but their name.
func numbers(_ shape: Shape, _ low: Float, _ high: Float, _ index: Int) -> Tensor {
    .uniform(shape, low, high, key: RandomKey(seed: 1, purpose: .digits, index: index))
}

/// Class numbers below `classes`.
func classes(_ count: Int, below classes: Int, _ index: Int) -> [UInt8] {
    numbers([count], 0, Float(classes), index).scalars.map { UInt8($0) }
}

func images(_ count: Int, size: Int, channels: Int, classes classCount: Int = 5) throws -> ArrayDataset {
    try ArrayDataset(
        inputs: numbers([count, size, size, channels], 0, 1, 1),
        targets: Tensor(classes(count, below: classCount, 2).map { Float($0) }))
}

func vectors(_ count: Int, _ width: Int, targets: Tensor) throws -> ArrayDataset {
    try ArrayDataset(inputs: numbers([count, width], -1, 1, 3), targets: targets)
}

struct Run {
    let name: String
    let layers: [any Layer]
    let data: any Dataset
    let optimizer: Optimizer
    var loss = Loss.sparseCategoricalCrossentropy
    var batch = 24
    var shards = 4
    var transforms: [any Transform] = []
    /// Calls of `fit`, of two epochs each.
    var fits = 1
}

func clipped(_ optimizer: Optimizer, norm: Float? = nil, value: Float? = nil) -> Optimizer {
    var optimizer = optimizer
    (optimizer.clipNorm, optimizer.clipValue) = (norm, value)
    return optimizer
}

let digits = SyntheticDigits.load(trainCount: 70, testCount: 10).train
let softmax = Dense(5, activation: .softmax)

let runs: [Run] = [
    // The last batch is short, and its shards are uneven.
    Run(
        name: "dense, adam", layers: [Flatten(), Dense(64, activation: .relu), Dense(10, activation: .softmax)],
        data: digits, optimizer: .adam(), batch: 32, shards: 8, fits: 2),
    Run(
        name: "convolution with pooling, adamw, dropout",
        layers: [
            Conv2D(32, kernelSize: 3, activation: .relu), MaxPooling2D(), Conv2D(32, kernelSize: 3, activation: .relu),
            MaxPooling2D(3, strides: 2, padding: .same), Flatten(), Dropout(0.4), Dense(10, activation: .softmax),
        ], data: digits, optimizer: .adamW(weightDecay: 0.1)),
    Run(
        name: "convolutions of all kinds, momentum",
        layers: [
            Conv2D(6, kernelSize: 5, strides: 2, padding: .same, activation: .tanh),
            Conv2D(12, kernelSize: 3, padding: .same, groups: 6), Conv2D(12, kernelSize: 3, padding: .same, groups: 12),
            AveragePooling2D(3, strides: 1, padding: .same), Conv2D(8, kernelSize: 1, activation: .relu),
            Conv2D(9, kernelSize: 3, padding: .same, dilation: 2, useBias: false), GlobalAveragePooling2D(), softmax,
        ], data: try images(50, size: 13, channels: 3), optimizer: .sgd(learningRate: 0.1, momentum: 0.9)),
    Run(
        name: "Winograd's convolution, nesterov",
        layers: [
            Conv2D(32, kernelSize: 3, padding: .same, activation: .relu), Conv2D(32, kernelSize: 3, padding: .same),
            Conv2D(48, kernelSize: 3, activation: .relu), MaxPooling2D(), GlobalAveragePooling2D(),
            Dense(5, activation: .softmax),
        ], data: try images(20, size: 18, channels: 16),
        optimizer: .sgd(learningRate: 0.05, momentum: 0.8, nesterov: true, weightDecay: 0.01), batch: 16, shards: 2),
    Run(
        name: "normalisations, rmsprop with momentum",
        layers: [
            Conv2D(7, kernelSize: 3), BatchNormalization(), Activation(.relu), GlobalAveragePooling2D(),
            LayerNormalization(), Dense(5, activation: .softmax),
        ], data: try images(60, size: 9, channels: 2), optimizer: .rmsprop(momentum: 0.7, weightDecay: 0.01)),
    Run(
        name: "activations, mean squared error",
        layers: ([.sigmoid, .tanh, .softplus, .silu, .gelu, .geluTanh, .softmax] as [ActivationFunction]).map {
            Dense(11, activation: $0)
        } + [Dense(3)], data: try vectors(50, 17, targets: numbers([50, 3], -1, 1, 4)),
        optimizer: .rmsprop(learningRate: 0.01), loss: .meanSquaredError),
    Run(
        name: "embedding, exponential schedule",
        layers: [
            Embedding(13, 9), Reshape([3, 15]), Dense(8, activation: .relu, kernelInitializer: .heNormal), Flatten(),
            Dense(5, activation: .softmax),
        ],
        data: try ArrayDataset(
            inputs: Tensor([50, 5], classes(250, below: 13, 5).map { Float($0) }),
            targets: Tensor(classes(50, below: 5, 6).map { Float($0) })),
        optimizer: .adam(learningRate: .exponential(rate: 0.03, decayRate: 0.9, decaySteps: 3), weightDecay: 0.01)),
    Run(
        name: "binary cross-entropy, clipped values",
        layers: [Dense(9, activation: .gelu, kernelInitializer: .heUniform), Dense(4, activation: .sigmoid)],
        data: try vectors(50, 31, targets: Tensor([50, 4], classes(200, below: 2, 7).map { Float($0) })),
        optimizer: clipped(.sgd(learningRate: .step(rate: 0.5, factor: 0.5, interval: 2)), value: 0.003),
        loss: .binaryCrossentropy),
    Run(
        name: "categorical cross-entropy, clipped norm, cosine schedule",
        layers: [Dense(33, activation: .relu), Dense(5, activation: .softmax)],
        data: try vectors(50, 19, targets: Tensor([50, 5], toCategorical(classes(50, below: 5, 8), classCount: 5))),
        optimizer: clipped(
            .adam(learningRate: .warmUp(steps: 2, then: .cosine(rate: 0.02, decaySteps: 5, alpha: 0.1))), norm: 0.1),
        loss: .categoricalCrossentropy),
    Run(
        name: "mean absolute error, long sums",
        layers: [Dense(40, activation: .tanh, biasInitializer: .uniform(-1, 1)), Dense(2)],
        data: try vectors(300, 2003, targets: numbers([300, 2], -1, 1, 9)), optimizer: .sgd(learningRate: 0.02),
        loss: .meanAbsoluteError, batch: 300, shards: 2),
    Run(
        name: "augmentation",
        layers: [Conv2D(8, kernelSize: 3, strides: 2, activation: .relu), Flatten(), Dense(10, activation: .softmax)],
        data: digits, optimizer: .adam(learningRate: 0.01),
        transforms: [Augmentation(translation: 0.1, rotation: 0.05, zoom: 0.15)]),
    Run(
        name: "sequences, positions that are masked",
        layers: [
            Embedding(13, 6, maskZero: true), SpatialDropout1D(0.2),
            Conv1D(8, kernelSize: 3, padding: .same, activation: .relu), LayerNormalization(center: false),
            MaxPooling1D(2, padding: .same), Conv1D(10, kernelSize: 2, padding: .causal, dilation: 2, groups: 2),
            BatchNormalization(), GLU(.silu), Dense(8, activation: .elu), AveragePooling1D(2, strides: 1),
            GlobalAveragePooling1D(), Dense(5, activation: .softmax),
        ],
        data: try ArrayDataset(
            inputs: Tensor([50, 17], classes(850, below: 13, 10).map { Float($0) }),
            targets: Tensor(classes(50, below: 5, 11).map { Float($0) })), optimizer: .adam(learningRate: 0.01)),
    Run(
        name: "images made smaller and larger, normalisations of all kinds",
        layers: [
            Rescaling(2, offset: -1), ZeroPadding2D(top: 1, bottom: 0, left: 2, right: 1),
            DepthwiseConv2D(kernelSize: [3, 2], padding: .same, depthMultiplier: 2), GroupNormalization(groups: 3),
            PReLU(sharedAxes: [1, 2]),
            MaxPooling2D([2, 3], strides: [2, 2], padding: .explicit([0, 1]), ceilMode: true),
            Conv2DTranspose(6, kernelSize: 3, strides: 2, padding: .same), SpatialDropout2D(0.1),
            RMSNormalization(), UpSampling2D([1, 2], interpolation: .bilinear), Cropping2D(1),
            SeparableConv2D(8, kernelSize: 3, strides: [1, 2]), LayerNormalization(axes: [1, 2, 3]),
            AveragePooling2D(3, strides: 2, padding: .explicit(1), ceilMode: true, countsPadding: true),
            UpSampling2D(2), Conv2D(8, kernelSize: [1, 3], strides: [2, 1], padding: .explicit(1), dilation: [1, 2]),
            Permute([3, 1, 2]), Softmax(axis: 2), GaussianDropout(0.1), Permute([2, 3, 1]), GlobalMaxPooling2D(),
            UnitNormalization(), RepeatVector(3), UpSampling1D(2), ZeroPadding1D(1), Cropping1D(1), Flatten(),
            Dense(5, activation: .softmax),
        ], data: try images(50, size: 13, channels: 3), optimizer: .sgd(learningRate: 0.1, momentum: 0.9)),
    Run(
        name: "activations beside the usual ones",
        layers: ([
            .elu, .selu, .celu, .leakyReLU, .relu6, .softsign, .mish, .hardSigmoid, .hardSwish, .hardTanh, .exponential,
            .logSoftmax, .logSigmoid, .tanhShrink,
        ] as [ActivationFunction]).map { Dense(11, activation: $0) as any Layer } + [
            LeakyReLU(), ELU(alpha: 0.5), ThresholdedReLU(theta: -1), GaussianNoise(0.05), Dense(3),
        ], data: try vectors(50, 17, targets: numbers([50, 3], -1, 1, 12)), optimizer: .adam(learningRate: 0.01),
        loss: .meanSquaredError),
    Run(
        name: "recurrent layers of all kinds, masks",
        layers: [
            Masking(maskValue: 1), Bidirectional(LSTM(18, returnSequences: true, dropout: 0.2, recurrentDropout: 0.3)),
            GRU(9, returnSequences: true), GRU(7, returnSequences: true, goBackwards: true, resetAfter: false),
            TimeDistributed(Dense(6, activation: .tanh)), SimpleRNN(5), Dense(5, activation: .softmax),
        ],
        data: try ArrayDataset(
            inputs: numbers([50, 9, 4], -1, 1, 10), targets: Tensor(classes(50, below: 5, 11).map { Float($0) }),
            lengths: classes(50, below: 10, 12).map { Int($0) }),
        optimizer: .adam(learningRate: 0.01)),
]

/// Sequences of 9 tokens with a class for each, of which samples have 2 to 9.
func sequences(_ count: Int) throws -> ArrayDataset {
    try ArrayDataset(
        inputs: Tensor([count, 9], classes(9 * count, below: 13, 10).map { Float($0) }),
        targets: Tensor([count, 9], classes(9 * count, below: 5, 11).map { Float($0) }),
        lengths: classes(count, below: 8, 12).map { Int($0) + 2 }, classes: 5)
}

let transformerRuns: [Run] = [
    Run(
        name: "attention with padding and dropout, learned positions",
        layers: [
            Embedding(13, 10), PositionEmbedding(9),
            MultiHeadAttention(heads: 3, keyDimension: 5, valueDimension: 4, dropout: 0.2),
            TransformerBlock(heads: 2, width: 10, dropout: 0.1, normFirst: false),
            Dense(5, activation: .softmax),
        ], data: try sequences(50), optimizer: .adam(learningRate: 0.01)),
    Run(
        name: "gpt, adamw", layers: [TransformerDecoder(vocabulary: 13, length: 9, layers: 2, heads: 2, width: 12)],
        data: try sequences(50), optimizer: .adamW(learningRate: 0.01)),
    Run(
        name: "sinusoidal positions, momentum",
        layers: [
            Embedding(13, 7), SinusoidalPositions(), MultiHeadAttention(heads: 1, keyDimension: 7, causal: true),
            Dense(5),
        ], data: try sequences(30), optimizer: .sgd(learningRate: 0.1, momentum: 0.9)),
]

/// Sequences of another length and width to look at.
func lookedAt() throws -> Graph {
    let x = Graph.input([9, 6])
    let other = MaxPooling1D(2, padding: .same)(Dense(10, activation: .tanh)(x))
    let attention = MultiHeadAttention(heads: 2, keyDimension: 3, valueDimension: 5, dropout: 0.2)
    return try Graph(inputs: [x], outputs: [GlobalAveragePooling1D()(Add()([x, attention([x, other])]))])
}

let graphRuns: [Run] = [
    Run(
        name: "attention to another sequence, masks",
        layers: [Embedding(13, 6), try lookedAt(), Dense(5, activation: .softmax)],
        data: try ArrayDataset(
            inputs: Tensor([50, 9], classes(450, below: 13, 10).map { Float($0) }),
            targets: Tensor(classes(50, below: 5, 11).map { Float($0) }),
            lengths: classes(50, below: 10, 12).map { Int($0) }), optimizer: .adam(learningRate: 0.01))
]

let threads = CommandLine.arguments.count > 1 ? Int(CommandLine.arguments[1]) : 1
withWorld { world in
    for run in runs + transformerRuns + graphRuns {
        let model = Sequential(run.layers).compile(optimizer: run.optimizer, loss: run.loss)
        for fit in 0..<run.fits {
            var options = FitOptions()
            (options.epochs, options.batchSize, options.shards) = (2, .samples(run.batch), run.shards)
            (options.threads, options.seed, options.verbosity) = (threads, 7 + UInt64(fit), .silent)
            options.transforms = run.transforms
            try model.fit(run.data, options: options, on: world)
        }
        if world.rank == 0 { print(model.fingerprint!, run.name) }
    }
}
