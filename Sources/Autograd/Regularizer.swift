// Penalties on the size of weights. Layers give them to their parameters; `ParameterBuffer.penalty` adds them up for the
// loss that is shown, and the optimizer's update adds their gradients.

import Tensors

/// A penalty on a parameter w: `l1 * sum(|w|) + l2 * sum(w^2)`, as `keras.regularizers.L1`, `L2` and `L1L2`.
///
/// The optimizer adds its gradient `l1 * sign(w) + 2 * l2 * w` to the loss's, after clipping.
public struct Regularizer: Sendable, Hashable, Codable {
    /// The factor of the sum of absolute values.
    package let l1: Float
    /// The factor of the sum of squares.
    package let l2: Float

    public static func l1(_ factor: Float) -> Regularizer { Regularizer(l1: factor, l2: 0) }
    public static func l2(_ factor: Float) -> Regularizer { Regularizer(l1: 0, l2: factor) }
    public static func l1l2(_ l1: Float, _ l2: Float) -> Regularizer { Regularizer(l1: l1, l2: l2) }

    /// What is wrong with the factors, nil when nothing is.
    var defect: String? {
        l1 >= 0 && l2 >= 0 && l1.isFinite && l2.isFinite
            ? nil : "a regularizer's factors must be 0 or more, got l1 \(l1) and l2 \(l2)"
    }

    private typealias Lanes = SIMD8<Double>
    private static let blockLength = 4096

    /// The penalty in doubles: in blocks of 4,096 elements, element i is added to lane i mod 8, lanes by halves, and the
    /// blocks in order.
    func penalty(of values: UnsafeMutableBufferPointer<Float>) -> Double {
        var (absolutes, squares) = (0.0, 0.0)
        for start in stride(from: 0, to: values.count, by: Self.blockLength) {
            let block = values[start..<min(start + Self.blockLength, values.count)]
            let sums = Self.sums(UnsafeMutableBufferPointer(rebasing: block))
            absolutes += sums.absolutes
            squares += sums.squares
        }
        return Double(l1) * absolutes + Double(l2) * squares
    }

    private static func sums(_ block: UnsafeMutableBufferPointer<Float>) -> (absolutes: Double, squares: Double) {
        var (absolutes, squares) = (Lanes.zero, Lanes.zero)
        let whole = block.count / Lanes.scalarCount * Lanes.scalarCount
        func add(_ values: Lanes) {
            absolutes += values.replacing(with: -values, where: values .< 0)
            squares += values * values
        }
        for index in stride(from: 0, to: whole, by: Lanes.scalarCount) {
            add(Lanes(UnsafeRawPointer(block.baseAddress! + index).loadUnaligned(as: SIMD8<Float>.self)))
        }
        var rest = Lanes.zero
        for index in whole..<block.count { rest[index - whole] = Double(block[index]) }
        add(rest)
        return (folded(absolutes), folded(squares))
    }

    private static func folded(_ lanes: Lanes) -> Double {
        let four = lanes.lowHalf + lanes.highHalf
        let two = four.lowHalf + four.highHalf
        return two.x + two.y
    }
}
