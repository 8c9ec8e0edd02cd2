// Element-wise operations with broadcasting. Each function computes its value and says how gradients flow back.

import Tensors

extension Variable {
    private func unary(_ function: UnaryFunction, _ gradient: @escaping (_ y: Tensor, _ g: Tensor) -> Tensor)
        -> Variable
    {
        let (y, place) = (value.map(function), place)
        return tape.record(y, self) { g in place.receive(gradient(y, g)) }.marked(.function(function.rawValue))
            .masked(mask)
    }

    private static func binary(
        _ function: BinaryFunction, _ a: Variable, _ b: Variable,
        _ gradientA: @escaping (_ y: Tensor, _ g: Tensor) -> Tensor,
        _ gradientB: @escaping (_ y: Tensor, _ g: Tensor) -> Tensor
    ) -> Variable {
        require(a.tape === b.tape, "\(function): the operands belong to different tapes")
        let y = a.value.combined(function, b.value, in: a.tape.workspace)
        let hasMask = a.mask != nil || b.mask != nil
        let (placeA, placeB) = (a.place, b.place)
        return a.tape.record(y, a, b) { g in
            placeA.receive(gradientA(y, g).summed(to: placeA.shape, bySample: hasMask))
            placeB.receive(gradientB(y, g).summed(to: placeB.shape, bySample: hasMask))
        }.marked(.combined(a.kind, b.kind)).masked(
            y.shape == a.shape && a.mask != nil ? a.mask : y.shape == b.shape ? b.mask : nil)
    }

    public static func + (a: Variable, b: Variable) -> Variable { binary(.add, a, b, { $1 }, { $1 }) }
    public static func - (a: Variable, b: Variable) -> Variable { binary(.subtract, a, b, { $1 }, { -$1 }) }
    public static func * (a: Variable, b: Variable) -> Variable {
        binary(.multiply, a, b, { $1 * b.value }, { $1 * a.value })
    }
    public static func / (a: Variable, b: Variable) -> Variable {
        binary(.divide, a, b, { $1 / b.value }, { y, g in -(g * y / b.value) })
    }
    public static prefix func - (a: Variable) -> Variable { a.unary(.negate) { -$1 }.marked(a.kind.afterScaling) }

    public static func + (a: Variable, b: Float) -> Variable { a.affine(scale: 1, shift: b) }
    public static func + (a: Float, b: Variable) -> Variable { b.affine(scale: 1, shift: a) }
    public static func - (a: Variable, b: Float) -> Variable { a.affine(scale: 1, shift: -b) }
    public static func - (a: Float, b: Variable) -> Variable { b.affine(scale: -1, shift: a) }
    public static func * (a: Variable, b: Float) -> Variable { a.affine(scale: b, shift: 0) }
    public static func * (a: Float, b: Variable) -> Variable { b.affine(scale: a, shift: 0) }
    public static func / (a: Variable, b: Float) -> Variable { a / a.like(b) }
    public static func / (a: Float, b: Variable) -> Variable { b.like(a) / b }

    private func affine(scale: Float, shift: Float) -> Variable {
        let place = place
        return tape.record(value.affine(scale: scale, shift: shift), self) { g in place.receive(g.affine(scale: scale))
        }
        .marked(kind.afterScaling).masked(mask)
    }

    /// The larger of the two, element by element; where they are equal the gradient goes to the first.
    public static func max(_ a: Variable, _ b: Variable) -> Variable {
        binary(.maximum, a, b, { $1 * (Tensor(repeating: 1) - b.value.combined(.greater, a.value)) }) { _, g in
            g * b.value.combined(.greater, a.value)
        }.marked(a.kind == b.kind ? a.kind.afterScaling : .unknown)
    }

    /// The smaller of the two, element by element; where they are equal the gradient goes to the first.
    public static func min(_ a: Variable, _ b: Variable) -> Variable {
        binary(.minimum, a, b, { $1 * (Tensor(repeating: 1) - a.value.combined(.greater, b.value)) }) { _, g in
            g * a.value.combined(.greater, b.value)
        }.marked(a.kind == b.kind ? a.kind.afterScaling : .unknown)
    }

    public var exp: Variable { unary(.exp) { y, g in g * y } }
    /// The natural logarithm.
    public var log: Variable { unary(.log) { _, g in g / value } }
    public var sqrt: Variable { unary(.sqrt) { y, g in (g / y).affine(scale: 0.5) } }
    public var square: Variable { unary(.square) { _, g in (g * value).affine(scale: 2) } }
    public var tanh: Variable { unary(.tanh) { y, g in g - g * y.map(.square) } }
    /// 1 / (1 + exp(-x))
    public var sigmoid: Variable { unary(.sigmoid) { y, g in g * (y - y.map(.square)) }.marked(.sigmoid) }
    /// max(x, 0)
    public var relu: Variable { unary(.relu) { y, g in g.combined(.reluGradient, y) } }
    /// log(1 + exp(x)), without overflow.
    public var softplus: Variable { unary(.softplus) { _, g in g * value.map(.sigmoid) } }
    public var abs: Variable { unary(.absolute) { _, g in g * value.map(.sign) } }
    public var sin: Variable { unary(.sin) { _, g in g * value.map(.cos) } }
    public var cos: Variable { unary(.cos) { _, g in -(g * value.map(.sin)) } }

    /// x raised to a constant.
    public func power(_ exponent: Float) -> Variable {
        tape.record(value.power(exponent), self) { g in
            // The slope of 1 is 0 everywhere, also where x^-1 is infinite.
            receive(exponent == 0 ? g.affine(scale: 0) : g * value.power(exponent - 1).affine(scale: exponent))
        }.marked(.function("power")).masked(mask)
    }

    /// min(max(x, low), high); no gradient where it is cut.
    public func clamped(_ low: Float, _ high: Float) -> Variable {
        let y = value.clamped(low, high)
        return tape.record(y, self) { g in receive(g * value.combined(.equal, y)) }.marked(.function("clamped")).masked(
            mask)
    }

    /// x * sigmoid(x) (Ramachandran et al. 2017).
    package var silu: Variable { (self * sigmoid).marked(.function("silu")) }

    /// The Gaussian error linear unit x Phi(x) = x (1 + erf(x / sqrt(2))) / 2 (Hendrycks & Gimpel 2016).
    package var gelu: Variable {
        guard needsGradient else { return unary(.gelu) { _, g in g } }
        let (y, slope) = value.geluWithSlope
        let place = place
        return tape.record(y, self) { g in
            g.multiply(by: slope)
            place.receive(g)
        }.marked(.gelu).masked(mask)
    }

    /// Its approximation x (1 + tanh(u)) / 2 = x sigmoid(2 u) with u = sqrt(2 / pi) (x + 0.044715 x^3).
    package var geluTanh: Variable {
        let u = (self + 0.044715 * self * square) * Float(0.7978845608)
        return (self * (2 * u).sigmoid).marked(.function("gelu-tanh"))
    }

    /// The error function 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
    public var erf: Variable {
        unary(.erf) { _, g in g * value.map(.square).map(.negate).map(.exp).affine(scale: 1.1283791671) }
    }
}
