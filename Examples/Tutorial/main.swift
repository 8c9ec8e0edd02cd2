// The Keras tutorial, line for line: a small CNN learns digits. The same program runs alone and under mpirun, and
// ends with the same bits either way.

import Foundation
import Lockstep

withWorld { world in
    let (train, test) = SyntheticDigits.load()

    let model = Sequential([
        Conv2D(32, kernelSize: 3, activation: .relu),
        MaxPooling2D(2),
        Flatten(),
        Dense(128, activation: .relu),
        Dense(10, activation: .softmax),
    ]).compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    if world.rank == 0 { print(try model.summary(input: train.input.shape)) }

    // `batchSize` is global and `shards` fixes the bits: up to 4 workers (ranks x threads) give the same ones.
    try model.fit(
        train.prefix(4000), epochs: 2, batchSize: 64, validationData: test, shards: 4, verbose: .linePerEpoch,
        on: world)
    let result = try model.evaluate(test, on: world)

    let images = try test[0..<5]
    let classes = try model.predict(images.inputs).argmax().scalars.map { Int($0) }

    // What follows needs no other rank.
    guard world.rank == 0 else { return }
    print("test accuracy \(result.accuracy ?? .nan), loss \(result.loss)")
    print("predicted \(classes), labels \(images.targets.scalars.map { Int($0) })")

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("tutorial-\(getpid()).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    try model.save(file)
    let copy = Sequential([
        Conv2D(32, kernelSize: 3, activation: .relu), MaxPooling2D(2), Flatten(), Dense(128, activation: .relu),
        Dense(10, activation: .softmax),
    ]).compile(loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    try copy.load(file, input: test.input.shape)
    guard let fingerprint = copy.fingerprint, fingerprint == model.fingerprint else {
        throw TrainingError("the loaded weights differ from the saved ones")
    }
    print("fingerprint \(fingerprint)")
}
