// Pictures in folders as data sets, for programs: what `--data images:DIR` of the command takes.

import Datasets
import Foundation
import Streams

extension ImageDataset {
    /// Pictures in a folder for each class: `DIR/CLASS/*`, or `DIR/train/CLASS/*` with `DIR/val` and `DIR/test` beside it, as
    /// `--data images:DIR` of the command takes them (docs/data.md says which files, and what a picture becomes).
    ///
    ///     let pictures = try ImageDataset.load(folder: "flowers", size: (64, 64), validationSplit: 0.2, cache: "cache")
    ///     try model.fit(pictures.train, epochs: 5, validationData: pictures.validation)
    ///
    /// - Parameters:
    ///   - size: what all are brought to; unless given the size that all have, or 64 x 64.
    ///   - channels: 1 grey, 3 RGB; unless given 3 where any picture has colours.
    ///   - validationSplit: the part of each class to validate on, chosen by `seed`, in place of a folder for validation.
    ///   - skipDamaged: whether damaged pictures are left out, rather than an error.
    ///   - cache: the folder of a file of decoded pixels, which later runs and other ranks of the host map. Without it, or where
    ///     none can be written, every process decodes into memory.
    ///   - threads: that decode; one per core unless given.
    /// - Returns: samples `[height, width, channels]` of `byte / 255` with class numbers in byte order of the folders' names;
    ///   nil for parts that there are not.
    /// - Throws: `DatasetError` for folders without classes or pictures, and naming a picture that can't be read.
    public static func load(
        folder: String, size: (height: Int, width: Int)? = nil, channels: Int? = nil, validationSplit: Double? = nil,
        seed: UInt64 = 0, skipDamaged: Bool = false, cache: String? = nil, threads: Int? = nil
    ) throws -> (train: any Dataset, validation: (any Dataset)?, test: (any Dataset)?) {
        let images = try ImageFolder(folder)
        guard let training = images[.train] else { throw DatasetError("\(folder) holds no training part") }
        let store = PictureStore(
            folder: cache.map(expandingHome), skipsDamaged: skipDamaged,
            threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
        let form = try store.form(of: images, size: size, channels: channels).form
        guard form.isPossible else {
            throw DatasetError(
                "pictures of \(form.height) x \(form.width) with \(form.channels) channels: expected sides from 1, at most "
                    + "\(PictureForm.mostPixels) pixels, and 1 or 3 channels")
        }
        func part(_ part: ImageFolder.Part) throws -> ImageDataset { try store.dataset(of: part, in: images, form).set }
        let all = try part(training)
        let test = try images[.test].map(part)
        guard let validationSplit else { return (all, try images[.validation].map(part), test) }
        let classes = (0..<all.count).map { all.classNumber(of: $0) ?? 0 }
        // Classes of a single picture can't be in both parts.
        let split =
            try (try? Split.stratified(validationSplit, seed: seed, classes: classes))
            ?? .random(validationSplit, of: all.count, seed: seed)
        return (try Subset(all, split.train), try Subset(all, split.test), test)
    }
}
