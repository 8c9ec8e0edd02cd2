// `lockstep summary` and `lockstep fingerprint`.

import ArgumentParser
import Foundation
import Lockstep
import Streams

extension ModelDescription {
    /// As text for a checkpoint.
    func encoded() throws -> String { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }

    /// A run's or a checkpoint's model where `path` names one, else what `init(_:)` makes of it.
    init(named path: String, sample: Shape, classes: Int = 10) throws {
        if !ModelDescription.names.contains(path), (try? Checkpoint.locate(path)) != nil {
            try self.init(of: Checkpoint.open(path))
        } else {
            try self.init(path, sample: sample.dimensions, classes: classes)
        }
    }

    /// The shape of a run's samples, as far as what was fitted on them tells it; nil for what is no run.
    static func sample(of path: String) throws -> Shape? {
        guard !names.contains(path), (try? Checkpoint.locate(path)) != nil else { return nil }
        return switch try Checkpoint.open(path).knownPreparation() {
        case let table as TablePreparation: [table.numericCount + table.embeddingSizes.count]
        case let pictures as PicturePreparation: pictures.inputShape
        case let texts as TextPreparation: [texts.length]
        case let texts as LanguagePreparation: [texts.blockSize]
        case let series as SeriesPreparation: [series.options.window, series.columns.count]
        default: nil
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

    @Argument(
        help: ArgumentHelp("\(ModelDescription.names.joined(separator: ", ")), FILE.yaml, or a run or checkpoint."))
    var model: String
    @Option(
        help:
            "Shape of a sample, e.g. 28x28x1; unless given a run's own, 32x32x3 for resnet20 and its like, else 28x28x1."
    )
    var input: String?
    @Option(help: "The classes of a model that fits its data, such as resnet20.")
    var classes = 10
    @Option(
        help: ArgumentHelp("Also draw the model as SVG.", valueName: "file"), completion: .file(extensions: ["svg"]))
    var plot: String?

    func validate() throws {
        guard classes >= 2 else { throw ValidationError("--classes must be at least 2, got \(classes)") }
    }

    func run() throws {
        withoutMPI {
            let isResidual = model.hasPrefix("resnet") && FittedModel(rawValue: model) != nil
            let sample =
                try input.map { try Shape(ofSample: $0) } ?? ModelDescription.sample(of: model)
                ?? (isResidual ? [32, 32, 3] : [28, 28, 1])
            let description = try ModelDescription(named: model, sample: sample, classes: classes)
            let network = try description.makeModel(file: model)
            let name = try description.name
            print(try network.summary(input: sample, name: name))
            if let plot { try write(network.drawing(input: sample, name: name), to: plot) }
        }
    }

    private func write(_ text: String, to path: String) throws {
        do { try Data(text.utf8).write(to: URL(filePath: expandingHome(path)), options: .atomic) } catch {
            throw TrainingError("can't write \(path): \(error.localizedDescription)")
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
