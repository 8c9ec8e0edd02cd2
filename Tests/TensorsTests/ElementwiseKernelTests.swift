// The vector loops against plain ones, for every length around a vector's, and independent of where an array is cut:
// the promise of equal bits on any layout leans on that.

import CKernels
import Foundation
import Testing

import Tensors

struct ElementwiseKernelTests {
    /// A kernel with all further arguments fixed: reads `x` and `y`, changes `out`, all of one length.
    struct Kernel: Sendable, CustomTestStringConvertible {
        typealias Floats = UnsafeMutablePointer<Float>
        let testDescription: String
        /// The plain formula in double precision: out, x, y.
        let formula: @Sendable (Double, Double, Double) -> Double
        let run: @Sendable (_ out: Floats, _ x: Floats, _ y: Floats, _ n: Int64) -> Void

        static func unary(_ operation: lk_unary_operation, _ name: String, _ f: @escaping @Sendable (Double) -> Double)
            -> Kernel
        {
            Kernel(testDescription: name, formula: { f($1) + 0 * $0 * $2 }) { lk_unary(operation, $0, $1, $3) }
        }

        static func binary(
            _ operation: lk_binary_operation, _ name: String, _ f: @escaping @Sendable (Double, Double) -> Double
        ) -> Kernel {
            Kernel(testDescription: name, formula: { f($1, $2) + 0 * $0 }) { out, x, y, n in
                var (length, stride) = (n, Int64(1))
                lk_binary(operation, out, x, y, 1, &length, &stride, &stride)
            }
        }

        static let all: [Kernel] = [
            unary(LK_NEGATE, "negate") { -$0 }, unary(LK_ABSOLUTE, "absolute") { abs($0) },
            unary(LK_EXP, "exp") { exp($0) }, unary(LK_LOG, "log") { log($0) },
            unary(LK_SQRT, "sqrt") { $0.squareRoot() },
            unary(LK_SQUARE, "square") { $0 * $0 },
            unary(LK_TANH, "tanh") { tanh($0) }, unary(LK_SIGMOID, "sigmoid") { 1 / (1 + exp(-$0)) },
            unary(LK_RELU, "relu") { max($0, 0) }, unary(LK_SIGN, "sign") { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 },
            unary(LK_SOFTPLUS, "softplus") { log1p(exp($0)) },
            unary(LK_SIN, "sin") { sin($0) }, unary(LK_COS, "cos") { cos($0) },
            binary(LK_ADD, "add") { $0 + $1 }, binary(LK_SUBTRACT, "subtract") { $0 - $1 },
            binary(LK_MULTIPLY, "multiply") { $0 * $1 }, binary(LK_DIVIDE, "divide") { $0 / $1 },
            binary(LK_MAXIMUM, "maximum") { max($0, $1) }, binary(LK_MINIMUM, "minimum") { min($0, $1) },
            binary(LK_POWER, "power") { pow($0, $1) }, binary(LK_GREATER, "greater") { $0 > $1 ? 1 : 0 },
            binary(LK_EQUAL, "equal") { $0 == $1 ? 1 : 0 },
            binary(LK_RELU_GRADIENT, "reluGradient") { $1 > 0 ? $0 : 0 },
            Kernel(testDescription: "accumulate", formula: { o, x, _ in o + x }) { lk_accumulate($0, $1, $3) },
            Kernel(testDescription: "affine", formula: { _, x, _ in x * 1.5 - 0.25 }) {
                lk_affine($0, $1, $3, 1.5, -0.25)
            },
            Kernel(testDescription: "clamp", formula: { _, x, _ in min(max(x, 0.75), 1.5) }) {
                lk_clamp($0, $1, $3, 0.75, 1.5)
            },
            Kernel(testDescription: "powerOf", formula: { _, x, _ in pow(x, 1.75) }) { lk_power($0, $1, $3, 1.75) },
        ]
    }

    /// Values in (0.25, 2.25), which every function here takes; `salt` tells arrays apart.
    static func values(_ count: Int, salt: Int) -> [Float] {
        Tensor.uniform([count], 0.25, 2.25, key: RandomKey(seed: 17, purpose: .digits, index: salt)).scalars
    }

    @Test(arguments: Kernel.all) func agreesWithThePlainLoop(_ kernel: Kernel) {
        for length in 0...70 {
            // One element more on each side must stay as it is.
            var out = Self.values(length + 2, salt: 1)
            let before = out
            var (x, y) = (Self.values(length, salt: 2), Self.values(length, salt: 3))
            out.withUnsafeMutableBufferPointer { kernel.run($0.baseAddress! + 1, &x, &y, Int64(length)) }
            #expect(out[0] == before[0] && out[length + 1] == before[length + 1], "length \(length)")
            for i in 0..<length {
                let expected = kernel.formula(Double(before[i + 1]), Double(x[i]), Double(y[i]))
                // Four roundings: the functions promise two of their result, and sums of two terms near 1 add theirs.
                let worst = abs(Double(out[i + 1]) - expected)
                #expect(worst <= 4 * 0x1p-24 * max(1, abs(expected)), "length \(length), element \(i)")
            }
        }
    }

    @Test(arguments: Kernel.all) func givesTheSameBitsWhereverTheArrayIsCut(_ kernel: Kernel) {
        let length = 70
        var (x, y) = (Self.values(length, salt: 2), Self.values(length, salt: 3))
        var whole = Self.values(length, salt: 1)
        var parts = whole
        kernel.run(&whole, &x, &y, Int64(length))
        for cut in 0...length {
            parts = Self.values(length, salt: 1)
            parts.withUnsafeMutableBufferPointer { out in
                x.withUnsafeMutableBufferPointer { x in
                    y.withUnsafeMutableBufferPointer { y in
                        let (o, x, y) = (out.baseAddress!, x.baseAddress!, y.baseAddress!)
                        kernel.run(o, x, y, Int64(cut))
                        kernel.run(o + cut, x + cut, y + cut, Int64(length - cut))
                    }
                }
            }
            #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern), "cut at \(cut)")
        }
    }

    @Test func broadcastingRepeatsAlongEveryKindOfAxis() {
        let a = Tensor(Self.values(6, salt: 4)).reshaped([2, 1, 3, 1])
        let b = Tensor(Self.values(68, salt: 5)).reshaped([4, 1, 17])
        let sum = a + b
        #expect(sum.shape == [2, 4, 3, 17])
        for index in 0..<sum.count {
            let (i, j, k, l) = (index / 204, index / 51 % 4, index / 17 % 3, index % 17)
            #expect(sum.scalars[index] == a.scalars[i * 3 + k] + b.scalars[j * 17 + l])
        }
        #expect((Tensor([]) + Tensor(repeating: 1)).shape == [0])
        #expect((Tensor.zeros([3, 0]) + Tensor.zeros([1, 1])).shape == [3, 0])
    }

    @Test func shapesThatDoNotFitAreNamed() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]) + Tensor.zeros([2, 4])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("add: shapes [2, 3] and [2, 4] can't be broadcast together"))
    }
}
