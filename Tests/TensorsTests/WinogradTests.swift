// Winograd convolutions against sums in double precision, and the rule that chooses them.

import Testing

import Tensors

struct WinogradTests {
    /// input [batch, height, width, in], output channels
    static let shapes: [(Shape, Int, Padding)] = [
        ([2, 8, 8, 16], 16, .same), ([1, 6, 6, 32], 48, .valid), ([3, 7, 9, 48], 32, .valid),
        ([2, 5, 13, 16], 32, .same),
        ([1, 4, 3, 64], 16, .same), ([40, 3, 3, 16], 16, .valid), ([2, 18, 21, 32], 32, .same),
    ]

    /// The transforms of F(4x4, 3x3) in Lavin & Gray 2016, section 4.3.
    private static let b: [[Double]] = [
        [4, 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0], [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
    private static let g: [[Double]] = [
        [1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6], [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6], [0, 0, 1],
    ]
    private static let a: [[Double]] = [
        [1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1],
    ]

    /// How much larger than a product's terms intermediate sums may become, in one dimension: the largest entry of
    /// |out| (|left| 1 . |right| 1) with all entries positive. Its square is the factor of two dimensions.
    private func amplification(_ out: [[Double]], _ left: [[Double]], _ right: [[Double]]) -> Double {
        func sum(_ row: [Double]) -> Double { row.reduce(0) { $0 + abs($1) } }
        return out.map { row in row.indices.reduce(0) { $0 + abs(row[$1]) * sum(left[$1]) * sum(right[$1]) } }.max()!
    }

    private func transposed(_ m: [[Double]]) -> [[Double]] { m[0].indices.map { c in m.map { $0[c] } } }

    /// Rounding errors are at most 2^-24 sqrt(k) times the sum of the terms' sizes, for k roundings on the way to a
    /// result (Higham & Mary 2019, Barabasz et al. 2020): one for each channel or tile summed over, and about 24 in the
    /// transforms. The sizes grow by the transforms' amplification.
    @Test(arguments: shapes) func agreesWithDirectSums(_ input: Shape, _ out: Int, _ padding: Padding) {
        let workspace = Workspace()
        let convolution = Convolution(
            input: input, kernel: [3, 3, input[3], out], options: .init(padding: padding), algorithm: .winograd)
        let x = values(input, 1), k = values(convolution.kernelShape, 2), shift = values([out], 3)
        let dy = values(convolution.outputShape, 4)
        let y = convolution.forward(x, k, bias: shift, in: workspace)
        let dx = convolution.inputGradient(dy, k, in: workspace)
        let dk = Tensor.zeros(convolution.kernelShape)
        convolution.kernelGradient(dy, x, into: dk.pointer, in: workspace)

        let (forward, inputSums, kernelSums) = sums(
            convolution, x.scalars, k.scalars, shift.scalars, dy.scalars, padding)
        let towardsOutput = amplification(Self.a, Self.g, Self.b)
        let towardsKernel = amplification(transposed(Self.g), transposed(Self.a), Self.b)
        #expect(towardsOutput == 48 && towardsKernel < 54)
        let tiles = input[0] * ((y.shape[1] + 3) / 4) * ((y.shape[2] + 3) / 4)
        expectClose(y, forward, towardsOutput, terms: input[3], "output")
        expectClose(dx, inputSums, towardsOutput, terms: out, "input gradient")
        expectClose(dk, kernelSums, towardsKernel, terms: tiles, "kernel gradient")
        // As many times as one likes, from anything in its working memory.
        #expect(convolution.forward(x, k, bias: shift, in: workspace).scalars == y.scalars)
    }

    @Test func theRuleLooksAtOneSampleAlone() {
        func algorithm(_ input: Shape, _ kernel: Shape, _ options: ConvolutionOptions = .init())
            -> Convolution.Algorithm
        {
            Convolution(input: input, kernel: kernel, options: options).algorithm
        }
        for batch in [1, 32] {
            #expect(algorithm([batch, 32, 32, 64], [3, 3, 64, 64], .init(padding: .same)) == .winograd)
            #expect(algorithm([batch, 8, 8, 64], [3, 3, 64, 64], .init(padding: .same)) == .winograd)
            #expect(algorithm([batch, 6, 6, 64], [3, 3, 64, 64]) == .direct)  // one tile
        }
        #expect(algorithm([32, 28, 28, 1], [3, 3, 1, 32]) == .direct)
        #expect(algorithm([32, 32, 32, 64], [3, 3, 64, 64], .init(strides: 2)) == .direct)
        #expect(algorithm([32, 32, 32, 64], [5, 5, 64, 64]) == .direct)
        #expect(algorithm([32, 32, 32, 64], [3, 3, 32, 64], .init(groups: 2)) == .direct)
        #expect(algorithm([32, 32, 32, 64], [3, 3, 64, 64], .init(dilation: 2)) == .direct)
        #expect(algorithm([32, 7, 7, 64], [3, 3, 64, 64]) == .direct)  // 5 x 5 outputs in 8 x 8
        #expect(algorithm([32, 16, 16, 40], [3, 3, 40, 64]) == .direct)  // no whole vectors
    }

    private func values(_ shape: Shape, _ index: Int) -> Tensor {
        .uniform(shape, -1, 1, key: RandomKey(seed: 5, purpose: .augmentation, index: index, subindex: 0))
    }

    private func expectClose(
        _ found: Tensor, _ expected: [Double], _ amplification: Double, terms: Int, _ what: Comment
    ) {
        let tolerance = 0x1p-24 * Double(terms + 24).squareRoot() * amplification * amplification * Double(terms)
        let worst = zip(found.scalars, expected).map { abs(Double($0) - $1) }.max()!
        // The bound is far above what random signs give, and far below what a wrong coefficient would.
        #expect(worst <= tolerance && tolerance < 0.2, "\(what): off by \(worst), tolerance \(tolerance)")
    }

    /// Output, input gradient and kernel gradient by their definitions.
    private func sums(
        _ s: Convolution, _ x: [Float], _ k: [Float], _ bias: [Float], _ dy: [Float], _ padding: Padding
    ) -> ([Double], [Double], [Double]) {
        let (i, o) = (s.inputShape, s.outputShape)
        let pad = padding == .same ? 1 : 0
        var (y, dx, dk) = ([Double](), [Double](repeating: 0, count: x.count), [Double](repeating: 0, count: k.count))
        for n in 0..<o[0] {
            for row in 0..<o[1] {
                for column in 0..<o[2] {
                    var totals = bias.map(Double.init)
                    let outputs = ((n * o[1] + row) * o[2] + column) * o[3]
                    for tap in 0..<9 {
                        let (iy, ix) = (row + tap / 3 - pad, column + tap % 3 - pad)
                        if iy < 0 || ix < 0 || iy >= i[1] || ix >= i[2] { continue }
                        for c in 0..<i[3] {
                            let (at, weights) = (((n * i[1] + iy) * i[2] + ix) * i[3] + c, (tap * i[3] + c) * o[3])
                            var gradient = 0.0
                            for f in 0..<o[3] {
                                totals[f] += Double(x[at]) * Double(k[weights + f])
                                gradient += Double(dy[outputs + f]) * Double(k[weights + f])
                                dk[weights + f] += Double(dy[outputs + f]) * Double(x[at])
                            }
                            dx[at] += gradient
                        }
                    }
                    y += totals
                }
            }
        }
        return (y, dx, dk)
    }
}
