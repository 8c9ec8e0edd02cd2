// The norm's value, and that its bits do not depend on who sums which block.

import Autograd
import Foundation
import Optimizers
import Testing

@Suite struct GradientNormTests {
    private let count = 3 * 4096 + 577

    private func makeGradients() -> FlatBuffer {
        let gradients = FlatBuffer(count: count + 100)
        for index in 0..<(count + 100) { gradients.pointer[index] = cos(Float(index)) * Float(index % 11) }
        return gradients
    }

    @Test func normIsTheRootOfTheSumOfSquares() {
        let gradients = makeGradients()
        let norm = GradientNorm(trainable: 0..<count)
        let expected = (0..<count).reduce(0.0) { $0 + Double(gradients.pointer[$1]) * Double(gradients.pointer[$1]) }
        let found = norm.norm(fromBlockSums: norm.blockSums(of: gradients, 0..<count))
        // Sums of 13,000 positive terms in double precision, in two orders: 13,000 * 1e-16 at worst.
        #expect(abs(found - expected.squareRoot()) <= 2e-12 * expected.squareRoot())
    }

    @Test func distributionOfBlocksChangesNoBit() {
        let gradients = makeGradients()
        let norm = GradientNorm(trainable: 0..<count)
        #expect(norm.blockCount == 4)
        let whole = norm.blockSums(of: gradients, 0..<count)
        #expect(whole.count == 4)
        for cuts in [[0, 4096, count], [0, 8192, count], [0, 4096, 8192, 12288, count]] {
            let parts = zip(cuts, cuts.dropFirst()).flatMap { norm.blockSums(of: gradients, $0..<$1) }
            #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern))
        }
    }

    @Test func anEmptyRangeHasNormZero() {
        let norm = GradientNorm(trainable: 0..<0)
        #expect(norm.blockSums(of: FlatBuffer(count: 16), 0..<0) == [])
        #expect(norm.norm(fromBlockSums: []) == 0)
    }
}
