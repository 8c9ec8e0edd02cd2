// The functions of one argument, and powers, against the C library in double precision, over all of float's range.

import CKernels
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

    /// A function, its exact value, and the error allowed: the largest ever measured over every 1,021st float, rounded up.
    struct Function: CustomTestStringConvertible, Sendable {
        let function: UnaryFunction
        let ulps: Double
        let exact: @Sendable (Double) -> Double
        var testDescription: String { "\(function)" }
    }

    static let functions: [Function] = [
        Function(function: .exp, ulps: 0.75) { exp($0) },
        Function(function: .log, ulps: 0.8) { log($0) },
        Function(function: .tanh, ulps: 1.3) { tanh($0) },
        Function(function: .sigmoid, ulps: 2) { 1 / (1 + exp(-$0)) },
        Function(function: .softplus, ulps: 1.9) { max($0, 0) + log1p(exp(-abs($0))) },
        Function(function: .sin, ulps: 0.51) { sin($0) },
        Function(function: .cos, ulps: 0.51) { cos($0) },
        Function(function: .erf, ulps: 0.51) { erf($0) },
        Function(function: .gelu, ulps: 4.1) { $0 * erfc(-$0 * 0.5.squareRoot()) / 2 },
    ]

    /// The error in units in the last place of the true value, also where that is denormal.
    private func error(_ found: Float, _ exact: Double) -> Double {
        let rounded = Float(exact)
        if found == rounded || found.isNaN && exact.isNaN { return 0 }
        if !found.isFinite || exact.isNaN { return .infinity }
        // Just above the largest float the spacing is the largest one.
        return abs(Double(found) - exact) / (rounded.isFinite ? Double(rounded.ulp) : 0x1p104)
    }

    @Test(arguments: functions)
    func ofOneArgument(_ function: Function) {
        let found = Tensor(Self.arguments).map(function.function).scalars
        let worst = zip(Self.arguments, found).map { (error($1, function.exact(Double($0))), $0) }.max { $0.0 < $1.0 }!
        #expect(worst.0 <= function.ulps, "at \(worst.1)")
    }

    /// What PyTorch and Keras say, to the last digit of a float but one.
    @Test func geluByTheErrorFunction() {
        let found = Tensor([1, -3, -10, 0, 30, 1e30, -1e30, -0.0]).map(.gelu).scalars
        let expected: [Float] = [0.84134475, -0.0040496940, -7.619853e-23, 0, 30, 1e30, 0, 0]
        for (found, expected) in zip(found, expected) { #expect(abs(found - expected) <= 2 * expected.ulp) }
        #expect(found[7].sign == .minus)
    }

    /// Within three times the distance of floats below 1, or, far to the left, within a few units of its own last place;
    /// in between it passes through zero.
    @Test func slopeOfGELU() {
        let x = Self.arguments
        let (value, found) = Tensor(x).geluWithSlope
        #expect(value.scalars.map(\.bitPattern) == Tensor(x).map(.gelu).scalars.map(\.bitPattern))
        for (x, slope) in zip(x.map(Double.init), found.scalars) {
            let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
            let exact = erfc(-x * 0.5.squareRoot()) / 2 + (density > 0 ? x * density : 0)
            #expect(abs(Double(slope) - exact) <= 0x1.8p-23 && (x > -1.5 || error(slope, exact) <= 4), "at \(x)")
        }
    }

    @Test func powers() {
        let special: [Float] = [
            0, -0.0, 1, -1, .infinity, -.infinity, .nan, 2, -2, 3, -3, 0.5, -0.5, 16_777_215, -16_777_216, 3e38,
            .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude,
        ]
        var (x, y) = ([Float](), [Float]())
        for base in special {
            x += special.map { _ in base }
            y += special
        }
        for (index, base) in Self.arguments.enumerated() where index % 3 == 0 {
            x.append(base)
            y.append(Float(index % 4001) / 100 - 20)
        }
        let found = Tensor(x).combined(.power, Tensor(y)).scalars
        for (found, (x, y)) in zip(found, zip(x, y)) {
            let exact = pow(Double(x), Double(y))
            #expect(error(found, exact) <= 0.51 && (found != 0 || found.sign == Float(exact).sign), "\(x) ^ \(y)")
        }
    }

    /// What schedules are made of, to a few parts in 10^16.
    @Test func ofDoubles() {
        for step in 0...2000 {
            var (sine, cosine) = (0.0, 0.0)
            let turns = Double(step - 1000) / 768
            lk_turn(turns, &sine, &cosine)
            #expect(abs(sine - sin(2 * .pi * turns)) <= 1e-14 && abs(cosine - cos(2 * .pi * turns)) <= 1e-14)
            let (base, exponent) = (Double(step) / 250, Double(step % 97) / 96)
            #expect(abs(lk_power_double(base, exponent) - pow(base, exponent)) <= 1e-15 * pow(base, exponent))
            #expect(abs(0.999.raised(to: step) - pow(0.999, Double(step))) <= 1e-12 * pow(0.999, Double(step)))
        }
    }

    @Test func specialValues() {
        let special = Tensor([.nan, .infinity, -.infinity])
        let expected: [(UnaryFunction, [Float])] = [
            (.exp, [.nan, .infinity, 0]), (.log, [.nan, .infinity, .nan]), (.tanh, [.nan, 1, -1]),
            (.sigmoid, [.nan, 1, 0]), (.softplus, [.nan, .infinity, 0]), (.relu, [.nan, .infinity, 0]),
            (.absolute, [.nan, .infinity, .infinity]), (.sqrt, [.nan, .infinity, .nan]), (.erf, [.nan, 1, -1]),
            (.sin, [.nan, .nan, .nan]), (.cos, [.nan, .nan, .nan]), (.gelu, [.nan, .infinity, 0]),
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
