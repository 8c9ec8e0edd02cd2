// The commands that look at a finished or running run: evaluate, predict, summary, fingerprint.

import ArgumentParser
import Foundation
import Lockstep
import Streams

extension ModelDescription {
    /// As text for a checkpoint.
    func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// A run's or a checkpoint's model where `path` names one, else what `init(_:)` makes of it.
    init(named path: String) throws {
        if NamedModel(rawValue: path) == nil, (try? Checkpoint.locate(path)) != nil {
            try self.init(of: Checkpoint.open(path))
        } else {
            try self.init(path)
        }
    }

    /// The model that a checkpoint was written for.
    init(of checkpoint: Checkpoint) throws {
        do {
            self = try JSONDecoder().decode(ModelDescription.self, from: Data(checkpoint.state.model.utf8))
        } catch {
            throw TrainingError("\(checkpoint.path) does not say which model it is for")
        }
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
    @Option(
        help: "Read files from a copy that each host keeps in this folder, as in training.",
        transform: expandingHome)
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
                    let staged = try source.staged(in: stage, world, status)
                    let test = try staged.loadTest()
                    if data == nil { try checkpoint.requireOwn(test, from: staged) }
                    return test
                }
                faults.reach(.evaluate)
                let result = try loadModel(checkpoint, input: test.sampleShape)
                    .evaluate(test, threads: threads, on: world, status: status)
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
        abstract: "The class of images: numbers of test samples, or 28x28 picture files (white on black).",
        discussion: """
            Picture files are PNG, JPEG, BMP, PGM, PPM or PBM. What is transparent shows
            the training data's background, black (with --invert white, before it is
            inverted). A picture with a light border is told, an empty one refused.
            """)

    @Argument(help: ArgumentHelp("A run folder or a checkpoint folder.", valueName: "run"), completion: .directory)
    var path: String
    @Argument(help: "Numbers of samples in the test data (from 0), ranges such as 0-9, or picture files.")
    var images: [String]
    @Option(help: "digits or mnist[:DIR]; the run's own unless given.")
    var data: String?
    @Flag(help: "The picture files have dark ink on a light or transparent sheet.")
    var invert = false

    func run() throws {
        withoutMPI {
            let checkpoint = try Checkpoint.open(path)
            let model = try loadModel(checkpoint, input: [28, 28, 1])
            let wanted = try images.map { try PredictedImage($0) }
            let test =
                wanted.contains { if case .samples = $0 { true } else { false } } ? try testData(checkpoint) : nil
            for image in wanted {
                switch image {
                case .samples(let numbers):
                    guard let test else { continue }
                    guard numbers.upperBound < test.count else {
                        throw TrainingError(
                            "sample \(numbers.upperBound) is out of range: \(test.name) has test samples 0 ..< "
                                + "\(test.count)")
                    }
                    for number in numbers {
                        let pixels = Array(test.samples[(number * 784)..<((number + 1) * 784)])
                        try predict(pixels, "\(number)", model)
                    }
                case .picture(let path):
                    let picture = try PictureInput(path: path, inverts: invert)
                    for warning in picture.warnings { World.alone.logger.warning("\(warning)") }
                    try predict(picture.pixels, path, model)
                }
            }
        }
    }

    private func testData(_ checkpoint: Checkpoint) throws -> ImageDataset {
        let source = try checkpoint.dataSource(data)
        let test = try source.loadTest()
        if data == nil { try checkpoint.requireOwn(test, from: source) }
        return test
    }

    private func predict(_ pixels: [UInt8], _ name: String, _ model: Model) throws {
        let output = try model.predictProbabilities(Tensor([1, 28, 28, 1], pixels.map { Float($0) / 255 }))
        let best = Int(output.argmax().scalars[0])
        print("\(name): \(best) (probability \(output.scalars[best]))")
    }
}

struct Summary: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "The layers of a model, their shapes and parameters.")

    @Argument(help: "mnist-mlp, mnist-cnn, mnist-cnn-2, mnist-cnn-3, FILE.yaml, or a run or checkpoint.")
    var model: String
    @Option(help: "Shape of a sample, e.g. 28x28x1.")
    var input = "28x28x1"

    func run() throws {
        withoutMPI {
            let description = try ModelDescription(named: model)
            print(try description.makeModel().summary(input: Shape(ofSample: input), name: description.name))
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
