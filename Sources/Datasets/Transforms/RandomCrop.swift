// Moves training pictures by whole pixels at random.

import Tensors

/// Surrounds every training picture with zeros and cuts a picture of the same size out at a random place: torchvision's
/// `RandomCrop(size, padding: padding)`, usual for CIFAR (He et al. 2016, padding 4).
///
/// Each of the (2 padding + 1)^2 places is as likely. A sample's draws follow from (seed, step, sample).
public struct RandomCrop: Transform, Hashable {
    /// How many zeros are put at each side, in pixels.
    package var padding: Int

    public init(padding: Int) { self.padding = padding }

    public var description: String { "crop \(padding)" }

    public func defect(sample: Shape) -> String? {
        guard sample.isPicture else { return sample.noPicture("a random crop") }
        let most = min(sample[0], sample[1]) - 1
        return 1 <= padding && padding <= most
            ? nil : "a random crop of pictures \(sample) must pad by 1 to \(most) pixels, got \(padding)"
    }

    /// Pictures `[samples, height, width, channels]` -> the same, each moved by at most `padding` pixels.
    public func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        batch.eachPicture { index, from, to, picture in
            var random = context.random(index)
            let down = random.integer(below: 2 * padding + 1) - padding
            let right = random.integer(below: 2 * padding + 1) - padding
            let (line, channels) = (picture.width * picture.channels, picture.channels)
            let columns = max(0, -right)..<min(picture.width, picture.width - right)
            for row in 0..<picture.height {
                let target = to + row * line
                guard 0..<picture.height ~= row + down else {
                    target.update(repeating: 0, count: line)
                    continue
                }
                let source = from + (row + down) * line
                target.update(repeating: 0, count: columns.lowerBound * channels)
                (target + columns.lowerBound * channels).update(
                    from: source + (columns.lowerBound + right) * channels, count: columns.count * channels)
                (target + columns.upperBound * channels).update(
                    repeating: 0, count: (picture.width - columns.upperBound) * channels)
            }
        }
    }
}
