// Buffer sizes, reuse, and the primitive cache when there are more shapes than it keeps.

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

    /// More shapes than the cache keeps: what was thrown away is built again, and right; what was not is found.
    @Test func manyShapesGoThroughThePrimitiveCache() {
        let workspace = Workspace()
        func multiply(_ widths: ClosedRange<Int>) {
            for n in widths {
                var product = [Float](repeating: 0, count: n)
                MatrixProduct(m: 1, n: n, k: 3, algorithm: .oneDNN).run(
                    [2, 2, 2], [Float](repeating: Float(n), count: 3 * n), into: &product, in: workspace)
                #expect(product == [Float](repeating: Float(6 * n), count: n))
            }
        }
        multiply(1...256)
        multiply(1...256)
        #expect(workspace.builtKernelCount == 256)
        multiply(257...257)
        multiply(1...2)
        #expect(workspace.builtKernelCount == 259)
        // Each is found again at once, also the first in an emptied table.
        for n in 1000...3000 {
            multiply(n...n)
            multiply(n...n)
        }
        #expect(workspace.builtKernelCount == 259 + 2001)
    }

    @Test(arguments: MatrixProduct.Algorithm.allCases)
    func matrixProductsTransposeAccumulateAndTakeEmptyAxes(algorithm: MatrixProduct.Algorithm) throws {
        let workspace = Workspace()
        let (a, b) = (Tensor([1, 2, 3, 4, 5, 6]).reshaped([2, 3]), Tensor([1, 0, 2, 1, 0, 3]).reshaped([3, 2]))
        let (at, bt) = (a.transposed([1, 0]), b.transposed([1, 0]))
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let c = try Tensor([2, 2], [100, 200, 300, 400], in: workspace)
            MatrixProduct(m: 2, n: 2, k: 3, transposeA: ta, transposeB: tb, accumulate: true, algorithm: algorithm).run(
                (ta ? at : a).pointer, (tb ? bt : b).pointer, into: c.pointer, in: workspace)
            #expect(c.scalars == [105, 211, 314, 423])
        }
        #expect(Tensor.zeros([2, 0]).matmul(.zeros([0, 3])).scalars == [0, 0, 0, 0, 0, 0])
        #expect(Tensor.zeros([0, 2]).matmul(.zeros([2, 3])).shape == [0, 3])
    }

    /// Lengths around the tile of 4 or 8 rows, the vector of 16 columns and the block of 64 terms.
    @Test(arguments: [(1, 1, 1), (32, 10, 64), (4, 16, 64), (9, 17, 65), (7, 33, 130), (64, 10, 32), (3, 48, 200)])
    func smallProductsAgreeWithOneDNN(m: Int, n: Int, k: Int) {
        let workspace = Workspace()
        let a = ElementwiseKernelTests.values(m * k, salt: 1), b = ElementwiseKernelTests.values(k * n, salt: 2)
        let start = ElementwiseKernelTests.values(m * n, salt: 3), bias = ElementwiseKernelTests.values(n, salt: 4)
        for options in 0..<8 {
            let (ta, tb, adds) = (options & 1 != 0, options & 2 != 0, options & 4 != 0)
            func product(_ algorithm: MatrixProduct.Algorithm) -> [Float] {
                // Beyond the result lies what must not be touched.
                var c = start + [7]
                MatrixProduct(
                    m: m, n: n, k: k, transposeA: ta, transposeB: tb, accumulate: adds, algorithm: algorithm
                ).run(a, b, bias: adds ? nil : bias, into: &c, in: workspace)
                #expect(c.removeLast() == 7)
                return c
            }
            let (small, other) = (product(.small), product(.oneDNN))
            // Two orders of the same sum: within k roundings of the terms' sizes.
            let size = (a.map(abs).max()! * b.map(abs).max()! * Float(k) + 1) * Float(k) * 0x1p-24
            #expect(zip(small, other).allSatisfy { abs($0 - $1) <= size }, "\(ta) \(tb) \(adds)")
        }
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
            for (transposed, algorithm) in [(false, MatrixProduct.Algorithm.oneDNN), (true, .oneDNN), (true, .small)] {
                MatrixProduct(
                    m: m, n: n, k: k, transposeA: transposed, transposeB: transposed, algorithm: algorithm
                ).run(a, b, into: c, in: workspace)
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
