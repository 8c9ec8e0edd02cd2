// Matrix products.

import CKernels

extension Tensor {
    /// The matrix product of the last two axes, `[..., m, k] x [..., k, n] -> [..., m, n]`; leading axes broadcast.
    public func matmul(_ other: Tensor) -> Tensor { matmul(other, transposeSelf: false, transposeOther: false) }

    package func matmul(
        _ other: Tensor, transposeSelf: Bool, transposeOther: Bool, in workspace: Workspace? = nil
    ) -> Tensor {
        let (a, b) = (shape, other.shape)
        require(a.rank >= 2 && b.rank >= 2, "matmul: expected at least 2 axes each, got \(a) and \(b)")
        let (m, k) = transposeSelf ? (a[-1], a[-2]) : (a[-2], a[-1])
        let (inner, n) = transposeOther ? (b[-1], b[-2]) : (b[-2], b[-1])
        require(k == inner, "matmul: inner lengths differ for shapes \(a) and \(b)")
        let (leadA, leadB) = (Shape(a.dimensions.dropLast(2)), Shape(b.dimensions.dropLast(2)))
        let lead = Shape.broadcast(leadA, leadB, operation: "matmul")
        let result = Tensor(
            uninitialized: Shape(lead.dimensions + [m, n]), in: workspace ?? resultWorkspace(self, other))
        let left = broadcast(to: Shape(lead.dimensions + a.dimensions.suffix(2)))
        let right = other.broadcast(to: Shape(lead.dimensions + b.dimensions.suffix(2)))
        let product = MatrixProduct(m: m, n: n, k: k, transposeA: transposeSelf, transposeB: transposeOther)
        for index in 0..<lead.count {
            product.run(
                left.pointer + index * m * k, right.pointer + index * k * n, into: result.pointer + index * m * n,
                in: result.workspace!)
        }
        return result
    }
}

/// One product `c [m, n] (+)= relu(a [m, k] * b [k, n] + bias [n])` with its options, on raw memory. What it computes is
/// specified: every element has the same bits for any shape of the rest, on any processor.
package struct MatrixProduct: Sendable {
    private let shape: lk_product

    /// - Parameters:
    ///   - transposeA: `a` is stored `[k, m]`.
    ///   - transposeB: `b` is stored `[n, k]`.
    ///   - accumulate: adds to `c` instead of replacing it.
    package init(
        m: Int, n: Int, k: Int, transposeA: Bool = false, transposeB: Bool = false, accumulate: Bool = false,
        relu: Bool = false
    ) {
        require(!(accumulate && relu), "matmul: what is added to has no ReLU")
        shape = lk_product(
            m: Int64(m), n: Int64(n), k: Int64(k), transpose_a: transposeA, transpose_b: transposeB,
            accumulate: accumulate, relu: relu)
    }

    package func run(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, bias: UnsafePointer<Float>? = nil,
        into c: UnsafeMutablePointer<Float>, in workspace: Workspace
    ) {
        if shape.m == 0 || shape.n == 0 { return }
        require(bias == nil || !shape.accumulate, "matmul: what is added to has no bias")
        if shape.k == 0 {
            require(bias == nil && !shape.accumulate, "matmul: an empty inner axis takes no bias and no accumulation")
            c.update(repeating: 0, count: Int(shape.m * shape.n))
            return
        }
        run(in: workspace) { lk_matrix_product($0, c, a, b, bias, $1) }
    }

    /// `c = a * shared` of this product and `d = b * shared` of another with the same `n` and `k`: what both read is packed
    /// once.
    package func runPair(
        _ other: MatrixProduct, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, shared: UnsafePointer<Float>,
        into c: UnsafeMutablePointer<Float>, _ d: UnsafeMutablePointer<Float>, in workspace: Workspace
    ) {
        let (first, second) = (shape, other.shape)
        require(
            first.n == second.n && first.k == second.k && first.transpose_a == second.transpose_a
                && first.transpose_b == second.transpose_b && first.k > 0,
            "matmul: two products that share an operand differ in it")
        require(
            !(first.accumulate || first.relu || second.accumulate || second.relu),
            "matmul: two products that share an operand replace their results")
        if first.m == 0 || second.m == 0 || first.n == 0 { return }
        workspace.timeline?.count(operations: Int(2 * (first.m + second.m) * first.n * first.k))
        withUnsafePointer(to: first) { first in
            withUnsafePointer(to: second) { second in
                workspace.withScratch(Int(max(lk_product_scratch(first), lk_product_scratch(second)))) {
                    lk_product_pair(first, second, c, d, a, b, shared, $0)
                }
            }
        }
    }

    private func run(
        in workspace: Workspace, _ kernel: (UnsafePointer<lk_product>, UnsafeMutablePointer<Float>?) -> Void
    ) {
        workspace.timeline?.count(operations: Int(2 * shape.m * shape.n * shape.k))
        withUnsafePointer(to: shape) { shape in
            workspace.withScratch(Int(lk_product_scratch(shape))) { kernel(shape, $0) }
        }
    }
}
