// Hides a part of every training picture at random.

import Tensors

/// Sets a square of every training picture to 0, around a random pixel and as far as it lies in the picture (DeVries and
/// Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout"; torchvision's `RandomErasing` with
/// value 0).
///
/// With pictures that are normalised by channel, 0 is the channel's mean. A sample's draws follow from (seed, step, sample).
public struct Cutout: Transform, Hashable {
    /// The square's side, in pixels.
    package var size: Int

    public init(size: Int) { self.size = size }

    public var description: String { "cutout \(size)" }

    public func defect(sample: Shape) -> String? {
        guard sample.isPicture else { return sample.noPicture("cutout") }
        let most = min(sample[0], sample[1])
        return 1 <= size && size <= most
            ? nil : "cutout of pictures \(sample) must have a side of 1 to \(most) pixels, got \(size)"
    }

    /// Pictures `[samples, height, width, channels]` -> the same, each without its square: rows y - size / 2 (rounded down)
    /// and `size - 1` after it, around the drawn row y, columns alike.
    public func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        batch.eachPicture { index, from, to, picture in
            var random = context.random(index)
            let rows = square(around: random.integer(below: picture.height)).clamped(to: 0..<picture.height)
            let columns = square(around: random.integer(below: picture.width)).clamped(to: 0..<picture.width)
            let (line, channels) = (picture.width * picture.channels, picture.channels)
            to.update(from: from, count: picture.height * line)
            for row in rows {
                (to + row * line + columns.lowerBound * channels).update(repeating: 0, count: columns.count * channels)
            }
        }
    }

    private func square(around centre: Int) -> Range<Int> { centre - size / 2..<centre - size / 2 + size }
}
