// In inference a sample has the same bits whatever batch it is in.

import Testing

import Tensors

struct SampleBitsTests {
    /// input [batch, height, width, in], kernel [height, width, in / groups, out]
    static let convolutions: [(Shape, Shape, ConvolutionOptions)] = [
        ([9, 8, 8, 32], [3, 3, 32, 32], .init(padding: .same)),  // Winograd
        ([9, 12, 9, 5], [3, 3, 5, 17], .init(strides: 2, padding: .same)),
        ([9, 6, 7, 40], [1, 1, 40, 33], .init()),
        ([9, 7, 7, 32], [5, 5, 32, 16], .init()),
        ([9, 9, 9, 24], [3, 3, 1, 24], .init(padding: .same, groups: 24)),
    ]

    @Test(arguments: convolutions)
    func convolutionsGiveASampleTheSameBitsInAnyBatch(_ input: Shape, _ kernel: Shape, _ options: ConvolutionOptions) {
        let (x, k, bias) = (values(input, 1), values(kernel, 2), values([kernel[3]], 3))
        func forward(_ x: Tensor) -> [Float] {
            Convolution(input: x.shape, kernel: kernel, options: options)
                .forward(x, k, bias: bias, relu: true, in: Workspace()).scalars
        }
        let whole = forward(x)
        let parts = [0..<1, 1..<4, 4..<9].flatMap { forward(x.sliced(axis: 0, $0)) }
        #expect(whole == parts)
    }

    @Test func pooledConvolutionsGiveASampleTheSameBitsInAnyBatch() throws {
        let (x, k, bias) = (values([9, 13, 12, 1], 1), values([3, 3, 1, 20], 2), values([20], 3))
        func forward(_ x: Tensor) throws -> [Float] {
            try #require(
                PooledConvolution(input: x.shape, kernel: k.shape, options: .init(), pooling: .init(window: 2))
            ).forward(x, k, bias: bias, in: Workspace()).output.scalars
        }
        let parts = try [0..<1, 1..<4, 4..<9].flatMap { try forward(x.sliced(axis: 0, $0)) }
        #expect(try forward(x) == parts)
    }

    /// From one row, which is read where it lies, to more than are packed.
    @Test(arguments: [(10, 64), (64, 784), (129, 300)]) func productsGiveARowTheSameBitsInAnyBatch(n: Int, k: Int) {
        let (a, b) = (values([200, k], 1), values([k, n], 2))
        let parts = [0..<1, 1..<8, 8..<60, 60..<200].flatMap { a.sliced(axis: 0, $0).matmul(b).scalars }
        #expect(a.matmul(b).scalars == parts)
    }

    private func values(_ shape: Shape, _ index: Int) -> Tensor {
        .uniform(shape, -1, 1, key: RandomKey(seed: 3, purpose: .augmentation, index: index, subindex: 0))
    }
}
