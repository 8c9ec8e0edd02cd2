// Running sums, and reductions that are neither sum, mean nor maximum.

import Tensors

extension Variable {
    /// The running sum along an axis: element k is the sum of elements 0 ... k in their order; `reversed` begins at the end.
    public func cumulativeSum(axis: Int, reversed: Bool = false) -> Variable {
        tape.record(value.scanned(axis: axis, reversed: reversed, +), self) { g in
            receive(g.scanned(axis: axis, reversed: !reversed, +))
        }.marked(kind.afterScaling)
    }

    /// The running product along an axis; exact gradients also where factors are 0.
    public func cumulativeProduct(axis: Int, reversed: Bool = false) -> Variable {
        tape.record(value.scanned(axis: axis, reversed: reversed, *), self) { g in
            let axis = shape.index(of: axis)
            let length = shape[axis]
            let inner = shape.dimensions[(axis + 1)...].reduce(1, *)
            let gradient = Tensor(uninitialized: shape, in: tape.workspace)
            for lane in 0..<(length == 0 ? 0 : shape.count / length) {
                let base = lane / inner * length * inner + lane % inner
                func place(_ step: Int) -> Int { base + (reversed ? length - 1 - step : step) * inner }
                var before: Float = 1
                for step in 0..<length {
                    // Each later product holds this factor: what is left of it without the factor.
                    var (rest, sum): (Float, Float) = (before, 0)
                    for later in step..<length {
                        if later > step { rest *= value.pointer[place(later)] }
                        sum += g.pointer[place(later)] * rest
                    }
                    gradient.pointer[place(step)] = sum
                    before *= value.pointer[place(step)]
                }
            }
            receive(gradient)
        }.marked(.unknown)
    }

    /// The product over `axes`, all when nil; exact gradients also where factors are 0.
    public func product(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        // The reduced axes last, as one.
        let reduced = Set((axes ?? Array(0..<shape.rank)).map(shape.index(of:))).sorted()
        let kept = (0..<shape.rank).filter { !reduced.contains($0) }
        let count = reduced.reduce(1) { $0 * shape[$1] }
        let rows = transposed(kept + reduced).reshaped(kept.map { shape[$0] } + [count]).productOfRows
        guard keepingDimensions else { return rows }
        return rows.reshaped((0..<shape.rank).map { reduced.contains($0) ? 1 : shape[$0] })
    }

    /// The product of the last axis, from 1 in its order.
    private var productOfRows: Variable {
        let width = shape[-1]
        let result = Tensor(uninitialized: Shape(shape.dimensions.dropLast()), in: tape.workspace)
        for row in 0..<result.count {
            result.pointer[row] = (0..<width).reduce(1) { $0 * value.pointer[row * width + $1] }
        }
        return tape.record(result, self) { g in
            // Of each factor the product of all others, from both sides.
            let gradient = Tensor(uninitialized: shape, in: tape.workspace)
            for row in 0..<result.count {
                let (x, target) = (value.pointer + row * width, gradient.pointer + row * width)
                var before = g.pointer[row]
                for index in 0..<width {
                    target[index] = before
                    before *= x[index]
                }
                var after: Float = 1
                for index in stride(from: width - 1, through: 0, by: -1) {
                    target[index] *= after
                    after *= x[index]
                }
            }
            receive(gradient)
        }.marked(.unknown)
    }

    /// The norm (sum of |x|^order)^(1 / order) over `axes`, all when nil: 2 is the Euclidean one, of which the gradient is 0
    /// where it is 0, as in PyTorch; 1 the sum and infinity the largest of the absolute values.
    public func norm(axes: [Int]? = nil, keepingDimensions: Bool = false, order: Float = 2) -> Variable {
        require(order > 0, "norm: expected an order above 0, got \(order)")
        switch order {
        case 1: return abs.sum(axes: axes, keepingDimensions: keepingDimensions)
        case .infinity: return abs.max(axes: axes, keepingDimensions: keepingDimensions)
        case 2: break
        default:
            return abs.power(order).sum(axes: axes, keepingDimensions: keepingDimensions).power(1 / order)
        }
        let kept = value.map(.square).sum(axes: axes, keepingDimensions: true).map(.sqrt)
        let result = keepingDimensions ? kept : value.map(.square).sum(axes: axes).map(.sqrt)
        return tape.record(result, self) { g in
            let isZero = kept.combined(.equal, Tensor(repeating: 0))
            receive(g.reshaped(kept.shape) * value / (kept + isZero))
        }.marked(.unknown)
    }

    /// log(sum(exp(x))) over `axes`, all when nil, without overflow; minus infinity of no elements.
    public func logSumExp(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        let top = tape.constant(
            value.max(axes: axes, keepingDimensions: true).clamped(-.greatestFiniteMagnitude, .greatestFiniteMagnitude))
        let kept = (self - top).exp.sum(axes: axes, keepingDimensions: true).log + top
        return keepingDimensions ? kept : kept.reshaped(value.sum(axes: axes).shape.dimensions)
    }

    /// The smallest element over `axes`, infinity of none; equal ones share the gradient.
    public func min(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        -(-self).max(axes: axes, keepingDimensions: keepingDimensions)
    }

    /// The mean of the squared distances from the mean over `axes`, all when nil; biased, as NumPy's `var`.
    public func variance(axes: [Int]? = nil, keepingDimensions: Bool = false) -> Variable {
        (self - mean(axes: axes, keepingDimensions: true)).square.mean(axes: axes, keepingDimensions: keepingDimensions)
    }
}
