// A 28 x 28 picture that pen strokes are drawn on, with soft edges. `SyntheticDigits` draws on it; it is the inner loop
// of making the data, so it works on four pixels at a time and only near the stroke.

/// For every pixel the squared distance to the nearest pen stroke, in units of the pen's radius there.
struct StrokeCanvas {
    /// Pixels per side.
    static let side = 28
    private static let lanes = 4
    private static let vectors = side / lanes
    private static let offsets = SIMD4<Float>(0, 1, 2, 3)
    /// Far from every stroke.
    private static let far = SIMD4<Float>(repeating: 1e6)

    private let field: UnsafeMutableBufferPointer<SIMD4<Float>>

    /// Gives `body` a canvas that lives as long as the call.
    static func withCanvas<Result>(_ body: (StrokeCanvas) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: SIMD4<Float>.self, capacity: side * vectors) { body(StrokeCanvas(field: $0)) }
    }

    func clear() { field.initialize(repeating: StrokeCanvas.far) }

    /// Draws a straight piece from `start` to `end` (pixels from the top left pixel's centre).
    ///
    /// - Parameters:
    ///   - radius: half the pen's width, pixels.
    ///   - reach: how far from the piece's axis ink can appear, pixels, at least `radius`.
    func draw(from start: SIMD2<Float>, to end: SIMD2<Float>, radius: Float, reach: Float) {
        let last = Float(StrokeCanvas.side - 1)
        let left = max(min(start.x, end.x) - reach, 0)
        let right = min(max(start.x, end.x) + reach, last)
        let top = max(min(start.y, end.y) - reach, 0)
        let bottom = min(max(start.y, end.y) + reach, last)
        guard left <= right && top <= bottom else { return }
        let along = end - start
        let scale = 1 / max((along * along).sum(), 1e-6)
        let perRadius = 1 / (radius * radius)
        for row in Int(top)...Int(bottom) {
            let y = Float(row) - start.y
            for column in Int(left) / StrokeCanvas.lanes...Int(right) / StrokeCanvas.lanes {
                let x = StrokeCanvas.offsets + (Float(4 * column) - start.x)
                // The nearest point of the piece is `start + t along`.
                let t = ((x * along.x + y * along.y) * scale).clipped(to: 1)
                let dx = x - t * along.x
                let dy = y - t * along.y
                let index = row * StrokeCanvas.vectors + column
                let distance = (dx * dx + dy * dy) * perRadius
                field[index].replace(with: distance, where: distance .< field[index])
            }
        }
    }

    /// Writes the picture: `ink` on the strokes, 0 far from them, a ramp of slope `sharpness` per radius across the
    /// edge; on top a grain of -128 ... 127 times `noiseScale`, from four random bytes per call of `noise`.
    func write(
        to pixels: UnsafeMutableBufferPointer<UInt8>, ink: Float, sharpness: Float, noiseScale: Float,
        noise: () -> UInt32
    ) {
        for index in 0..<field.count {
            let edge = (0.5 + (1 - field[index].squareRoot()) * sharpness).clipped(to: 1)
            let bits = noise()
            let bytes = SIMD4<UInt32>(bits, bits >> 8, bits >> 16, bits >> 24) & 255
            let grain = (SIMD4(smallIntegers: bytes) - 128) * noiseScale
            let value = (edge * ink + grain).clipped(to: 255).roundedToSmallIntegers
            for lane in 0..<StrokeCanvas.lanes {
                pixels[index * StrokeCanvas.lanes + lane] = UInt8(truncatingIfNeeded: value[lane])
            }
        }
    }
}

// The standard library's clamping and conversions of vectors go lane by lane, ten times slower than these.
extension SIMD4<Float> {
    /// The lanes limited to 0 ... `upper`.
    @inline(__always) fileprivate func clipped(to upper: Float) -> SIMD4<Float> {
        let positive = replacing(with: 0, where: self .< 0)
        return positive.replacing(with: upper, where: positive .> upper)
    }

    /// In [2^23, 2^24) the unit of a float is 1: its low bits are an integer.
    @inline(__always) fileprivate init(smallIntegers: SIMD4<UInt32>) {
        self = unsafeBitCast(smallIntegers | (0x1p23 as Float).bitPattern, to: SIMD4<Float>.self) - 0x1p23
    }

    /// The lanes, 0 ... 255, rounded to nearest, in the low bytes.
    @inline(__always) fileprivate var roundedToSmallIntegers: SIMD4<UInt32> {
        unsafeBitCast(self + 0x1p23, to: SIMD4<UInt32>.self)
    }
}
