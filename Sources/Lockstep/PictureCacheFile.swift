// A file of decoded pictures: their pixels one after the other, then a line of JSON about them and its length. Complete or
// absent, whenever the process that writes it dies.

import Checkpoints
import Datasets
import Foundation

struct PictureCacheFile {
    /// Why it can't be written.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// What follows the pixels.
    private struct Trailer: Codable {
        var form: PictureForm
        var count: Int
        var damaged: [PictureDecoder.Damage]
    }

    let path: String
    let form: PictureForm

    /// Digits of the trailer's length, which are the file's last bytes.
    private static let lengthDigits = 16

    /// The pictures of `count` files; nil where there is no such file, or not a whole one.
    func open(count: Int) -> DecodedPictures? {
        guard FileManager.default.fileExists(atPath: path), let bytes = try? SampleBytes(mappingAllOf: path),
            bytes.isMapped, bytes.count > PictureCacheFile.lengthDigits
        else { return nil }
        let end = bytes.count - PictureCacheFile.lengthDigits
        guard let length = Int(String(decoding: bytes.part(end..<bytes.count), as: UTF8.self)), length > 0,
            length <= end,
            let trailer = try? JSONDecoder().decode(Trailer.self, from: Data(bytes.part(end - length..<end))),
            trailer.form == form, trailer.count == count, trailer.damaged.count <= count,
            (count - trailer.damaged.count) * form.byteCount == end - length,
            trailer.damaged.allSatisfy({ (0..<count).contains($0.index) })
        else { return nil }
        return DecodedPictures(samples: bytes.part(0..<end - length), damaged: trailer.damaged)
    }

    /// Decodes into it, under another name until it is whole.
    ///
    /// - Throws: `Problem` where it can't be written, what the decoder throws.
    func write(_ decoder: PictureDecoder, mark: () -> Void, progress: @escaping @Sendable (Int) -> Void) throws {
        let (folder, name) = DurableFile.split(path)
        let temporary = folder + "/" + TemporaryName.make(for: name)
        var descriptor: Int32 = -1
        do {
            try DurableFile.makeFolder(folder)
            TemporaryName.removeLeftovers(in: folder)
            descriptor = Foundation.open(temporary, O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC, 0o666)
            guard descriptor >= 0 else { throw DurableFile.failure("write", path) }
            try reserve(decoder.files.count * form.byteCount, descriptor)
        } catch {
            if descriptor >= 0 { close(descriptor) }
            unlink(temporary)
            throw Problem(description: "\(error)")
        }
        defer { unlink(temporary) }
        do {
            defer { close(descriptor) }
            var written = 0
            let damaged = try decoder.decode(progress: progress) { bytes in
                try bytes.withUnsafeBytes { try put($0, descriptor) }
                written += bytes.count
                // In pieces, since the end of a long file may take minutes.
                fsync(descriptor)
                mark()
            }
            let trailer = Trailer(form: form, count: decoder.files.count, damaged: damaged)
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            var end = try encoder.encode(trailer)
            let digits = String(end.count)
            end += Data((String(repeating: "0", count: PictureCacheFile.lengthDigits - digits.count) + digits).utf8)
            try end.withUnsafeBytes { try put($0, descriptor) }
            guard ftruncate(descriptor, off_t(written + end.count)) == 0, fsync(descriptor) == 0 else {
                throw Problem(description: "\(DurableFile.failure("write", path))")
            }
        }
        do {
            try DurableFile.rename(temporary, to: path)
            try DurableFile.syncFolder(folder)
        } catch { throw Problem(description: "\(error)") }
    }

    /// Finds out before anything is decoded whether there is room, where the system can tell.
    private func reserve(_ bytes: Int, _ descriptor: Int32) throws {
        #if os(Linux)
            let code = posix_fallocate(descriptor, 0, off_t(bytes))
            guard code == ENOSPC || code == EDQUOT || code == EFBIG else { return }
            errno = code
            throw DurableFile.failure("write \(bytes) bytes to", path)
        #endif
    }

    private func put(_ bytes: UnsafeRawBufferPointer, _ descriptor: Int32) throws {
        var done = 0
        while done < bytes.count {
            let count = Foundation.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw Problem(description: "\(DurableFile.failure("write", path))") }
            done += count
        }
    }
}
