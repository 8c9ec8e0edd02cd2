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

    let randomCrop = Setting(
        "random-crop", .integer("pixels", from: 0), default: 0,
        "Surround training images with so many zeros and cut their size out at random.", record: .unlessDefault)
    let randomFlip = Setting(
        "random-flip", SettingForm<RandomFlip.Axes>.choice("axes"), "Mirror training images at random.")
    let randomBrightness = Setting(
        "random-brightness", .float(from: 0, to: 1), default: 0,
        "Multiply training images by a random factor that differs from 1 by at most this.", record: .unlessDefault)
    let randomContrast = Setting(
        "random-contrast", .float(from: 0, to: 1), default: 0,
        "Likewise their difference from the image's mean grey.", record: .unlessDefault)
    let randomSaturation = Setting(
        "random-saturation", .float(from: 0, to: 1), default: 0,
        "Likewise their difference from each pixel's grey.", record: .unlessDefault)
    let cutout = Setting(
        "cutout", .integer("pixels", from: 0), default: 0,
        "Set a square of this side at a random place of each training image to 0.", record: .unlessDefault)
}

extension ResolvedSettings {
    /// The random changes to training images that are asked for, in the order in which they are made.
    var augmentations: [any Transform] {
        let pictures = self.pictures
        let placement = Augmentation(
            translation: pictures.randomTranslation, rotation: pictures.randomRotation, zoom: pictures.randomZoom)
        let colors = ColorJitter(
            brightness: pictures.randomBrightness, contrast: pictures.randomContrast,
            saturation: pictures.randomSaturation)
        let all: [(any Transform)?] = [
            placement.isIdentity ? nil : placement,
            pictures.randomCrop > 0 ? RandomCrop(padding: pictures.randomCrop) : nil,
            pictures.randomFlip.map { RandomFlip($0) },
            colors.isIdentity ? nil : colors,
            pictures.cutout > 0 ? Cutout(size: pictures.cutout) : nil,
        ]
        return all.compactMap { $0 }
    }

    /// - Throws: `TrainingError` naming the setting where a change that is asked for does not suit the data.
    func checkAugmentations(of data: any Dataset) throws {
        let shape = data.input.shape
        func check<Value>(_ path: KeyPath<SettingsTable, Setting<Value>>, _ transform: some Transform) throws {
            guard let defect = transform.defect(sample: shape) else { return }
            throw error(
                path,
                shape.rank == 3
                    ? "does not suit \(data.name): \(defect)"
                    : "changes pictures, but the samples of \(data.name) have the shape \(shape): leave it out")
        }
        let pictures = self.pictures
        try check(\.pictures.randomTranslation, Augmentation(translation: pictures.randomTranslation))
        try check(\.pictures.randomRotation, Augmentation(rotation: pictures.randomRotation))
        try check(\.pictures.randomZoom, Augmentation(zoom: pictures.randomZoom))
        if pictures.randomCrop > 0 { try check(\.pictures.randomCrop, RandomCrop(padding: pictures.randomCrop)) }
        if let axes = pictures.randomFlip { try check(\.pictures.randomFlip, RandomFlip(axes)) }
        try check(\.pictures.randomBrightness, ColorJitter(brightness: pictures.randomBrightness))
        try check(\.pictures.randomContrast, ColorJitter(contrast: pictures.randomContrast))
        try check(\.pictures.randomSaturation, ColorJitter(saturation: pictures.randomSaturation))
        if pictures.cutout > 0 { try check(\.pictures.cutout, Cutout(size: pictures.cutout)) }
    }
}
