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
        workspace.timeline?.count(operations: Int(2 * shape.m * shape.n * shape.k))
        withUnsafePointer(to: shape) { shape in
            workspace.withScratch(Int(lk_product_scratch(shape))) { lk_matrix_product(shape, c, a, b, bias, $0) }
        }
    }
}
