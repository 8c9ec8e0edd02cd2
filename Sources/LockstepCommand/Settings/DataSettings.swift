// What is trained on what: the model, the data and what is done to them.

import Foundation
import Lockstep
import Streams

struct ModelSettings: SettingsGroup {
    static let title = "Model"

    let model = Setting(
        "model", .model, default: AutomaticModel.word,
        "auto (fits the data), gpt (for texts), \(ModelDescription.names.joined(separator: ", ")), or a model described in "
            + "FILE.yaml.")
    let hidden = Setting(
        "hidden", .list(.integer("units", from: 1)), default: [],
        "The hidden layers of --model auto, or of autoencoder down to its code.",
        record: .unlessDefault)
    let dropout = Setting(
        "dropout", .float(from: 0, below: 1), default: 0,
        "The rate of dropout after each of them, or in the blocks of other models.",
        record: .unlessDefault)
    let normalization = Setting(
        "normalization", .flag, default: false, "A batch normalization in each of them.", record: .unlessDefault)
    let layers = Setting(
        "layers", .integer(from: 1), "The blocks of --model gpt (unless given, 4), or the layers of others.")
    let heads = Setting("heads", .integer(from: 1), "The heads of its attention (unless given, 4).")
    let width = Setting(
        "width", .integer(from: 1),
        "The features of a position in it (unless given, 128), or the units of others' layers.")
    let untied = Setting(
        "untied", .flag, default: false, "An output layer of its own in gpt, rather than the embedding's table.",
        record: .unlessDefault)
    let useBias = Setting(
        "use-bias", .flag, default: false, "Biases in gpt's layers.", record: .unlessDefault)
    let freeze = Setting(
        "freeze", .list(.text("pattern")), default: [],
        "Parameters that stay as they are, such as 'conv2d*' or 'dense.kernel'.", record: .unlessDefault)
    let noDecay = Setting(
        "no-decay", .list(.text("pattern")), default: [], "Parameters without weight decay, such as '*.bias'.",
        record: .unlessDefault)
    let resumeWeights = Setting(
        "resume-weights", .path(),
        "Begin a new run with the weights of PATH: a run, a checkpoint or a safetensors file. Layers that it has not, or of "
            + "other shapes, begin anew, and are listed.")
}

struct DataSettings: SettingsGroup {
    static let title = "Data"

    let data = Setting(
        "data", .data, default: "digits",
        "digits (embedded), mnist[:DIR] (IDX files; unless given in $LOCKSTEP_DATA/mnist or data/mnist), "
            + "fashion-mnist[:DIR], cifar10[:DIR], cifar100[:DIR], images:DIR, csv:FILE, npz:FILE, npy:X,Y, lines:FILE, "
            + "text:FILE, tokens:DIR, or a YAML file of the settings of Data, Tables, Pictures, Texts and Series.",
        // Ranks and checkpoints compare the contents.
        resume: .mayChange)
    let validationSplit = Setting(
        "validation-split", .double(above: 0, below: 1),
        "Validate on this fraction of the training data (unless given, on the test part; 0.2 where there is none).")
    let testSplit = Setting(
        "test-split", .double(above: 0, below: 1),
        "Hold out this fraction of the data, cut off first, for a test at the end.")
    let testData = Setting(
        "test-data", .data, "The test part of a table in files of its own, as in csv:FILE.", resume: .mayChange)
    let split = Setting(
        "split", SettingForm<SplitKind>.choice("way"),
        "Which samples: the last as in Keras, random or stratified by --seed, or whole groups (unless given, last; of "
            + "tables and arrays stratified, for values random).")
    let fold = Setting(
        "fold", .fold,
        "Validate on one of so many equal parts of the training data, as in 2/5, and train on the others; --folds runs all.",
        record: .unlessDefault)
    let classWeights = Setting(
        "class-weights", .list(.text("weight")),
        "How much the classes count in training: balanced, a number for each, or CLASS:NUMBER,...")
    let stage = Setting(
        "stage", .path("dir", completion: .directory),
        "Read files from a copy that each host keeps in this folder of its own: unpacked once, then mapped.",
        resume: .anew, record: .never)
}

/// How data are divided, by its names on the command line.
enum SplitKind: String, CaseIterable, Sendable { case last, random, stratified, group }

/// One of the equal parts of the data that `--folds` validates on in turn.
struct Fold: Sendable, Equatable {
    /// From 1 to `count`.
    let number: Int
    let count: Int
}

extension SettingForm where Value == Fold {
    /// `2/5`.
    fileprivate static var fold: SettingForm {
        SettingForm(
            "k/n",
            read: { (word) throws(SettingProblem) in
                let parts = word.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
                guard parts.count == 2, let number = parts[0], let count = parts[1], count >= 2, 1...count ~= number
                else {
                    throw SettingProblem("must be K/N, the K-th of N parts, such as 2/5, got '\(word)'")
                }
                return Fold(number: number, count: count)
            }, text: { "\($0.number)/\($0.count)" })
    }
}

extension AutomaticModel {
    /// What stands for it in the place of a model's name.
    static let word = "auto"

    /// Whether a model of this name is made when the data are known: `auto`, or one that fits.
    static func fits(_ name: String) -> Bool {
        name == word || name == DecoderModel.name || FittedModel(rawValue: name) != nil
    }
}

extension SettingForm where Value == String {
    /// A built-in model's name or a file's path.
    fileprivate static var model: SettingForm {
        var form = SettingForm(
            "model",
            read: {
                let word = $0.lowercased()
                return AutomaticModel.fits(word) || ModelDescription.names.contains(word) ? word : expandingHome($0)
            }, text: { AutomaticModel.fits($0) ? $0 : RunSettings.absolute("model", $0) })
        (form.holdsPath, form.completion) = (true, .file)
        return form
    }

    /// What `DataSource` reads, which comes later: it may look at files.
    fileprivate static var data: SettingForm {
        var form = SettingForm("data", read: { $0 }, text: { (try? DataSource($0))?.description ?? $0 })
        form.holdsPath = true
        return form
    }
}
