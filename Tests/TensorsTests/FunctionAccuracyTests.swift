// exp, log, tanh, sigmoid and softplus against the C library in double precision, over all of float's range.

import Foundation
import Testing

import Tensors

struct FunctionAccuracyTests {
    /// Both signs of a spread of sizes from the smallest denormal to the largest float, and a fine grid near zero.
    static let arguments: [Float] = {
        var values: [Float] = [0, -0.0]
        var bits: UInt32 = 1
        while bits < Float.greatestFiniteMagnitude.bitPattern {
            values.append(Float(bitPattern: bits))
            bits += 150_001
        }
        values.append(.greatestFiniteMagnitude)
        values += stride(from: Float(-110), through: 110, by: 0.0037)
        return values + values.map { -$0 }
    }()

    /// The largest error in units in the last place of the true value; results below the smallest normal float may
    /// be flushed to zero or be denormal.
    private func worstError(
        of function: UnaryFunction, _ exact: (Double) -> Double, where include: (Float) -> Bool = { _ in true }
    ) -> (ulps: Double, at: Float) {
        let x = Self.arguments.filter(include)
        var worst = (ulps: 0.0, at: Float(0))
        for (x, y) in zip(x, Tensor(x).map(function).scalars) {
            let expected = exact(Double(x))
            let rounded = Float(expected)
            if y == rounded || abs(expected) < Double(Float.leastNormalMagnitude) && abs(y) <= .leastNormalMagnitude {
                continue
            }
            // `rounded` may be infinite just above the largest float; the spacing is then the largest one.
            let unit = rounded.isFinite ? Double(rounded.ulp) : 0x1p104
            let error = y.isFinite ? abs(Double(y) - expected) / unit : .infinity
            if !(error <= worst.ulps) { worst = (error, x) }
        }
        return worst
    }

    @Test func exponential() {
        let worst = worstError(of: .exp, Foundation.exp)
        #expect(worst.ulps <= 2, "at \(worst.at)")
    }

    @Test func logarithm() {
        let worst = worstError(of: .log, Foundation.log) { $0 > 0 }
        #expect(worst.ulps <= 2, "at \(worst.at)")
        #expect(Tensor([0, -0.0]).map(.log).scalars == [-.infinity, -.infinity])
        #expect(Tensor([-1, -Float.leastNonzeroMagnitude, -.infinity]).map(.log).scalars.allSatisfy { $0.isNaN })
    }

    @Test func hyperbolicTangent() {
        let worst = worstError(of: .tanh, Foundation.tanh)
        #expect(worst.ulps <= 3, "at \(worst.at)")
    }

    /// exp's error, one addition and one division.
    @Test func logistic() {
        let worst = worstError(of: .sigmoid) { 1 / (1 + Foundation.exp(-$0)) }
        #expect(worst.ulps <= 4, "at \(worst.at)")
    }

    @Test func softplus() {
        let worst = worstError(of: .softplus) { Swift.max($0, 0) + log1p(Foundation.exp(-Swift.abs($0))) }
        #expect(worst.ulps <= 4, "at \(worst.at)")
    }

    @Test func specialValues() {
        let special = Tensor([.nan, .infinity, -.infinity])
        let expected: [(UnaryFunction, [Float])] = [
            (.exp, [.nan, .infinity, 0]), (.log, [.nan, .infinity, .nan]), (.tanh, [.nan, 1, -1]),
            (.sigmoid, [.nan, 1, 0]), (.softplus, [.nan, .infinity, 0]), (.relu, [.nan, .infinity, 0]),
            (.absolute, [.nan, .infinity, .infinity]), (.sqrt, [.nan, .infinity, .nan]),
        ]
        for (function, values) in expected {
            for (found, value) in zip(special.map(function).scalars, values) {
                #expect(found == value || found.isNaN && value.isNaN, "\(function)")
            }
        }
        // A NaN on either side survives a maximum, a minimum and a clamp.
        let (nan, one) = (Tensor([.nan, 1]), Tensor([1, .nan]))
        for function in [BinaryFunction.maximum, .minimum] {
            #expect(nan.combined(function, one).scalars.allSatisfy { $0.isNaN }, "\(function)")
        }
        #expect(nan.clamped(0, 0.5).scalars[0].isNaN)
    }
}
