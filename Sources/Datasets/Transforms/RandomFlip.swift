// Mirrors training pictures at random.

import Tensors

/// Mirrors every training picture with a probability of one half, along each axis that is asked for: Keras's
/// `RandomFlip`, torchvision's `RandomHorizontalFlip` and `RandomVerticalFlip`.
///
/// The values are those of the pictures, in other places. A sample's draws follow from (seed, step, sample).
public struct RandomFlip: Transform, Hashable {
    /// What a flip exchanges.
    public enum Axes: String, CaseIterable, Sendable {
        /// Left and right.
        case horizontal
        /// Above and below.
        case vertical
        /// Each for itself.
        case both
    }

    package var axes: Axes

    public init(_ axes: Axes) { self.axes = axes }

    public var description: String { "flip \(axes.rawValue)" }

    public func defect(sample: Shape) -> String? { sample.isPicture ? nil : sample.noPicture("random flips") }

    /// Pictures `[samples, height, width, channels]` -> the same, some of them mirrored.
    public func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        batch.eachPicture { index, from, to, picture in
            var random = context.random(index)
            // Both are drawn, whatever is asked for.
            let (first, second) = (random.uniform() < 0.5, random.uniform() < 0.5)
            let mirrors = first && axes != .vertical
            let turnsOver = second && axes != .horizontal
            let line = picture.width * picture.channels
            for row in 0..<picture.height {
                let source = from + (turnsOver ? picture.height - 1 - row : row) * line
                let target = to + row * line
                guard mirrors else {
                    target.update(from: source, count: line)
                    continue
                }
                switch picture.channels {
                case 1: for column in 0..<line { target[column] = source[line - 1 - column] }
                case let channels:
                    for column in 0..<picture.width {
                        let pixel = source + (picture.width - 1 - column) * channels
                        for channel in 0..<channels { target[column * channels + channel] = pixel[channel] }
                    }
                }
            }
        }
    }
}
