// Element-wise functions and arithmetic with NumPy's broadcasting.

import CKernels

/// An element-wise function of one argument.
package enum UnaryFunction: String, Sendable {
    case negate, absolute, exp, log, sqrt, square, tanh, sigmoid, relu, sign, softplus, sin, cos
    case erf, gelu

    var kernel: lk_unary_operation {
        switch self {
        case .negate: LK_NEGATE
        case .absolute: LK_ABSOLUTE
        case .exp: LK_EXP
        case .log: LK_LOG
        case .sqrt: LK_SQRT
        case .square: LK_SQUARE
        case .tanh: LK_TANH
        case .sigmoid: LK_SIGMOID
        case .relu: LK_RELU
        case .sign: LK_SIGN
        case .softplus: LK_SOFTPLUS
        case .sin: LK_SIN
        case .cos: LK_COS
        case .erf: LK_ERF
        case .gelu: LK_GELU
        }
    }
}

/// An element-wise function of two broadcast arguments.
package enum BinaryFunction: Sendable {
    /// `greater` and `equal` give 1 or 0; `reluGradient(a, b)` is a where b > 0, else 0.
    case add, subtract, multiply, divide, maximum, minimum, power, greater, equal, reluGradient

    var kernel: lk_binary_operation {
        switch self {
        case .add: LK_ADD
        case .subtract: LK_SUBTRACT
        case .multiply: LK_MULTIPLY
        case .divide: LK_DIVIDE
        case .maximum: LK_MAXIMUM
        case .minimum: LK_MINIMUM
        case .power: LK_POWER
        case .greater: LK_GREATER
        case .equal: LK_EQUAL
        case .reluGradient: LK_RELU_GRADIENT
        }
    }
}

extension Tensor {
    package func map(_ function: UnaryFunction) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_unary(function.kernel, result.pointer, pointer, Int64(count))
        return result
    }

    package func combined(_ function: BinaryFunction, _ other: Tensor, in workspace: Workspace? = nil) -> Tensor {
        let broadcast = Shape.broadcast(shape, other.shape, operation: "\(function)")
        let result = Tensor(uninitialized: broadcast, in: workspace ?? resultWorkspace(self, other))
        if shape == other.shape {
            var (length, stride) = (Int64(count), Int64(1))
            lk_binary(function.kernel, result.pointer, pointer, other.pointer, 1, &length, &stride, &stride)
            return result
        }
        let plan = BroadcastPlan(broadcast, shape, other.shape)
        lk_binary(
            function.kernel, result.pointer, pointer, other.pointer, Int32(plan.lengths.count), plan.lengths,
            plan.strides[0], plan.strides[1])
        return result
    }

    /// Gelu, and its slope.
    package var geluWithSlope: (value: Tensor, slope: Tensor) {
        let workspace = resultWorkspace(self)
        let (value, slope) = (Tensor(uninitialized: shape, in: workspace), Tensor(uninitialized: shape, in: workspace))
        lk_gelu_with_slope(value.pointer, slope.pointer, pointer, Int64(count))
        return (value, slope)
    }

    /// Gelu, while the slope is written over this tensor's memory; only for memory that nobody else reads.
    package func geluLeavingSlope() -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_gelu_with_slope(result.pointer, pointer, pointer, Int64(count))
        return result
    }

    /// Times `factors` of the same shape; in place where nobody else holds this tensor's memory.
    package mutating func multiply(by factors: Tensor) { combine(.multiply, factors) }

    /// `combined` with another tensor of the same shape; in place where nobody else holds this tensor's memory.
    private mutating func combine(_ function: BinaryFunction, _ other: Tensor) {
        guard isUniquelyReferenced(), shape == other.shape else {
            self = combined(function, other)
            return
        }
        var (length, stride) = (Int64(count), Int64(1))
        lk_binary(function.kernel, pointer, pointer, other.pointer, 1, &length, &stride, &stride)
    }

    /// `self * scale + shift`
    package func affine(scale: Float, shift: Float = 0) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_affine(result.pointer, pointer, Int64(count), scale, shift)
        return result
    }

    /// max(x, 0) written over this tensor's memory; only for memory that nobody else reads.
    package func applyReLU() { lk_unary(LK_RELU, pointer, pointer, Int64(count)) }

    package func clamped(_ low: Float, _ high: Float) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_clamp(result.pointer, pointer, Int64(count), low, high)
        return result
    }

    package func power(_ exponent: Float) -> Tensor {
        let result = Tensor(uninitialized: shape, in: resultWorkspace(self))
        lk_power(result.pointer, pointer, Int64(count), exponent)
        return result
    }

    /// Adds `other` of the same shape into this tensor's memory; only for memory that nobody else reads.
    package func accumulate(_ other: Tensor) {
        require(shape == other.shape, "accumulate: shapes \(shape) and \(other.shape) differ")
        lk_accumulate(pointer, other.pointer, Int64(count))
    }

    /// Adds `other`, in place where nobody else holds this tensor's memory.
    package mutating func add(_ other: Tensor) {
        if isUniquelyReferenced() { accumulate(other) } else { self = combined(.add, other) }
    }

    /// Zeroes the elements where `output` is not positive, ReLU's gradient; in place where nobody else holds this
    /// tensor's memory.
    package mutating func clearGradient(ofReLU output: Tensor) { combine(.reluGradient, output) }

    /// Copies `other` of the same count into this tensor's memory.
    package func assign(_ other: Tensor) {
        require(count == other.count, "assign: \(shape) and \(other.shape) differ in size")
        pointer.update(from: other.pointer, count: count)
    }

    public static func + (a: Tensor, b: Tensor) -> Tensor { a.combined(.add, b) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.combined(.subtract, b) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.combined(.multiply, b) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.combined(.divide, b) }
    public static prefix func - (a: Tensor) -> Tensor { a.map(.negate) }
}

extension Shape {
    /// The shape both arguments are repeated to: axes are aligned at the end, and a length of 1 stretches (NumPy's
    /// broadcasting rules).
    package static func broadcast(_ a: Shape, _ b: Shape, operation: @autoclosure () -> String) -> Shape {
        if a == b { return a }
        var lengths: [Int] = []
        for axis in 1...max(a.rank, b.rank, 1) where axis <= max(a.rank, b.rank) {
            let x = axis <= a.rank ? a[-axis] : 1
            let y = axis <= b.rank ? b[-axis] : 1
            require(x == y || x == 1 || y == 1, "\(operation()): shapes \(a) and \(b) can't be broadcast together")
            lengths.append(x == 1 ? y : x)
        }
        return Shape(lengths.reversed())
    }

    /// Row-major strides in elements.
    var strides: [Int64] {
        var strides = [Int64](repeating: 1, count: rank)
        for axis in stride(from: rank - 2, through: 0, by: -1) {
            strides[axis] = strides[axis + 1] * Int64(self[axis + 1])
        }
        return strides
    }

    /// Strides that repeat this shape's elements over `target`: 0 along stretched axes.
    func strides(broadcastTo target: Shape) -> [Int64] {
        let own = strides
        return (0..<target.rank).map { axis in
            let index = axis - (target.rank - rank)
            return index < 0 || self[index] == 1 ? 0 : own[index]
        }
    }
}

/// The loops of a broadcast operation, with neighbouring axes joined where every argument allows it.
struct BroadcastPlan {
    private(set) var lengths: [Int64] = []
    private(set) var strides: [[Int64]]

    init(_ target: Shape, _ arguments: Shape...) {
        let all = arguments.map { $0.strides(broadcastTo: target) }
        strides = all.map { _ in [] }
        for axis in 0..<target.rank where target[axis] != 1 || target.count <= 1 {
            let length = Int64(target[axis])
            let joins = !lengths.isEmpty && all.indices.allSatisfy { strides[$0].last! == all[$0][axis] * length }
            if joins {
                lengths[lengths.count - 1] *= length
                for k in all.indices { strides[k][strides[k].count - 1] = all[k][axis] }
            } else {
                lengths.append(length)
                for k in all.indices { strides[k].append(all[k][axis]) }
            }
        }
    }
}
