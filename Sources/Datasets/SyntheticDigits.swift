// The built-in dataset `digits`: pictures that look like handwritten digits, made on the spot, so that the first run
// needs neither a file nor the network. The command's default data.

import Tensors

/// 28 x 28 grey pictures of the digits 0 ... 9, drawn with a soft pen along bent skeletons.
///
/// Sample i of a split is a function of (seed, split, i) alone: asking for more samples never changes the earlier
/// ones. Only integer operations and + - * / and square root are used, so the bytes are the same on every machine.
///
/// How hard they are, seed 0 at the default sizes: a linear softmax classifier reaches about 91 % of the test set; one
/// 3x3 convolution of 32 channels, max pooling and a hidden layer of 128 reach 98.8 % in five epochs (Adam, batch 32).
public enum SyntheticDigits {
    /// The two independent streams of samples.
    package enum Split: UInt32, Sendable {
        case train = 0
        case test = 1
    }

    /// Makes both sets, samples `[28, 28, 1]`, labels drawn uniformly from 0 ... 9.
    public static func load(
        seed: UInt64 = 0, trainCount: Int = 10_000, testCount: Int = 2_000
    ) -> (train: ImageDataset, test: ImageDataset) {
        (
            dataset(seed: seed, split: .train, indices: 0..<trainCount),
            dataset(seed: seed, split: .test, indices: 0..<testCount)
        )
    }

    /// The samples `indices` of one split.
    package static func dataset(seed: UInt64, split: Split, indices: Range<Int>) -> ImageDataset {
        require(
            indices.lowerBound >= 0 && indices.upperBound <= UInt32.max, "digits: samples \(indices) are out of range")
        let length = StrokeCanvas.side * StrokeCanvas.side
        var labels = [UInt8](repeating: 0, count: indices.count)
        let samples = [UInt8](unsafeUninitializedCapacity: indices.count * length) { buffer, filled in
            StrokeCanvas.withCanvas { canvas in
                for (position, index) in indices.enumerated() {
                    var random = RandomStream(seed: seed, purpose: .digits, a: split.rawValue, b: UInt32(index))
                    let pixels = UnsafeMutableBufferPointer(
                        rebasing: buffer[position * length..<(position + 1) * length])
                    labels[position] = sample(into: pixels, canvas: canvas, random: &random)
                }
            }
            filled = indices.count * length
        }
        return ImageDataset(
            fitting: SampleBytes(samples), to: labels.map(Int32.init), name: "digits", sampleShape: [28, 28, 1],
            classCount: 10)
    }

    /// Draws one digit and returns its label.
    private static func sample(
        into pixels: UnsafeMutableBufferPointer<UInt8>, canvas: StrokeCanvas, random: inout RandomStream
    ) -> UInt8 {
        let label = random.integer(below: 10)
        let variants = DigitSkeleton.variants[label]
        let skeleton = variants[random.integer(below: variants.count)]
        let hand = Handwriting(&random)
        let pen = Pen(&random)
        canvas.clear()
        for stroke in skeleton.strokes { draw(stroke, by: hand, with: pen, on: canvas) }
        canvas.write(to: pixels, ink: pen.ink, sharpness: pen.sharpness, noiseScale: pen.noiseScale) {
            random.nextUInt32()
        }
        return UInt8(label)
    }

    /// Draws a curve through the points: a Catmull-Rom spline, each span in three straight pieces.
    private static func draw(_ stroke: [SIMD2<Float>], by hand: Handwriting, with pen: Pen, on canvas: StrokeCanvas) {
        withUnsafeTemporaryAllocation(of: SIMD2<Float>.self, capacity: stroke.count) { points in
            for index in 0..<stroke.count { points[index] = hand.pixel(of: stroke[index]) }
            let last = stroke.count - 1
            for index in 0..<last {
                let (a, b) = (points[index], points[index + 1])
                let before = points[max(index - 1, 0)]
                let after = points[min(index + 2, last)]
                var start = a
                for piece in 1...3 {
                    let end = catmullRom(before, a, b, after, at: Float(piece) / 3)
                    canvas.draw(from: start, to: end, radius: pen.radius, reach: pen.reach)
                    start = end
                }
            }
        }
    }

    /// The spline's point at t in [0, 1] between `b` and `c` (Catmull and Rom 1974, tension 1/2).
    private static func catmullRom(
        _ a: SIMD2<Float>, _ b: SIMD2<Float>, _ c: SIMD2<Float>, _ d: SIMD2<Float>, at t: Float
    ) -> SIMD2<Float> {
        let linear = c - a
        let quadratic = 2 * a - 5 * b + 4 * c - d
        let cubic = 3 * (b - c) + d - a
        return b + 0.5 * t * (linear + t * (quadratic + t * cubic))
    }
}
