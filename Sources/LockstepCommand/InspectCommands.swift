// The commands that look at a finished or running run: evaluate, predict, summary, fingerprint.

import ArgumentParser
import Foundation
import Lockstep

extension ModelDescription {
    /// As text for a checkpoint.
    func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// The model that a checkpoint was written for.
    init(of checkpoint: Checkpoint) throws {
        do {
            self = try JSONDecoder().decode(ModelDescription.self, from: Data(checkpoint.state.model.utf8))
        } catch {
            throw TrainingError("\(checkpoint.path) does not say which model it is for")
        }
    }
}

extension Checkpoint {
    /// The data named by `text`; those of the checkpoint's own run where it is nil.
    fileprivate func dataSource(_ text: String?) throws -> DataSource {
        if let text { return try DataSource(text) }
        let own = try ConfigurationFile(text: state.configuration, file: path).arguments
        return try DataSource(Train.parse(own.filter { $0.hasPrefix("--data=") }).data)
    }
}

/// A checkpoint's model with its weights, for samples of `input`.
private func loadModel(_ checkpoint: Checkpoint, input: Shape) throws -> Model {
    let model = try ModelDescription(of: checkpoint).makeModel()
        .compile(loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    try model.load(checkpoint, input: input)
    return model
}

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Loss and accuracy of a run's weights on test data, each sample once.")

    @Argument(
        help: ArgumentHelp("A run folder (its last checkpoint) or a checkpoint folder.", valueName: "run"),
        completion: .directory)
    var path: String
    @Option(help: "digits or mnist[:DIR]; the run's own unless given.")
    var data: String?
    @Option(help: "Read files from a copy that each host keeps in this folder, as in training.")
    var stage: String?
    @Option(help: "Threads of each rank (default: one per core).")
    var threads: Int?
    @Option(help: "Seconds without progress of a rank that end the job, after a warning at a fifth of it; 0 for never.")
    var stallTimeout = 300.0

    func validate() throws {
        if let threads, threads < 1 { throw ValidationError("--threads must be at least 1, got \(threads)") }
    }

    func run() throws {
        withWorld { world in
            let faults = try FaultPlan(world)
            try world.watched(stallSeconds: stallTimeout) { world, status in
                let checkpoint = try Checkpoint.open(path)
                let source = try checkpoint.dataSource(data)
                let test = try status.during(.loading) {
                    faults.reach(.load)
                    return try source.staged(in: stage, world, status).loadTest()
                }
                faults.reach(.evaluate)
                let result = try loadModel(checkpoint, input: test.sampleShape)
                    .evaluate(Samples(test), threads: threads, on: world, status: status)
                if world.rank == 0 {
                    let accuracy = result.accuracy.map { " - accuracy: \($0)" } ?? ""
                    print("\(test.count) samples of \(source)\(accuracy) - loss: \(result.loss)")
                }
            }
        }
    }
}

struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The class of images: numbers of test samples, or 28x28 PNG or PGM files (white on black).")

    @Argument(help: ArgumentHelp("A run folder or a checkpoint folder.", valueName: "run"), completion: .directory)
    var path: String
    @Argument(help: "Numbers of samples in the test data, or picture files.")
    var images: [String]
    @Option(help: "digits or mnist[:DIR]; the run's own unless given.")
    var data: String?

    func run() throws {
        withoutMPI {
            let checkpoint = try Checkpoint.open(path)
            let model = try loadModel(checkpoint, input: [28, 28, 1])
            let source = images.contains { Int($0) != nil } ? try checkpoint.dataSource(data) : nil
            let test = try source?.loadTest()
            for image in images {
                let pixels: [UInt8]
                if let source, let test, let index = Int(image) {
                    guard index >= 0, index < test.count else {
                        throw TrainingError(
                            "sample \(index) is out of range: \(source) has test samples 0 ..< \(test.count)")
                    }
                    pixels = Array(test.samples[(index * 784)..<((index + 1) * 784)])
                } else {
                    pixels = try ImageFile.grayscale(path: image, height: 28, width: 28)
                }
                let output = try model.predictProbabilities(Tensor([1, 28, 28, 1], pixels.map { Float($0) / 255 }))
                let best = Int(output.argmax().scalars[0])
                print("\(image): \(best) (probability \(output.scalars[best]))")
            }
        }
    }
}

struct Summary: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The layers of a model, their shapes and parameters.")

    @Argument(help: "mnist-mlp, mnist-cnn, mnist-cnn-2, mnist-cnn-3, or FILE.yaml.")
    var model: String
    @Option(help: "Shape of a sample, e.g. 28x28x1.")
    var input = "28x28x1"

    func run() throws {
        withoutMPI {
            let lengths = input.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard lengths.allSatisfy({ $0 > 0 }), lengths.count <= 5, Shape.count(of: lengths) != nil else {
                throw TrainingError(
                    "--input must be positive lengths such as 28x28x1, of fewer than 2^31 elements, got '\(input)'")
            }
            let description = try ModelDescription(model)
            print(try description.makeModel().summary(input: Shape(lengths), name: description.name))
        }
    }
}

struct FingerprintCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fingerprint",
        abstract: "The 128-bit hash of a checkpoint's weights: equal for equal runs on any layout.")

    @Argument(
        help: ArgumentHelp("A run folder (its last checkpoint) or a checkpoint folder.", valueName: "run"),
        completion: .directory)
    var path: String

    func run() throws {
        withoutMPI { print(try Checkpoint.open(path).weightsFingerprint()) }
    }
}
