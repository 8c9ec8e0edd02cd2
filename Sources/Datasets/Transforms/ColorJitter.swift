// Changes the colours of training pictures at random.

import Tensors

/// Changes every training picture's brightness, contrast and saturation at random, in this order: torchvision's
/// `ColorJitter` (which draws an order, too) on values as they come, which are not clamped: pictures may be normalised by
/// channel.
///
/// Each factor f is uniform in 1 - bound ... 1 + bound. Brightness makes f x of a value x; contrast f x + (1 - f) m with m
/// the mean grey of the picture; saturation f x + (1 - f) g with g the pixel's own grey. Grey is 0.2989 red + 0.587 green +
/// 0.114 blue; of pictures without colours the value itself, so that saturation leaves them alone. A sample's draws follow
/// from (seed, step, sample).
public struct ColorJitter: Transform, Hashable {
    package var brightness: Float
    package var contrast: Float
    package var saturation: Float

    /// - Parameters: bounds within 0 ... 1; 0 changes nothing.
    public init(brightness: Float = 0, contrast: Float = 0, saturation: Float = 0) {
        (self.brightness, self.contrast, self.saturation) = (brightness, contrast, saturation)
    }

    package var isIdentity: Bool { brightness == 0 && contrast == 0 && saturation == 0 }

    public var description: String { "brightness \(brightness), contrast \(contrast), saturation \(saturation)" }

    public func defect(sample: Shape) -> String? {
        for (name, value) in [("brightness", brightness), ("contrast", contrast), ("saturation", saturation)]
        where !(value >= 0 && value <= 1) {
            return "random \(name) must be at least 0 and at most 1, got \(value)"
        }
        if isIdentity { return nil }
        guard sample.isPicture else { return sample.noPicture("random brightness, contrast and saturation") }
        return sample[2] == 1 || sample[2] == 3
            ? nil
            : "random brightness, contrast and saturation want pictures of 1 or 3 channels, got samples \(sample)"
    }

    /// Pictures `[samples, height, width, channels]` -> the same in other colours; the batch itself when this is the
    /// identity.
    public func callAsFunction(_ batch: Batch, _ context: TransformContext) -> Batch {
        if isIdentity { return batch }
        return batch.eachPicture { index, from, to, picture in
            var random = context.random(index)
            // All three are drawn, whatever is switched on.
            func draw(_ bound: Float) -> Float { 1 + bound * (2 * random.uniform() - 1) }
            let (brightness, contrast, saturation) = (draw(brightness), draw(contrast), draw(saturation))
            ColorJitter.change(
                from, to, picture, brightness: brightness, contrast: contrast, saturation: saturation)
        }
    }

    /// Writes a picture in other colours; a factor of 1 changes nothing.
    private static func change(
        _ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, _ picture: Batch.PictureSize,
        brightness: Float, contrast: Float, saturation: Float
    ) {
        let pixels = picture.height * picture.width
        let count = pixels * picture.channels
        for place in 0..<count { to[place] = brightness * from[place] }
        if contrast != 1 {
            let rest = (1 - contrast) * meanGrey(to, pixels, picture.channels)
            for place in 0..<count { to[place] = contrast * to[place] + rest }
        }
        guard saturation != 1, picture.channels == 3 else { return }
        for pixel in 0..<pixels {
            let at = to + 3 * pixel
            let rest = (1 - saturation) * grey(at)
            (at[0], at[1], at[2]) = (saturation * at[0] + rest, saturation * at[1] + rest, saturation * at[2] + rest)
        }
    }

    /// Pictures `[count, height, width, channels]`, all changed by the same factors.
    package static func changed(_ pictures: Tensor, brightness: Float, contrast: Float, saturation: Float) -> Tensor {
        Batch(inputs: pictures, targets: pictures).eachPicture { _, from, to, picture in
            change(from, to, picture, brightness: brightness, contrast: contrast, saturation: saturation)
        }.inputs
    }

    private static func grey(_ pixel: UnsafeMutablePointer<Float>) -> Float {
        0.2989 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
    }

    /// In doubles, pixel after pixel, rounded once.
    private static func meanGrey(_ values: UnsafeMutablePointer<Float>, _ pixels: Int, _ channels: Int) -> Float {
        var sum = 0.0
        for pixel in 0..<pixels { sum += Double(channels == 3 ? grey(values + 3 * pixel) : values[pixel]) }
        return Float(sum / Double(pixels))
    }
}
