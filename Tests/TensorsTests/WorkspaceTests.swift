// Buffer sizes, reuse, and the primitive cache when there are more shapes than it keeps.

import Testing

@testable import Tensors

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

    /// More shapes than the cache keeps, twice over: what was thrown away is built again, and right.
    @Test func manyShapesGoThroughThePrimitiveCache() {
        let workspace = Workspace()
        for _ in 0..<2 {
            for n in 1...300 {
                let a = Tensor(repeating: 2, [1, 3], in: workspace)
                #expect(
                    a.matmul(Tensor(repeating: Float(n), [3, n])).scalars == [Float](repeating: Float(6 * n), count: n))
            }
        }
    }

    @Test func matrixProductsTransposeAccumulateAndTakeEmptyAxes() {
        let workspace = Workspace()
        let (a, b) = (Tensor([2, 3], [1, 2, 3, 4, 5, 6]), Tensor([3, 2], [1, 0, 2, 1, 0, 3]))
        let (at, bt) = (a.transposedMatrix, b.transposedMatrix)
        for (ta, tb) in [(false, false), (false, true), (true, false), (true, true)] {
            let c = Tensor([2, 2], [100, 200, 300, 400], in: workspace)
            MatrixProduct(m: 2, n: 2, k: 3, transposeA: ta, transposeB: tb, accumulate: true).run(
                (ta ? at : a).pointer, (tb ? bt : b).pointer, into: c.pointer, in: workspace)
            #expect(c.scalars == [105, 211, 314, 423])
        }
        #expect(Tensor.zeros([2, 0]).matmul(.zeros([0, 3])).scalars == [0, 0, 0, 0, 0, 0])
        #expect(Tensor.zeros([0, 2]).matmul(.zeros([2, 3])).shape == [0, 3])
    }
}
