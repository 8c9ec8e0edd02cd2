// What is trained on what: the model, the data and what is done to them.

import Foundation
import Lockstep
import Streams

struct ModelSettings: SettingsGroup {
    static let title = "Model"

    let model = Setting(
        "model", .model, default: NamedModel.mnistCNN.rawValue,
        "\(NamedModel.allCases.map(\.rawValue).joined(separator: ", ")), or a model described in FILE.yaml.")
    let resumeWeights = Setting(
        "resume-weights", .path(),
        "Begin a new run with the weights of PATH: a run, a checkpoint or a safetensors file.")
}

struct DataSettings: SettingsGroup {
    static let title = "Data"

    let data = Setting(
        "data", .data, default: "digits",
        "digits (embedded), or mnist[:DIR]: IDX files in DIR, unless given $LOCKSTEP_DATA/mnist or data/mnist.",
        // Ranks and checkpoints compare the contents.
        resume: .mayChange)
    let validationSplit = Setting(
        "validation-split", .double(above: 0, below: 1),
        "Validate on this last fraction of the training data instead of the test data.")
    let stage = Setting(
        "stage", .path("dir", completion: .directory),
        "Read files from a copy that each host keeps in this folder of its own: unpacked once, then mapped.",
        resume: .anew, record: .never)
    let randomTranslation = Setting(
        "random-translation", .float(from: 0, below: 1), default: 0,
        "Shift training images at random by at most this fraction of their size.", record: .unlessDefault)
    let randomRotation = Setting(
        "random-rotation", .float(from: 0, below: 1), default: 0,
        "Turn training images at random by at most this fraction of a full turn.", record: .unlessDefault)
    let randomZoom = Setting(
        "random-zoom", .float(from: 0, below: 1), default: 0,
        "Scale training images at random by at most this fraction of their size.", record: .unlessDefault)
}

extension SettingForm where Value == String {
    /// A built-in model's name or a file's path.
    fileprivate static var model: SettingForm {
        var form = SettingForm(
            "model", read: { NamedModel(rawValue: $0.lowercased())?.rawValue ?? expandingHome($0) },
            text: { RunSettings.absolute("model", $0) })
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
