// Activation functions beside those of Variable+Arithmetic: each by its value and its slope, made of element-wise
// functions. Formulas as in Keras 3 and PyTorch.

import Tensors

extension Variable {
    /// A function of one argument by its value and its slope.
    private func function(_ name: String, _ y: Tensor, slope: @escaping () -> Tensor) -> Variable {
        tape.record(y, self) { g in receive(g * slope()) }.marked(.function(name)).masked(mask)
    }

    private func number(_ value: Float) -> Tensor { Tensor(repeating: value, [], in: tape.workspace) }
    /// 1 where the variable is above `limit`, else 0.
    private func isAbove(_ limit: Float) -> Tensor { value.combined(.greater, number(limit)) }
    private var negativePart: Tensor { value.clamped(-.infinity, 0) }

    /// x where x > 0, else alpha (exp(x / width) - 1); both times `scale`. exp(u) - 1 = tanh(u / 2) (exp(u) + 1), which
    /// keeps its digits near 0.
    private func exponentialLinear(_ name: String, alpha: Float, width: Float, scale: Float) -> Variable {
        let u = width == 1 ? negativePart : negativePart.affine(scale: 1 / width)
        let e = u.map(.exp)
        let below = u.affine(scale: 0.5).map(.tanh) * e.affine(scale: 1, shift: 1)
        let y = value.map(.relu) + below.affine(scale: alpha)
        return function(name, scale == 1 ? y : y.affine(scale: scale)) {
            let isAbove = isAbove(0)
            return (isAbove + e.affine(scale: alpha / width) * isAbove.affine(scale: -1, shift: 1)).affine(scale: scale)
        }
    }

    /// x where x > 0, else alpha (exp(x) - 1) (Clevert et al. 2016).
    package func elu(alpha: Float = 1) -> Variable { exponentialLinear("elu", alpha: alpha, width: 1, scale: 1) }

    /// `elu` scaled so that it keeps mean 0 and variance 1 (Klambauer et al. 2017).
    package var selu: Variable {
        exponentialLinear("selu", alpha: 1.6732632423543772, width: 1, scale: 1.0507009873554805)
    }

    /// max(x, 0) + min(alpha (exp(x / alpha) - 1), 0) (Barron 2017).
    package func celu(alpha: Float = 1) -> Variable { exponentialLinear("celu", alpha: alpha, width: alpha, scale: 1) }

    /// x where x > 0, else `negativeSlope` x (Maas et al. 2013).
    package func leakyReLU(negativeSlope: Float = 0.2) -> Variable {
        function("leaky-relu", value.map(.relu) + negativePart.affine(scale: negativeSlope)) {
            let isAbove = isAbove(0)
            return isAbove + isAbove.affine(scale: -negativeSlope, shift: negativeSlope)
        }
    }

    /// min(max(x, 0), 6)
    package var relu6: Variable {
        function("relu6", value.clamped(0, 6)) { isAbove(0) * number(6).combined(.greater, value) }
    }

    /// x where x > theta, else `value`.
    package func thresholdedReLU(theta: Float = 1, value elsewhere: Float = 0) -> Variable {
        let isAbove = isAbove(theta)
        let y = value.combined(.reluGradient, isAbove)
        return function(
            "thresholded-relu", elsewhere == 0 ? y : y + isAbove.affine(scale: -elsewhere, shift: elsewhere)
        ) { isAbove }
    }

    /// x / (1 + |x|)
    package var softsign: Variable {
        let size = value.map(.absolute).affine(scale: 1, shift: 1)
        return function("softsign", value / size) { number(1) / size.map(.square) }
    }

    /// x tanh(softplus(x)) (Misra 2019).
    package var mish: Variable { (self * softplus.tanh).marked(.function("mish")) }

    /// min(max(x + 3, 0), 6) / 6
    package var hardSigmoid: Variable {
        let shifted = value.affine(scale: 1, shift: 3)
        return function("hard-sigmoid", shifted.clamped(0, 6).affine(scale: 1 / 6)) {
            (isAbove(-3) * number(3).combined(.greater, value)).affine(scale: 1 / 6)
        }.marked(.sigmoid)
    }

    /// x hardSigmoid(x) (Howard et al. 2019).
    package var hardSwish: Variable { (self * hardSigmoid).marked(.function("hard-swish")) }

    /// min(max(x, -1), 1)
    package var hardTanh: Variable {
        function("hard-tanh", value.clamped(-1, 1)) { isAbove(-1) * number(1).combined(.greater, value) }
    }

    /// log(sigmoid(x)) = -softplus(-x)
    package var logSigmoid: Variable { (-(-self).softplus).marked(.function("log-sigmoid")) }

    /// x - tanh(x)
    package var tanhShrink: Variable {
        let t = value.map(.tanh)
        return function("tanh-shrink", value - t) { t.map(.square) }
    }

    /// x nearer to 0 by 0.5; 0 within that distance (Donoho 1995).
    package var softShrink: Variable {
        function("soft-shrink", value - value.clamped(-0.5, 0.5)) { isFurther }
    }

    /// x where |x| > 0.5, else 0.
    package var hardShrink: Variable {
        let isFurther = isFurther
        return function("hard-shrink", value.combined(.reluGradient, isFurther)) { isFurther }
    }

    /// 1 where |x| > 0.5, else 0.
    private var isFurther: Tensor { value.map(.absolute).combined(.greater, number(0.5)) }

    /// (x + sqrt(x^2 + 4)) / 2 (Barron 2021).
    package var squareplus: Variable { (((square + 4).sqrt + self) * 0.5).marked(.function("squareplus")) }

    /// x above 1, 0 below -1, (x + 1)^2 / 4 between.
    package var sparsePlus: Variable {
        let between = value.clamped(-1, 1).affine(scale: 1, shift: 1)
        let y = between.map(.square).affine(scale: 0.25) + value.affine(scale: 1, shift: -1).map(.relu)
        return function("sparse-plus", y) { between.affine(scale: 0.5) }
    }

    /// min(max((x + 1) / 2, 0), 1)
    package var sparseSigmoid: Variable {
        function("sparse-sigmoid", value.affine(scale: 0.5, shift: 0.5).clamped(0, 1)) {
            (isAbove(-1) * number(1).combined(.greater, value)).affine(scale: 0.5)
        }.marked(.sigmoid)
    }

    /// softmax over several axes together.
    package func softmax(axes: [Int]) -> Variable { alongLast(axes) { $0.softmax } }

    /// log(softmax(x)) over several axes together.
    package func logSoftmax(axes: [Int]) -> Variable { alongLast(axes) { $0.logSoftmax } }

    /// softmax over any axis; see `softmax`.
    package func softmax(axis: Int) -> Variable { alongLast(axis) { $0.softmax } }

    /// log(softmax(x)) over any axis.
    package func logSoftmax(axis: Int) -> Variable { alongLast(axis) { $0.logSoftmax } }

    /// What `body` makes of this with `axes` as one last axis, the axes back in their places.
    private func alongLast(_ axes: [Int], _ body: (Variable) -> Variable) -> Variable {
        if axes.count == 1 { return alongLast(axes[0], body) }
        let joined = axes.map(shape.index(of:))
        let order = (0..<shape.rank).filter { !joined.contains($0) } + joined
        let turned = transposed(order)
        let kept = turned.shape.dimensions.dropLast(joined.count)
        let result = body(turned.reshaped(kept + [joined.reduce(1) { $0 * shape[$1] }]))
        let inverse = (0..<shape.rank).map { axis in order.firstIndex(of: axis) ?? axis }
        return result.reshaped(turned.shape.dimensions).transposed(inverse).marked(.unknown).masked(mask)
    }

    /// What `body` makes of this with `axis` exchanged with the last one, the axes back in their places.
    package func alongLast(_ axis: Int, _ body: (Variable) -> Variable) -> Variable {
        let axis = shape.index(of: axis)
        if axis == shape.rank - 1 { return body(self) }
        var exchanged = Array(0..<shape.rank)
        exchanged.swapAt(axis, shape.rank - 1)
        return body(transposed(exchanged)).transposed(exchanged).marked(.unknown).masked(mask)
    }
}
