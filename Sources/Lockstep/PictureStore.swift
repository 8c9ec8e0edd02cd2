// Decoded pictures, once for all runs: a file of their pixels that all ranks of a host map. Where none can be written they
// are decoded into memory. ImageDataset+Folder and the command ask for them.

import Autograd
import Checkpoints
import Datasets
import Foundation
import Synchronization

/// The bytes of pictures brought to one form, and which files gave none.
package struct DecodedPictures {
    let samples: SampleBytes
    package let damaged: [PictureDecoder.Damage]
    /// Why they are in no file, if so.
    package var cacheProblem: String?
}

/// Where decoded pictures are kept, and how they are decoded.
///
/// A file belongs to one state of the originals, by their paths, sizes and times of change, and to one form. It is renamed
/// into place when it is whole, and all who write one write the same: it never matters who else decodes.
package struct PictureStore {
    /// The folder of the files; nil for none.
    package let folder: String?
    let skipsDamaged: Bool
    let threads: Int
    /// A sign of life.
    private let mark: @Sendable () -> Void
    /// What takes long is told.
    package var tell: @Sendable (String) -> Void = { _ in }

    package init(folder: String?, skipsDamaged: Bool, threads: Int, mark: @escaping @Sendable () -> Void = {}) {
        (self.folder, self.skipsDamaged, self.threads, self.mark) = (folder, skipsDamaged, threads, mark)
    }

    /// Fewer pictures are decoded without a word.
    private static let manyFiles = 2000

    /// The pictures of a part.
    ///
    /// - Parameter inMemory: whether they are wanted in memory where no file can be written.
    /// - Returns: nil where no file can be written and none is wanted.
    /// - Throws: `DatasetError` for a damaged picture, unless these are left out.
    package func pictures(
        of part: ImageFolder.Part, in images: ImageFolder, _ form: PictureForm, inMemory: Bool = true
    ) throws -> DecodedPictures? {
        let decoder = PictureDecoder(part.files, form, skipsDamaged: skipsDamaged, threads: threads)
        let key = "1 \(images.listing(of: part)) \(form.height)x\(form.width)x\(form.channels)"
        var problem: String?
        if let folder {
            let file = PictureCacheFile(
                path: "\(folder)/pictures-\(Fingerprint(of: Data(key.utf8))).pixels", form: form)
            // Where files were left out that may not be, decoding again names the first.
            if let found = file.open(count: part.files.count), skipsDamaged || found.damaged.isEmpty,
                !found.damaged.contains(where: { $0.isUnreadable && mayBeRead(part.files[$0.index]) })
            {
                return found
            }
            do {
                let steps = progress(of: part.files.count, "into \(file.path), once for this size")
                try file.write(decoder, mark: mark, progress: steps)
                if let found = file.open(count: part.files.count) { return found }
                problem = "\(file.path) can't be mapped"
            } catch let error as PictureCacheFile.Problem {
                problem = error.description
            }
        }
        guard inMemory else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(part.files.count * form.byteCount)
        let damaged = try decoder.decode(progress: progress(of: part.files.count, "into memory")) { bytes += $0 }
        return DecodedPictures(samples: SampleBytes(bytes), damaged: damaged, cacheProblem: problem)
    }

    /// Whether a file that could not be read when it was decoded might be by now, which changes neither its size nor its time.
    private func mayBeRead(_ file: PictureFile) -> Bool { FileManager.default.isReadableFile(atPath: file.path) }

    /// What the pictures of a part are like, read once for each state of the originals.
    package func survey(of part: ImageFolder.Part, in images: ImageFolder) -> PictureSurvey {
        let path = folder.map { "\($0)/survey-1-\(images.listing(of: part)).json" }
        if let path, let data = FileManager.default.contents(atPath: path),
            let known = try? JSONDecoder().decode(PictureSurvey.self, from: data)
        {
            return known
        }
        let survey = PictureSurvey(part.files, threads: threads, progress: mark)
        if let path, let folder, let data = try? JSONEncoder().encode(survey) {
            // It is only read again if it can't be kept.
            try? DurableFile.makeFolder(folder)
            try? DurableFile.replace(path, data)
        }
        return survey
    }

    /// What pictures are brought to where size or channels are not said: what most of the training part have.
    ///
    /// - Returns: the form, and what the pictures are like where that was looked at.
    package func form(
        of images: ImageFolder, size: (height: Int, width: Int)?, channels: Int?
    ) throws(DatasetError) -> (form: PictureForm, survey: PictureSurvey?) {
        if let size, let channels {
            return (PictureForm(height: size.height, width: size.width, channels: channels), nil)
        }
        guard let part = images[.train] else { throw DatasetError("\(images.path) holds no training part") }
        let survey = survey(of: part, in: images)
        let found = size ?? survey.size
        return (
            PictureForm(height: found.height, width: found.width, channels: channels ?? survey.channels), survey
        )
    }

    /// The samples of a part, without its damaged pictures, and what was found when they were decoded.
    package func dataset(
        of part: ImageFolder.Part, in images: ImageFolder, _ form: PictureForm
    ) throws -> (set: ImageDataset, decoded: DecodedPictures) {
        guard let decoded = try pictures(of: part, in: images, form) else {
            throw DatasetError("\(images.path) can't be decoded")
        }
        let left = Set(decoded.damaged.map(\.index))
        let labels =
            left.isEmpty ? part.labels : part.labels.indices.filter { !left.contains($0) }.map { part.labels[$0] }
        var set = try ImageDataset(
            name: images.path, sampleShape: [form.height, form.width, form.channels], samples: decoded.samples,
            labels: labels, classCount: images.classNames.count)
        set.classNames = images.classNames
        return (set, decoded)
    }

    /// Marks each picture, and tells every ten seconds how many are done.
    private func progress(of count: Int, _ place: String) -> @Sendable (Int) -> Void {
        guard count >= PictureStore.manyFiles else { return { [mark] _ in mark() } }
        tell("decoding \(count) pictures \(place)")
        let told = Mutex(Date())
        return { [mark, tell] done in
            mark()
            guard done % 64 == 0 else { return }
            let isDue = told.withLock { last in
                guard Date().timeIntervalSince(last) >= 10 else { return false }
                last = Date()
                return true
            }
            if isDue { tell("decoded \(done) of \(count) pictures") }
        }
    }
}

extension Fingerprint {
    fileprivate init(of data: Data) { self = data.withUnsafeBytes(Fingerprint.init(of:)) }
}
