// What differs from one written digit to the next: the writer's slant, size and wobble, and the pen. `SyntheticDigits`
// draws one of each per sample.

import Tensors

/// Maps skeleton coordinates to pixels: a smooth random bend, then scale, shear, rotation and shift.
struct Handwriting {
    /// Displacements at the knots of a 4 x 4 grid over [-1, 1] x [-1, 1].
    private let bend: (Knots, Knots)
    private let xAxis: SIMD2<Float>
    private let yAxis: SIMD2<Float>
    private let origin: SIMD2<Float>

    private typealias Knots = SIMD16<Float>

    init(_ random: inout RandomStream) {
        var bend = (Knots.zero, Knots.zero)
        for knot in 0..<16 {
            bend.0[knot] = random.uniform(within: 0.18)
            bend.1[knot] = random.uniform(within: 0.18)
        }
        self.bend = bend
        let angle = random.uniform(within: 0.26)
        let shear = random.uniform(within: 0.3)
        let height = 8.8 + random.uniform(within: 1.3)
        let width = height * (0.95 + random.uniform(within: 0.25))
        let (cosine, sine) = (Handwriting.cosine(angle), Handwriting.sine(angle))
        xAxis = width * SIMD2(cosine, sine)
        yAxis = height * SIMD2(-sine - shear * cosine, cosine - shear * sine)
        origin = SIMD2(13.5 + random.uniform(within: 2), 13.5 + random.uniform(within: 2))
    }

    /// Where the skeleton's `point` lies, in pixels from the top left pixel's centre.
    func pixel(of point: SIMD2<Float>) -> SIMD2<Float> {
        let (column, right) = Handwriting.cell(of: point.x)
        let (row, down) = Handwriting.cell(of: point.y)
        let knot = row * 4 + column
        let part = SIMD2(right, down)
        let ease = part * part * (3 - 2 * part)
        let bent = point + SIMD2(blend(bend.0, knot, ease), blend(bend.1, knot, ease))
        return origin + bent.x * xAxis + bent.y * yAxis
    }

    /// The grid cell of a coordinate and the place in it, 0 ... 1.
    private static func cell(of coordinate: Float) -> (Int, Float) {
        let place = min(max((coordinate + 1) * 1.5, 0), 3)
        let cell = min(Int(place), 2)
        return (cell, place - Float(cell))
    }

    /// Interpolates between the knot, its right, lower and lower right neighbours.
    private func blend(_ knots: Knots, _ knot: Int, _ ease: SIMD2<Float>) -> Float {
        let top = knots[knot] + (knots[knot + 1] - knots[knot]) * ease.x
        let bottom = knots[knot + 4] + (knots[knot + 5] - knots[knot + 4]) * ease.x
        return top + (bottom - top) * ease.y
    }

    /// Taylor polynomials, good to single precision below half a radian: the C library's differ between machines.
    private static func sine(_ x: Float) -> Float {
        let square = x * x
        return x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42)))
    }

    private static func cosine(_ x: Float) -> Float {
        let square = x * x
        return 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56)))
    }
}

/// The pen and the paper of one sample.
struct Pen {
    /// Half the stroke's width, pixels.
    let radius: Float
    /// The slope of the stroke's edge, per radius.
    let sharpness: Float
    /// How far from the stroke's middle ink appears, pixels.
    let reach: Float
    /// The grey of the stroke, at most 255.
    let ink: Float
    /// The grain of the paper: grey per step of a random byte.
    let noiseScale: Float

    init(_ random: inout RandomStream) {
        radius = 1.25 + random.uniform(within: 0.55)
        let blur = 1.1 + random.uniform(within: 0.5)
        sharpness = radius / blur
        reach = radius + 0.5 * blur
        ink = 215 + random.uniform(within: 40)
        noiseScale = 0.1 + random.uniform(within: 0.1)
    }
}

extension RandomStream {
    /// Uniform in [-`bound`, `bound`).
    fileprivate mutating func uniform(within bound: Float) -> Float { (2 * uniform() - 1) * bound }
}
