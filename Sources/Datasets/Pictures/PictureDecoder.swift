// Decodes the pictures of a data set, each once, on several threads, some at a time. The command's cache writes down what
// comes of it.

import Synchronization

/// Pictures of one form, from files.
package struct PictureDecoder: Sendable {
    /// A file that was left out.
    package struct Damage: Sendable, Hashable, Codable {
        /// Its place among the files.
        package let index: Int
        package let problem: String
        /// Whether it could not even be read, which the next try may change.
        package let isUnreadable: Bool
    }

    package let files: [PictureFile]
    package let form: PictureForm
    /// Whether damaged files are left out; else the first of them is an error.
    package let skipsDamaged: Bool
    package let threads: Int

    package init(_ files: [PictureFile], _ form: PictureForm, skipsDamaged: Bool, threads: Int) {
        (self.files, self.form, self.skipsDamaged, self.threads) = (files, form, skipsDamaged, threads)
    }

    /// Bytes that are decoded before they are handed on.
    private static let chunkBytes = 32 << 20

    /// Decodes all files in their order.
    ///
    /// - Parameters:
    ///   - progress: called with the number of files that are done, often, from any thread.
    ///   - take: gets the bytes of some pictures at a time, one after the other.
    /// - Returns: the files that are left out.
    /// - Throws: `DatasetError` for the first file that is damaged, unless these are left out, or where all are; what `take`
    ///   throws.
    package func decode(
        progress: @escaping @Sendable (Int) -> Void, take: ([UInt8]) throws -> Void
    ) throws -> [Damage] {
        let width = form.byteCount
        let chunk = max(threads, PictureDecoder.chunkBytes / width)
        var damaged: [Damage] = []
        var first: String?
        for start in stride(from: 0, to: files.count, by: chunk) {
            let end = min(files.count, start + chunk)
            let problems = Mutex<[Int: DatasetError]>([:])
            let done = Atomic(start)
            var bytes = [UInt8](unsafeUninitializedCapacity: (end - start) * width) { buffer, filled in
                // Every picture has a place of its own.
                nonisolated(unsafe) let memory = buffer.baseAddress!
                inParallel(end - start, threads: threads) { index in
                    do throws(DatasetError) {
                        let pixels = try form.bytes(of: files[start + index].path)
                        pixels.withUnsafeBufferPointer {
                            (memory + index * width).update(from: $0.baseAddress!, count: width)
                        }
                    } catch {
                        (memory + index * width).update(repeating: 0, count: width)
                        problems.withLock { $0[start + index] = error }
                    }
                    progress(done.add(1, ordering: .relaxed).newValue)
                }
                filled = (end - start) * width
            }
            let found = problems.withLock { $0 }.sorted { $0.key < $1.key }
            if let (_, problem) = found.first {
                first = first ?? problem.description
                guard skipsDamaged else { throw refusal(problem, beside: found.count - 1) }
                damaged += found.map {
                    Damage(
                        index: $0.key, problem: $0.value.description, isUnreadable: $0.value.reason == .unreadable)
                }
                for (index, _) in found.reversed() {
                    bytes.removeSubrange((index - start) * width..<(index - start + 1) * width)
                }
            }
            if !bytes.isEmpty { try take(bytes) }
        }
        if let first, damaged.count == files.count {
            throw DatasetError("none of \(files.count) pictures can be read: \(first)", .damaged)
        }
        return damaged
    }

    private func refusal(_ problem: DatasetError, beside others: Int) -> DatasetError {
        let rest = others > 0 ? " (and \(others) more near it)" : ""
        return DatasetError(
            "\(problem.description)\(rest). Replace or remove it, or leave such pictures out with `skipDamaged`",
            problem.reason)
    }
}
