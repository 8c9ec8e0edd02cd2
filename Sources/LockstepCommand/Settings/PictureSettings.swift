// How pictures become inputs, and how they are changed at random in training.

import Lockstep

struct PictureSettings: SettingsGroup {
    static let title = "Pictures"

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
