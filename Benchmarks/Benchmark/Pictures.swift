// Training on pictures: from a folder through the cache of decoded pixels, or from the same pixels in arrays; and what a
// picture costs before a step, where it is read and changed at random.

import ArgumentParser
import Foundation
import Lockstep

struct Pictures: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Train a small CNN on pictures, step by step.")

    @Option(help: "A folder with a folder of pictures for each class.") var folder: String
    @Option(help: "The folder of decoded pixels; none decodes into memory.") var cache: String?
    @Option(help: "The same pixels as FOLDER/x.npy and FOLDER/y.npy, in place of the pictures.") var arrays: String?
    @Option(help: "What pictures are brought to.") var side = 32
    @Option(help: "Global batch size.") var batchSize = 128
    @Option(help: "Shards of a step; automatic unless given.") var shards: Int?
    @Option(help: "Threads; automatic unless given.") var threads: Int?
    @Flag(help: "Answer first when an epoch is done, with the time since the folder was opened.") var firstEpoch = false

    func run() throws {
        withWorld { world in
            let (begin, wall) = (Usage(.processor), Usage())
            let train: any Dataset =
                if let arrays {
                    try NumPyDataset.load(inputs: arrays + "/x.npy", targets: arrays + "/y.npy")
                } else {
                    try ImageDataset.load(
                        folder: folder, size: (side, side), channels: 3, cache: cache, threads: threads
                    )
                    .train
                }
            var options = FitOptions()
            (options.epochs, options.batchSize) = (1_000_000, .samples(batchSize))
            (options.shards, options.threads, options.verbosity) = (shards, threads, .silent)
            let turns = TakeTurns(
                Orders(world), ["data": train.name, "data_bytes": 0], clock: .processor,
                firstTurn: firstEpoch ? (train.count + batchSize - 1) / batchSize : 1
            ) {
                ["fingerprint": "\($0.fingerprint)", "wall_seconds": wall.spent].merging(begin.answer(steps: 1)) { $1 }
            }
            try smallCNN(train).fit(train, callbacks: [turns], options: options, on: world)
        }
    }
}

/// The network of the configuration cifar10-cnn.
private func smallCNN(_ data: any Dataset) throws -> Model {
    let text = AutomaticModel(
        .samples(data.input.shape.dimensions), .classes(data.target.classCount ?? 10), dropout: 0.3, normalization: true
    ).text
    return try ModelDescription.file(text: text).makeModel().compile(
        optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
}

struct Transforms: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "The thread time of reading a picture of 32 x 32 x 3, of each random change, and of a step of the small CNN."
    )

    @Option(help: "A folder with a folder of pictures for each class.") var folder: String
    @Option(help: "The folder of decoded pixels.") var cache: String
    @Option(help: "The same pixels as FOLDER/x.npy and FOLDER/y.npy.") var arrays: String
    @Option(help: "Turns of each.") var repetitions = 7
    @Option(help: "Seconds of a turn.") var seconds = 0.2

    func run() throws {
        let images = try ImageDataset.load(folder: folder, size: (32, 32), channels: 3, cache: cache).train
        let npy = try NumPyDataset.load(inputs: arrays + "/x.npy", targets: arrays + "/y.npy")
        let order = SampleOrder(count: images.count, seed: 0, epoch: 0, firstStep: 0, shuffles: true)
        let numbers = (0..<min(128, images.count)).map { order[$0] }[...]
        let batch = try images.batch(numbers)
        let workspace = Workspace()
        var works: [(name: String, work: () throws -> Void)] = [
            ("reading, from the cache", { _ = images.batch(known: numbers, in: workspace) }),
            ("reading, from npy", { _ = npy.batch(known: numbers, in: workspace) }),
        ]
        let transforms: [any Transform] = [
            RandomFlip(.horizontal), RandomCrop(padding: 4), Cutout(size: 8),
            ColorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2), Augmentation(translation: 0.1),
            Augmentation(rotation: 0.1), Augmentation(translation: 0.1, rotation: 0.1, zoom: 0.1),
        ]
        for transform in transforms {
            works.append(
                (transform.description, { _ = transform(batch, TransformContext(seed: 0, step: 0, samples: numbers)) }))
        }
        let step = try makeStep(images)
        var values = [[Double]](repeating: [], count: works.count + 1)
        for _ in 0..<repetitions {
            for (index, each) in works.enumerated() {
                values[index].append(try turn(each.work) / Double(numbers.count) * 1e6)
            }
            values[works.count].append(try step())
        }
        for (name, values) in zip(works.map(\.name) + ["step"], values) { reply(["name": name, "values": values]) }
    }

    /// Thread seconds of a call, the mean over a turn.
    private func turn(_ work: () throws -> Void) throws -> Double {
        let begin = threadSeconds()
        var (calls, spent) = (0, 0.0)
        repeat {
            for _ in 0..<8 { try work() }
            calls += 8
            spent = threadSeconds() - begin
        } while spent < seconds
        return spent / Double(calls)
    }

    /// What gives microseconds of this process a picture, over some steps of training.
    private func makeStep(_ data: any Dataset) throws -> () throws -> Double {
        let model = try smallCNN(data)
        func train(to step: Int) throws {
            var options = FitOptions()
            (options.epochs, options.batchSize, options.threads, options.verbosity) = (1000, 128, 1, .silent)
            options.maxSteps = step
            try model.fit(data, options: options)
        }
        // Of two lengths, since the begin of `fit` is no step.
        func spent(to step: Int) throws -> Double {
            let begin = Usage(.processor)
            try train(to: step)
            return begin.spent
        }
        var done = 1
        try train(to: done)
        return {
            let (short, long) = (try spent(to: done + 1), try spent(to: done + 6))
            done += 6
            return (long - short) / 4 / 128 * 1e6
        }
    }
}

/// Processor time of this thread.
private func threadSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
