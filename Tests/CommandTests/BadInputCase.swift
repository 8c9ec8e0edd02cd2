// The mistakes that BadInputTests makes.

import Foundation
import Testing

/// A command that must be refused.
struct BadInputCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var status: Int32 = 1
    /// What the message must contain.
    let words: [String]
    /// Prepares files in a folder; returns arguments that go after those of a good `lockstep train`.
    let arguments: @Sendable (String) throws -> [String]

    init(
        _ name: String, status: Int32 = 1, _ words: [String], arguments: @escaping @Sendable (String) throws -> [String]
    ) {
        (testDescription, self.status, self.words, self.arguments) = (name, status, words, arguments)
    }

    static let all = data + settings + files + runs

    private static let data = [
        BadInputCase("truncated images", ["train-images-idx3-ubyte", "truncated"]) { folder in
            try mnist(MNISTFolder(cutBytes: 100), folder)
        },
        BadInputCase("labels as images", ["train-images-idx3-ubyte", "label file", "expected an image file"]) {
            folder in
            try mnist(MNISTFolder(exchangesImagesForLabels: true), folder)
        },
        BadInputCase(
            "label out of range",
            ["label 12 at index 1", "out of range 0 ... 9", "labels are 0 ... 12", "Fashion-MNIST", "EMNIST"]
        ) { folder in
            try mnist(MNISTFolder(testLabels: [0, 12, 2]), folder)
        },
        BadInputCase("missing data", ["/none lacks the MNIST files", "t10k-labels-idx1-ubyte", "get-mnist"]) { folder in
            ["--data", "mnist:\(folder)/none"]
        },
        BadInputCase("data of no kind", ["a folder with MNIST's files is --data mnist:/"]) { folder in
            ["--data", folder]
        },
        BadInputCase("unknown data", ["unknown --data 'cifar'", "expected digits, mnist"]) { _ in ["--data", "cifar"] },
    ]

    private static let settings = [
        BadInputCase("unknown monitor", ["--monitor", "no 'val_los'", "val_loss, val_accuracy, loss, accuracy"]) { _ in
            ["--monitor", "val_los"]
        },
        BadInputCase("nothing kept", status: 64, ["--keep-last must be at least 1, got 0"]) { _ in ["--keep-last", "0"]
        },
        BadInputCase("negative cadence", status: 64, ["--checkpoint-every-n-steps must be at least 0"]) { _ in
            ["--checkpoint-every-n-steps=-1"]
        },
        BadInputCase("unknown mode", status: 64, ["--checkpoint-mode must be async or sync, got 'fast'"]) { _ in
            ["--checkpoint-mode", "fast"]
        },
        BadInputCase("unknown action", status: 64, ["--on-checkpoint-error must be warn or stop, got 'ask'"]) { _ in
            ["--on-checkpoint-error", "ask"]
        },
        BadInputCase("weights of another model", ["another model", "dense.kernel"]) { folder in
            ["--resume-weights", try finishedRun(folder), "--model", "mnist-cnn"]
        },
        BadInputCase("trace steps from 0", status: 64, ["--trace-steps must be FIRST-LAST", "'0-3'"]) { folder in
            ["--trace", folder + "/t.json", "--trace-steps", "0-3"]
        },
        BadInputCase("one trace step", status: 64, ["--trace-steps must be FIRST-LAST", "'7'"]) { folder in
            ["--trace", folder + "/t.json", "--trace-steps", "7"]
        },
        BadInputCase("trace steps without a trace", ["--trace-steps needs --trace FILE"]) { _ in
            ["--trace-steps", "1-3"]
        },
        BadInputCase("trace nowhere", ["cannot make the folder /proc/none"]) { _ in ["--trace", "/proc/none/t.json"] },
        BadInputCase("trace in place of a folder", ["it is a folder; name a file in it"]) { _ in ["--trace", "/tmp"] },
        BadInputCase("empty batch", status: 64, ["--batch-size must be 'full' or at least 1, got 0"]) { _ in
            ["--batch-size", "0"]
        },
        BadInputCase(
            "endless warm-up", status: 64,
            ["--warm-up-steps must be at least 0 and at most 4294967296, got 9223372036854775807"]
        ) { _ in
            ["--epochs", "9223372036854775807", "--schedule", "cosine", "--warm-up-steps", "9223372036854775807"]
        },
        BadInputCase("too many threads", ["at most 1024 threads a rank"]) { _ in ["--threads", "9223372036854775807"] },
        BadInputCase("odd shards", ["--shards must be a power of two, got 6"]) { _ in ["--shards", "6"] },
        BadInputCase("patience", status: 64, ["--early-stopping-patience must be at least 0, got -1"]) { _ in
            ["--early-stopping-patience=-1"]
        },
        BadInputCase(
            "stall timeout", status: 64, ["--stall-timeout must be at least 5 seconds, or 0 for none, got 3"]
        ) { _ in
            ["--stall-timeout", "3"]
        },
        BadInputCase("no epochs", status: 64, ["--epochs must be at least 1, got 0"]) { _ in ["--epochs", "0"] },
        BadInputCase("learning rate", status: 64, ["--learning-rate must be a number, got 'nan'"]) { _ in
            ["--learning-rate", "nan"]
        },
        BadInputCase("validation split", status: 64, ["--validation-split must be above 0 and below 1, got 1.5"]) { _ in
            ["--validation-split", "1.5"]
        },
        BadInputCase("augmentation", status: 64, ["--random-rotation must be at least 0 and below 1, got 10"]) { _ in
            ["--random-rotation", "10"]
        },
        BadInputCase(
            "unknown optimizer", status: 64,
            [
                "--optimizer must be sgd, adam, adamw, rmsprop, adagrad, adadelta or nadam, got 'adma'; did you mean 'adam'?"
            ]
        ) { _ in ["--optimizer", "adma"] },
        BadInputCase("unknown flag", status: 64, ["--batchsize", "lockstep train --help"]) { _ in ["--batchsize", "32"]
        },
        BadInputCase("vanishing rate", status: 64, ["--learning-rate is too small for a 32-bit number", "1e-50"]) { _ in
            ["--lr", "1e-50"]
        },
        BadInputCase("no number", status: 64, ["--epochs must be a whole number, got 'many'"]) { _ in
            ["--epochs", "many"]
        },
    ]

    private static let files = [
        BadInputCase("unknown key", ["settings.yaml:2", "unknown key 'batchsize'", "batch-size"]) { folder in
            ["--config", try file("settings.yaml", "epochs: 1\nbatchsize: 32\n", folder)]
        },
        BadInputCase("underscores", ["settings.yaml:1", "'learning_rate'; did you mean 'learning-rate'?"]) { folder in
            ["--config", try file("settings.yaml", "learning_rate: 1\n", folder)]
        },
        BadInputCase("one setting by two names", ["settings.yaml:2: 'lr' and 'learning-rate' are one setting"]) {
            folder in
            ["--config", try file("settings.yaml", "learning-rate: 1\nlr: 1\n", folder)]
        },
        BadInputCase("a list of epochs", ["settings.yaml:1: 'epochs' wants a single value, got a list"]) { folder in
            ["--config", try file("settings.yaml", "epochs: [1, 2]\n", folder)]
        },
        BadInputCase("a flag of one start", ["settings.yaml:1: 'resume' is for the command line"]) { folder in
            ["--config", try file("settings.yaml", "resume: auto\n", folder)]
        },
        BadInputCase("value of the wrong kind", ["settings.yaml", "epochs", "soon"]) { folder in
            ["--config", try file("settings.yaml", "epochs: soon\n", folder)]
        },
        BadInputCase("no configuration", ["none.yaml", "no such file"]) { folder in
            ["--config", "\(folder)/none.yaml"]
        },
        BadInputCase("unknown configuration", ["mnist-fat", "mnist-fast, mnist-99, mnist-994"]) { _ in
            ["--config", "mnist-fat"]
        },
        BadInputCase("unknown model", ["no model of this name", "mnist-cnn"]) { _ in ["--model", "mnist-cnm"] },
        BadInputCase("unknown layer", ["model.yaml:3", "unknown layer 'dens'", "did you mean 'dense'"]) { folder in
            ["--model", try file("model.yaml", "layers:\n  - flatten\n  - dens: {units: 10}\n", folder)]
        },
        BadInputCase("shape that does not fit", ["layer reshape", "[10, 10]", "[784]"]) { folder in
            let layers = "layers:\n  - flatten\n  - reshape: {target-shape: [10, 10]}\n  - dense: {units: 10}\n"
            return ["--model", try file("model.yaml", layers, folder)]
        },
        BadInputCase("pixels as indices", ["of digits: index 0.", "a whole number in 0 ..< 256", "looks up rows"]) {
            folder in
            let layers = "  - flatten\n  - embedding: {input-dimension: 256, output-dimension: 2}\n  - flatten\n"
            let model = "layers:\n\(layers)  - dense: {units: 10, activation: softmax}\n"
            return ["--model", try file("model.yaml", model, folder)]
        },
        BadInputCase("too few outputs", ["of digits: target ", "a whole number in 0 ..< 5", "model output [5]"]) {
            folder in
            ["--model", try file("model.yaml", "layers:\n  - flatten\n  - dense: {units: 5}\n", folder)]
        },
    ]

    private static let runs = [
        BadInputCase(
            "checkpoint of another model", ["model: mnist-cnn instead of mnist-mlp", "--resume-weights"]
        ) { folder in
            ["--resume", try finishedRun(folder), "--model", "mnist-cnn"]
        },
        BadInputCase("checkpoint of another seed", ["seed: 9 instead of 0"]) { folder in
            ["--resume", try finishedRun(folder), "--seed", "9"]
        },
        BadInputCase("damaged checkpoint", ["model.safetensors is damaged"]) { folder in
            let checkpoint = try finishedRun(folder) + "/checkpoints/epoch=1-step=2"
            let weights = URL(filePath: checkpoint + "/model.safetensors")
            var bytes = try Data(contentsOf: weights)
            bytes[bytes.count - 5] ^= 1
            try bytes.write(to: weights)
            return ["--resume", checkpoint]
        },
        BadInputCase("no run to resume", ["none is no checkpoint: no such folder"]) { folder in
            ["--resume", "\(folder)/none"]
        },
        BadInputCase("existing run", ["finished already holds a run", "--resume auto"]) { folder in
            ["--run", try finishedRun(folder)]
        },
        BadInputCase("another run's folder", ["other already holds a run", "another folder"]) { folder in
            let finished = try finishedRun(folder)
            try FileManager.default.copyItem(atPath: finished, toPath: folder + "/other")
            return ["--resume", finished, "--run", folder + "/other"]
        },
        // Permissions would not stop root.
        BadInputCase("run folder below a file", ["cannot make the folder", "file/run", "Not a directory"]) { folder in
            ["--run", try file("file", "", folder) + "/run"]
        },
    ]

    private static func mnist(_ files: MNISTFolder, _ folder: String) throws -> [String] {
        try files.write(to: folder + "/mnist")
        return ["--data", "mnist:\(folder)/mnist"]
    }

    private static func file(_ name: String, _ text: String, _ folder: String) throws -> String {
        try write(text, to: "\(folder)/\(name)")
        return "\(folder)/\(name)"
    }

    private static func finishedRun(_ folder: String) throws -> String {
        _ = try train(
            ["--model", "mnist-mlp", "--limit-train-batches", "2", "--epochs", "1"], run: folder + "/finished")
        return folder + "/finished"
    }
}
