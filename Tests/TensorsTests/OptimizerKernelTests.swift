// Optimizer updates against plain loops in double precision, for all lengths around a vector's, wherever a buffer is
// cut (ranks update slices of it), and without the optional state.

import CKernels
import Testing

import Tensors

struct OptimizerKernelTests {
    typealias Floats = UnsafeMutablePointer<Float>

    /// One update of weights w by gradients g with two arrays of state.
    struct Update: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let run: @Sendable (_ w: Floats, _ s: Floats, _ t: Floats, _ g: Floats, _ n: Int64) -> Void
        let plain: @Sendable (_ w: inout Double, _ s: inout Double, _ t: inout Double, _ g: Double) -> Void

        static let all: [Update] = [
            Update(testDescription: "sgd") { w, _, _, g, n in
                lk_sgd(w, nil, g, n, 0.1, 0, 0, 0.01)
            } plain: { w, _, _, g in
                w -= 0.1 * (g + 0.01 * w)
            },
            Update(testDescription: "momentum") { w, s, _, g, n in
                lk_sgd(w, s, g, n, 0.1, 0.9, 0, 0)
            } plain: { w, s, _, g in
                s = 0.9 * s - 0.1 * g
                w += s
            },
            Update(testDescription: "nesterov") { w, s, _, g, n in
                lk_sgd(w, s, g, n, 0.1, 0.9, 1, 0.01)
            } plain: { w, s, _, g in
                let g = g + 0.01 * w
                s = 0.9 * s - 0.1 * g
                w += 0.9 * s - 0.1 * g
            },
            Update(testDescription: "adam") { w, s, t, g, n in
                lk_adam(w, s, t, g, n, 0.1, 0.9, 0.99, 1e-3, 0.01, 0)
            } plain: { w, s, t, g in
                let g = g + 0.01 * w
                s = 0.9 * s + 0.1 * g
                t = 0.99 * t + 0.01 * g * g
                w -= 0.1 * s / (t.squareRoot() + 1e-3)
            },
            Update(testDescription: "adamW") { w, s, t, g, n in
                lk_adam(w, s, t, g, n, 0.1, 0.9, 0.99, 1e-3, 0, 0.02)
            } plain: { w, s, t, g in
                w -= 0.02 * w
                s = 0.9 * s + 0.1 * g
                t = 0.99 * t + 0.01 * g * g
                w -= 0.1 * s / (t.squareRoot() + 1e-3)
            },
            Update(testDescription: "rmsprop") { w, s, _, g, n in
                lk_rmsprop(w, s, nil, g, n, 0.1, 0.9, 1e-3, 0, 0.01)
            } plain: { w, s, _, g in
                let g = g + 0.01 * w
                s = 0.9 * s + 0.1 * g * g
                w -= 0.1 * g / (s + 1e-3).squareRoot()
            },
            Update(testDescription: "rmspropMomentum") { w, s, t, g, n in
                lk_rmsprop(w, s, t, g, n, 0.1, 0.9, 1e-3, 0.8, 0)
            } plain: { w, s, t, g in
                s = 0.9 * s + 0.1 * g * g
                t = 0.8 * t + 0.1 * g / (s + 1e-3).squareRoot()
                w -= t
            },
            Update(testDescription: "adagrad") { w, s, _, g, n in
                for i in 0..<Int(n) { s[i] = s[i].magnitude }
                lk_adagrad(w, s, g, n, 0.1, 1e-3, 0.01)
            } plain: { w, s, _, g in
                let g = g + 0.01 * w
                s = s.magnitude + g * g
                w -= 0.1 * g / (s + 1e-3).squareRoot()
            },
            Update(testDescription: "adadelta") { w, s, t, g, n in
                for i in 0..<Int(n) { (s[i], t[i]) = (s[i].magnitude, t[i].magnitude) }
                lk_adadelta(w, s, t, g, n, 0.5, 0.9, 1e-3, 0.01)
            } plain: { w, s, t, g in
                let g = g + 0.01 * w
                s = 0.9 * s.magnitude + 0.1 * g * g
                let step = (t.magnitude + 1e-3).squareRoot() * g / (s + 1e-3).squareRoot()
                t = 0.9 * t.magnitude + 0.1 * step * step
                w -= 0.5 * step
            },
            Update(testDescription: "nadam") { w, s, t, g, n in
                for i in 0..<Int(n) { t[i] = t[i].magnitude }
                lk_nadam(w, s, t, g, n, 0.05, 0.1, 1.5, 0.9, 0.99, 1e-3, 0.01)
            } plain: { w, s, t, g in
                let g = g + 0.01 * w
                s = 0.9 * s + 0.1 * g
                t = 0.99 * t.magnitude + 0.01 * g * g
                w -= (0.05 * s + 0.1 * g) / ((1.5 * t).squareRoot() + 1e-3)
            },
        ]
    }

    private func arrays(_ length: Int) -> [[Float]] { (0..<4).map { ElementwiseKernelTests.values(length, salt: $0) } }

    private func run(_ update: Update, _ a: inout [[Float]], from start: Int, _ count: Int) {
        let range = start..<(start + count)
        let parts = a.map { Tensor(Array($0[range])) }
        update.run(parts[0].pointer, parts[1].pointer, parts[2].pointer, parts[3].pointer, Int64(count))
        for k in a.indices { a[k].replaceSubrange(range, with: parts[k].scalars) }
    }

    @Test(arguments: Update.all) func agreesWithThePlainLoop(_ update: Update) {
        for length in 0...70 {
            let before = arrays(length)
            var after = before
            run(update, &after, from: 0, length)
            for i in 0..<length {
                var (w, s, t) = (Double(before[0][i]), Double(before[1][i]), Double(before[2][i]))
                update.plain(&w, &s, &t, Double(before[3][i]))
                let expected = [w, s, t, Double(before[3][i])]
                // A dozen roundings of values up to 2.25, constants such as 0.1 and 1 - 0.99 in float among them; the
                // last is off by 2^-24 / 0.01 relatively, for a term of 0.05.
                for k in 0..<4 {
                    #expect(abs(Double(after[k][i]) - expected[k]) < 2e-6, "array \(k), \(i) of \(length)")
                }
            }
        }
    }

    @Test(arguments: Update.all) func givesTheSameBitsWhereverTheArrayIsCut(_ update: Update) {
        let length = 70
        var whole = arrays(length)
        run(update, &whole, from: 0, length)
        for cut in 0...length {
            var parts = arrays(length)
            run(update, &parts, from: 0, cut)
            run(update, &parts, from: cut, length - cut)
            #expect(parts == whole, "cut at \(cut)")
        }
    }
}
