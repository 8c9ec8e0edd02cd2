// Comparisons, and choosing by them; signs; powers of variables.

import Tensors

extension Variable {
    /// 1 where `a` is larger than `b`, else 0, with broadcasting; no gradient flows through comparisons.
    public static func greater(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 > $1 } }
    public static func greaterOrEqual(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 >= $1 } }
    public static func less(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 < $1 } }
    public static func lessOrEqual(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 <= $1 } }
    public static func equal(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 == $1 } }
    public static func notEqual(_ a: Variable, _ b: Variable) -> Variable { compared(a, b) { $0 != $1 } }

    private static func compared(_ a: Variable, _ b: Variable, _ holds: (Float, Float) -> Bool) -> Variable {
        require(a.tape === b.tape, "comparison: the operands belong to different tapes")
        let shape = Shape.broadcast(a.shape, b.shape, operation: "comparison")
        let (x, y) = (a.value.broadcast(to: shape), b.value.broadcast(to: shape))
        let result = Tensor(uninitialized: shape, in: a.tape.workspace)
        for index in 0..<shape.count { result.pointer[index] = holds(x.pointer[index], y.pointer[index]) ? 1 : 0 }
        return a.tape.constant(result)
    }

    /// `a` where the condition is not 0, else `b`, with broadcasting: what is not chosen has no part in the result, not
    /// even as NaN.
    public static func `where`(_ condition: Variable, _ a: Variable, _ b: Variable) -> Variable {
        let shape = Shape.broadcast(
            Shape.broadcast(a.shape, b.shape, operation: "where"), condition.shape, operation: "where")
        let isFirst = condition.value.broadcast(to: shape)
        let (x, y) = (a.value.broadcast(to: shape), b.value.broadcast(to: shape))
        let zeros = Tensor.zeros(shape, in: a.tape.workspace)
        func chosen(_ x: Tensor, _ y: Tensor) -> Tensor {
            let result = Tensor(uninitialized: shape, in: a.tape.workspace)
            for index in 0..<shape.count {
                result.pointer[index] = isFirst.pointer[index] != 0 ? x.pointer[index] : y.pointer[index]
            }
            return result
        }
        return a.tape.record(chosen(x, y), a, b) { g in
            a.receive(chosen(g, zeros).summed(to: a.shape))
            b.receive(chosen(zeros, g).summed(to: b.shape))
        }.marked(a.kind == b.kind ? a.kind.afterScaling : .unknown)
            .masked(shape == a.shape && a.mask != nil ? a.mask : shape == b.shape ? b.mask : nil)
    }

    /// -1, 0 or 1, and NaN of NaN; no gradient flows through it.
    public var sign: Variable { tape.constant(value.map(.sign)).masked(mask) }

    /// This variable, at least 0, raised to another: with gradients b a^(b - 1) and a^b log(a); as in PyTorch 0 for the base
    /// where b is 0, and for the exponent where a is 0 and b at least 0.
    public func power(_ exponent: Variable) -> Variable {
        let y = value.combined(.power, exponent.value, in: tape.workspace)
        return tape.record(y, self, exponent) { g in
            let (a, b) = (value.broadcast(to: y.shape), exponent.value.broadcast(to: y.shape))
            let less = a.combined(.power, b.affine(scale: 1, shift: -1))
            let log = a.map(.log)
            for index in 0..<y.count {
                if b.pointer[index] == 0 { less.pointer[index] = 0 }
                if a.pointer[index] == 0 && b.pointer[index] >= 0 { log.pointer[index] = 0 }
            }
            receive((g * b * less).summed(to: shape))
            exponent.receive((g * y * log).summed(to: exponent.shape))
        }.marked(.function("power"))
    }
}
