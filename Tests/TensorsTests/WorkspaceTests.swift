// Buffer sizes and reuse, and what the kernels make of memory anywhere.

import Testing

import Tensors

struct WorkspaceTests {
    @Test func sizeClassesHoldWhatTheySayAndWasteLittle() {
        var classes: [Int: Int] = [:]
        var counts = Array(0...20_000)
        for power in 14...40 { counts += [(1 << power) - 1, 1 << power, (1 << power) + 1, 3 << power] }
        for count in counts {
            let size = SizeClass(holding: count)
            #expect(size.capacity >= count && size.capacity % 16 == 0)
            #expect(size.index < SizeClass.count)
            #expect(size.capacity - 16 < count * 5 / 4 || count == 0, "\(count) in \(size.capacity)")
            let known = classes.updateValue(size.capacity, forKey: size.index)
            #expect(known == nil || known == size.capacity, "class \(size.index) has two capacities")
        }
        let sorted = classes.sorted { $0.key < $1.key }.map(\.value)
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $0 < $1 })
    }

    @Test func buffersAreUsedAgainAndLieOnCacheLines() {
        let workspace = Workspace()
        func use() { _ = Tensor.zeros([100], in: workspace).map(.exp) + Tensor.zeros([97], in: workspace).sum() }
        use()
        let allocated = workspace.systemAllocationCount
        #expect(allocated == workspace.freeBufferCount)
        use()
        #expect(workspace.systemAllocationCount == allocated)
        #expect(UInt(bitPattern: Tensor.zeros([3], in: workspace).pointer) % 64 == 0)
    }

    @Test func matrixProductsTransposeAccumulateAndTakeEmptyAxes() throws {
        let workspace = Workspace()
        let (a, b) = (Tensor([1, 2, 3, 4, 5, 6]).reshaped([2, 3]), Tensor([1, 0, 2, 1, 0, 3]).reshaped([3, 2]))
        let (at, bt) = (a.transposed([1, 0]), b.transposed([1, 0]))
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let c = try Tensor([2, 2], [100, 200, 300, 400], in: workspace)
            MatrixProduct(m: 2, n: 2, k: 3, transposeA: ta, transposeB: tb, accumulate: true).run(
                (ta ? at : a).pointer, (tb ? bt : b).pointer, into: c.pointer, in: workspace)
            #expect(c.scalars == [105, 211, 314, 423])
        }
        #expect(Tensor.zeros([2, 0]).matmul(.zeros([0, 3])).scalars == [0, 0, 0, 0, 0, 0])
        #expect(Tensor.zeros([0, 2]).matmul(.zeros([2, 3])).shape == [0, 3])
    }

    /// A shard's operands may start anywhere in a batch or a flat buffer; their address must not change the sums.
    @Test func productsGiveTheSameBitsAtAnyAddress() {
        let workspace = Workspace()
        let (m, n, k) = (19, 35, 333)
        let convolution = Convolution(input: [2, 9, 9, 3], kernel: [3, 3, 3, 17], options: .init(padding: .same))
        func results(offset: Int) -> [[Float]] {
            func placed(_ count: Int, salt: Int) -> UnsafeMutablePointer<Float> {
                let memory = UnsafeMutableRawPointer.allocate(byteCount: (count + 16) * 4, alignment: 64)
                let pointer = memory.assumingMemoryBound(to: Float.self) + offset
                pointer.update(from: ElementwiseKernelTests.values(count, salt: salt), count: count)
                return pointer
            }
            let (a, b, c) = (placed(m * k, salt: 1), placed(k * n, salt: 2), placed(m * n, salt: 3))
            let (x, g) = (placed(convolution.inputShape.count, salt: 4), placed(convolution.outputShape.count, salt: 5))
            let kernel = placed(convolution.kernelShape.count, salt: 6)
            defer { for pointer in [a, b, c, x, g, kernel] { (pointer - offset).deallocate() } }
            var found: [[Float]] = []
            for transposed in [false, true] {
                MatrixProduct(m: m, n: n, k: k, transposeA: transposed, transposeB: transposed)
                    .run(a, b, into: c, in: workspace)
                found.append(Array(UnsafeBufferPointer(start: c, count: m * n)))
            }
            func view(_ pointer: UnsafeMutablePointer<Float>, _ shape: Shape) -> Tensor {
                Tensor(viewing: pointer, shape: shape, owner: workspace)
            }
            let (input, output) = (view(x, convolution.inputShape), view(g, convolution.outputShape))
            let weights = view(kernel, convolution.kernelShape)
            found.append(convolution.forward(input, weights, bias: nil, in: workspace).scalars)
            found.append(convolution.inputGradient(output, weights, in: workspace).scalars)
            convolution.kernelGradient(output, input, into: kernel, in: workspace)
            return found + [weights.scalars]
        }
        let aligned = results(offset: 0)
        for offset in 1..<16 { #expect(results(offset: offset) == aligned, "offset \(offset)") }
    }
}
