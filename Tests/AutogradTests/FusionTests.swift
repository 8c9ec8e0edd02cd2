// A convolution with ReLU and pooling as one operation, against the same as three operations.

import Autograd
import Tensors
import Testing

struct FusionTests {
    /// Shapes of a case: `input` [batch, height, width, in], `kernel` [height, width, out].
    struct Case: CustomTestStringConvertible, Sendable {
        var input: Shape
        var kernel: Shape
        var padding = Padding.valid
        var pooling = PoolingOptions(window: 2)
        var hasBias = true

        var testDescription: String { "\(input) * \(kernel), \(padding), pool \(pooling.window)" }
        var kernelShape: Shape { [kernel[0], kernel[1], input[3], kernel[2]] }
    }

    static let cases = [
        Case(input: [3, 28, 28, 1], kernel: [3, 3, 32]),
        Case(input: [2, 9, 7, 1], kernel: [3, 3, 16]),  // convolved 7 x 5: a row and a column are left out
        Case(input: [2, 8, 11, 1], kernel: [3, 3, 5], padding: .same),
        Case(input: [2, 10, 9, 3], kernel: [3, 3, 24], padding: .same),
        Case(input: [1, 12, 12, 3], kernel: [5, 5, 48]),  // all 75 taps
        Case(input: [2, 6, 6, 4], kernel: [1, 1, 33], hasBias: false),
        Case(input: [2, 7, 8, 2], kernel: [2, 4, 64], padding: .same, hasBias: false),
        Case(input: [2, 4, 4, 1], kernel: [3, 3, 1]),
        // Too many taps, channels, or another window: ReLU and pooling alone are one.
        Case(input: [2, 9, 9, 5], kernel: [3, 3, 20]),
        Case(input: [1, 10, 10, 4], kernel: [5, 5, 8]),
        Case(input: [2, 9, 8, 1], kernel: [3, 3, 16], pooling: .init(window: 3, strides: 2, padding: .same)),
        Case(input: [2, 11, 9, 2], kernel: [3, 3, 17], pooling: .init(window: 2, strides: 3)),
    ]

    /// Values and the kernel's gradient have the same bits. A bias's gradient is summed over pooled positions instead of
    /// all: numbers below 1.5, so 2^-24 times the square root of their number times a few (Higham & Mary 2019) is the
    /// difference.
    @Test(arguments: cases, [false, true]) func oneOperationGivesWhatThreeGive(_ shapes: Case, watched: Bool) {
        let (fused, plain) = (run(shapes, fused: true, watched), run(shapes, fused: false, watched))
        #expect(fused.output.shape == plain.output.shape)
        let terms = Float(fused.output.count / fused.output.shape[3])
        expectClose(fused.output, plain.output, 0, "output")
        let bias = shapes.hasBias ? fused.gradients.count - 1 : nil
        for (index, (a, b)) in zip(fused.gradients, plain.gradients).enumerated() {
            let tolerance = index == bias ? 16 * 0x1p-24 * (1 + terms.squareRoot()) : 0
            expectClose(a, b, tolerance, "gradient \(index)")
        }
    }

    /// The inputs have 24 bits, so no two of a window's elements are equal; here all are, or none passes.
    @Test(arguments: [Float(0.5), 0, -0.5]) func theFirstOfEqualElementsTakesTheGradient(_ bias: Float) {
        for shapes in [Self.cases[0], Self.cases[8]] {
            let runs = [true, false].map { run(shapes, fused: $0, false, inputScale: 0, bias: bias) }
            #expect(runs[0].output.scalars == runs[1].output.scalars)
            expectClose(runs[0].gradients.last!, runs[1].gradients.last!, 1e-5, "bias gradient")
            if bias <= 0 { #expect(runs[0].gradients.last!.scalars.allSatisfy { $0 == 0 }) }
        }
    }

    @Test func notANumberPassesThrough() {
        for shapes in Self.cases {
            let runs = [true, false].map { run(shapes, fused: $0, false, poison: .nan) }
            let missing = runs.map { $0.output.scalars.map(\.isNaN) }
            #expect(missing[0] == missing[1] && missing[0].contains(true) && missing[0].contains(false))
        }
    }

    private func run(
        _ shapes: Case, fused: Bool, _ watched: Bool, inputScale: Float = 1, bias: Float? = nil, poison: Float? = nil
    ) -> (output: Tensor, gradients: [Tensor]) {
        func values(_ shape: Shape, _ index: Int) -> Tensor {
            .uniform(shape, -1, 1, key: RandomKey(seed: 11, purpose: .augmentation, index: index, subindex: 0))
        }
        let tape = Tape()
        var image = values(shapes.input, 0).affine(scale: inputScale)
        if let poison { image = Tensor([poison] + image.scalars.dropFirst()).reshaped(image.shape.dimensions) }
        let x = watched ? tape.watched(image) : tape.constant(image)
        let kernel = tape.watched(values(shapes.kernelShape, 1))
        let out = Shape([shapes.kernel[2]])
        let shift = shapes.hasBias ? tape.watched(bias.map { Tensor(repeating: $0, out) } ?? values(out, 2)) : nil
        let options = ConvolutionOptions(padding: shapes.padding)
        let y =
            fused
            ? x.convolution(kernel, bias: shift, options: options, pooledBy: shapes.pooling)
            : x.convolution(kernel, bias: shift, options: options, relu: true).maxPooled(shapes.pooling)
        tape.backward(from: y * tape.constant(values(y.shape, 3)))
        let leaves = (watched ? [x] : []) + [kernel] + (shift.map { [$0] } ?? [])
        return (y.value, leaves.map { tape.gradient(of: $0) })
    }

    private func expectClose(_ found: Tensor, _ expected: Tensor, _ tolerance: Float, _ what: Comment) {
        #expect(found.shape == expected.shape, what)
        let scale = max(1, expected.scalars.map(abs).max() ?? 0)
        let worst = zip(found.scalars, expected.scalars).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= tolerance * scale, "\(what): off by \(worst) of \(scale)")
    }
}
