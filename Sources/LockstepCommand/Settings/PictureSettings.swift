// How pictures become inputs, and how they are changed at random in training.

import Lockstep

struct PictureSettings: SettingsGroup {
    static let title = "Pictures"

    let imageSize = Setting(
        "image-size", .pictureSize,
        "Bring pictures to this height and width (unless given, the size that all have, else 64x64).")
    let channels = Setting(
        "channels", .choice([("1", 1), ("3", 3)], "n"),
        "1 for grey, 3 for colours (unless given, 3 if any picture has colours).")
    let normalize = Setting(
        "normalize", .normalization, default: .none,
        "Subtract a mean from each channel and divide by a deviation: given, or computed of the training pictures.",
        record: .unlessDefault)
    let skipDamaged = Setting(
        "skip-damaged", .flag, default: false, "Leave damaged pictures out.", record: .unlessDefault)
    let cache = Setting(
        "cache", .cacheFolder,
        "Where decoded pictures are kept for all runs, or none (unless given, in ~/.cache/lockstep).", resume: .mayChange)
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
