// Orthogonal matrices for recurrent kernels: the Q of a random matrix's QR decomposition, by Householder reflections in
// doubles in a fixed order (docs/arithmetic.md), so that first weights are the same everywhere. Used by `Initializer`.

import Tensors

/// A tall matrix, column by column, and its decomposition.
struct OrthogonalMatrix {
    private let rows: Int
    private let columns: Int
    /// Column after column; below the diagonal the reflections' vectors, once decomposed.
    private var elements: [Double]

    /// A matrix with the elements of `shape`, all axes but the last joined, whose rows, or columns if those are fewer, are
    /// orthonormal.
    static func values(_ shape: Shape, key: RandomKey) -> Tensor {
        let last = shape.rank > 0 ? shape[-1] : 1
        let first = shape.count / max(1, last)
        if shape.count == 0 { return .zeros(shape) }
        let normals = Tensor.normal([max(first, last), min(first, last)], mean: 0, deviation: 1, key: key)
        let q = OrthogonalMatrix(normals).decomposed()
        return (first >= last ? q : q.transposed([1, 0])).reshaped(shape)
    }

    private init(_ matrix: Tensor) {
        (rows, columns) = (matrix.shape[0], matrix.shape[1])
        elements = matrix.transposed([1, 0]).scalars.map(Double.init)
    }

    /// Q `[rows, columns]` with the signs that make R's diagonal positive (Mezzadri 2007).
    private consuming func decomposed() -> Tensor {
        var factors: [Double] = []  // of each reflection: 2 / v'v
        var signs: [Double] = []  // of R's diagonal
        elements.withUnsafeMutableBufferPointer { a in
            for k in 0..<columns {
                let v = a.baseAddress! + k * rows + k
                let length = rows - k
                let norm = Self.dot(v, v, length).squareRoot()
                let diagonal = v[0] > 0 ? -norm : norm
                signs.append(diagonal < 0 ? -1 : 1)
                v[0] -= diagonal
                let square = Self.dot(v, v, length)
                factors.append(square > 0 ? 2 / square : 0)
                for j in (k + 1)..<max(k + 1, columns) {
                    Self.reflect(a.baseAddress! + j * rows + k, v, factors[k], length)
                }
            }
        }
        var result = [Float](repeating: 0, count: rows * columns)
        var column = [Double](repeating: 0, count: rows)
        for j in 0..<columns {
            column.withUnsafeMutableBufferPointer { q in
                q.update(repeating: 0)
                q[j] = signs[j]
                elements.withUnsafeBufferPointer { a in
                    for k in (0...j).reversed() {
                        Self.reflect(q.baseAddress! + k, a.baseAddress! + k * rows + k, factors[k], rows - k)
                    }
                }
                for i in 0..<rows { result[i * columns + j] = Float(q[i]) }
            }
        }
        return Tensor(result).reshaped([rows, columns])
    }

    /// x -= factor (v'x) v
    private static func reflect(
        _ x: UnsafeMutablePointer<Double>, _ v: UnsafePointer<Double>, _ factor: Double, _ count: Int
    ) {
        let scale = factor * dot(x, v, count)
        for i in 0..<count { x[i] -= scale * v[i] }
    }

    /// Element i is added to lane i mod 8, each lane from 0, lanes by halves.
    private static func dot(_ x: UnsafePointer<Double>, _ y: UnsafePointer<Double>, _ count: Int) -> Double {
        var lanes = SIMD8<Double>.zero
        var i = 0
        while i + 8 <= count {
            let a = UnsafeRawPointer(x + i).loadUnaligned(as: SIMD8<Double>.self)
            lanes += a * UnsafeRawPointer(y + i).loadUnaligned(as: SIMD8<Double>.self)
            i += 8
        }
        for lane in 0..<(count - i) { lanes[lane] += x[i + lane] * y[i + lane] }
        let four = lanes.lowHalf + lanes.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}
