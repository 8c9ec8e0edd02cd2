// What the pictures of a data set are like, by their headers: which sizes, colours and formats there are. The form that they
// are brought to follows from it where nobody says one, and `inspect` shows it.

import Dispatch
import Streams
import Synchronization

/// Counts over the headers of picture files. A file that can't be read counts as damaged.
package struct PictureSurvey: Sendable, Hashable, Codable {
    /// A size and how many pictures have it.
    package struct Size: Sendable, Hashable, Codable {
        package let height: Int
        package let width: Int
        package var count: Int
    }

    /// The commonest first, then by height and width.
    package private(set) var sizes: [Size] = []
    /// Pictures by format, and by `grey`, `grey with transparency`, `colour`, `colour with transparency`.
    package private(set) var formats: [String: Int] = [:]
    package private(set) var colours: [String: Int] = [:]
    package private(set) var damagedCount = 0

    private static let colourNames = ["grey", "grey with transparency", "colour", "colour with transparency"]

    /// - Parameters:
    ///   - threads: that read files at the same time.
    ///   - progress: called now and then, from any thread.
    package init(_ files: [PictureFile], threads: Int, progress: @escaping @Sendable () -> Void = {}) {
        let counts = Mutex<[PictureHeader?: Int]>([:])
        inParallel(files.count, threads: threads) { index in
            let header = try? PictureHeader(path: files[index].path)
            counts.withLock { $0[header, default: 0] += 1 }
            if index % 256 == 0 { progress() }
        }
        var sizes: [[Int]: Int] = [:]
        for (header, count) in counts.withLock({ $0 }) {
            guard let header else {
                damagedCount = count
                continue
            }
            sizes[[header.height, header.width], default: 0] += count
            formats[header.format, default: 0] += count
            colours[PictureSurvey.colourNames[header.channels - 1], default: 0] += count
        }
        self.sizes = sizes.map { Size(height: $0.key[0], width: $0.key[1], count: $0.value) }
            .sorted { ($1.count, $0.height, $0.width) < ($0.count, $1.height, $1.width) }
    }

    /// Those of two parts together.
    package func merged(with other: PictureSurvey) -> PictureSurvey {
        var result = self
        result.formats.merge(other.formats) { $0 + $1 }
        result.colours.merge(other.colours) { $0 + $1 }
        result.damagedCount += other.damagedCount
        for size in other.sizes {
            if let place = result.sizes.firstIndex(where: { $0.height == size.height && $0.width == size.width }) {
                result.sizes[place].count += size.count
            } else {
                result.sizes.append(size)
            }
        }
        result.sizes.sort { ($1.count, $0.height, $0.width) < ($0.count, $1.height, $1.width) }
        return result
    }

    /// 3 if any picture has colours, else 1.
    package var channels: Int { colours.keys.contains { $0.hasPrefix("colour") } ? 3 : 1 }

    /// The side of the square that pictures of several sizes become.
    package static let defaultSide = 64
    /// The most pixels of a size that all pictures have and keep.
    package static let mostKeptPixels = 256 * 256

    /// The size where nobody says one: that of all pictures, if it is one, and not a large one; else a square.
    package var size: (height: Int, width: Int) {
        if let only = sizes.first, sizes.count == 1, only.height * only.width <= PictureSurvey.mostKeptPixels {
            return (only.height, only.width)
        }
        return (PictureSurvey.defaultSide, PictureSurvey.defaultSide)
    }

    /// The sizes in words, height first: `100 x 75`, or `12 sizes from 100 x 75 to 640 x 480, mostly 320 x 240`.
    package var sizeWords: String {
        guard let commonest = sizes.first, let smallest, let largest else { return "no size" }
        if sizes.count == 1 { return "\(commonest.height) x \(commonest.width)" }
        return "\(sizes.count) sizes from \(smallest.height) x \(smallest.width) to \(largest.height) x \(largest.width), "
            + "mostly \(commonest.height) x \(commonest.width)"
    }

    /// By the number of pixels.
    package var smallest: Size? { sizes.min { ($0.height * $0.width, $0.height) < ($1.height * $1.width, $1.height) } }
    package var largest: Size? { sizes.max { ($0.height * $0.width, $0.height) < ($1.height * $1.width, $1.height) } }
}

/// Calls `body` with each number below `count`, on several threads, each taking the next number when it is done with one.
func inParallel(_ count: Int, threads: Int, _ body: @escaping @Sendable (Int) -> Void) {
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
        while case let index = next.add(1, ordering: .relaxed).oldValue, index < count { body(index) }
    }
}
