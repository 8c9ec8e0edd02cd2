// `lockstep summary` and `lockstep fingerprint`.

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
