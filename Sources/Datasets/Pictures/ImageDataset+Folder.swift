// A folder of pictures in memory, for a program of one's own. The command decodes into a cache that its ranks share.

import Foundation

extension ImageDataset {
    /// The pictures of a folder with a folder for each class, `FOLDER/CLASS/*.png`, or of its parts, `FOLDER/train/CLASS/*.png`
    /// beside `FOLDER/test` or `FOLDER/val`: PNG, JPEG, BMP and Netpbm files of any size, decoded on all cores.
    ///
    /// - Parameters:
    ///   - height: what all are brought to, stretched where the shape is another.
    ///   - channels: 1 for grey, 3 for RGB.
    /// - Returns: samples `[height, width, channels]`, classes in byte order of their folders' names; no test where there is
    ///   no such part.
    /// - Throws: `DatasetError` for a folder without classes, and naming a picture that is damaged.
    public static func load(
        folder: String, height: Int, width: Int, channels: Int = 3
    ) throws -> (train: ImageDataset, test: ImageDataset?) {
        let images = try ImageFolder(folder)
        let form = PictureForm(height: height, width: width, channels: channels)
        guard form.isPossible else {
            throw DatasetError(
                "pictures of \(height) x \(width) pixels and \(channels) channels: expected 1 or more pixels, at most "
                    + "\(PictureForm.mostPixels), and 1 or 3 channels")
        }
        func set(_ part: ImageFolder.Part) throws -> ImageDataset {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(part.files.count * form.byteCount)
            let decoder = PictureDecoder(
                part.files, form, skipsDamaged: false, threads: ProcessInfo.processInfo.activeProcessorCount)
            _ = try decoder.decode(progress: { _ in }, take: { bytes += $0 })
            var set = try ImageDataset(
                name: folder, sampleShape: [height, width, channels], samples: bytes, labels: part.labels,
                classCount: images.classNames.count)
            set.classNames = images.classNames
            return set
        }
        guard let train = images[.train] else { throw DatasetError("\(folder) holds no training part") }
        return (try set(train), try (images[.test] ?? images[.validation]).map(set))
    }
}
