// What a user's own operation may do: the same as ours, with several parents and with parents that want nothing.

import Autograd
import Tensors
import Testing

struct OwnOperationTests {
    private let a = Tensor([1, -2, 3, 0.5])
    private let b = Tensor([2, 4, -1, 8])

    /// a * b, as a user would write it.
    private func product(_ a: Variable, _ b: Variable, called: @escaping () -> Void = {}) -> Variable {
        a.tape.operation("product", [a, b], value: a.value * b.value) { gradient in
            called()
            return [a.needsGradient ? gradient * b.value : nil, gradient * a.value]
        }
    }

    @Test func itEqualsOurOwn() {
        func gradients(_ multiply: (Variable, Variable) -> Variable) -> [[Float]] {
            let tape = Tape()
            let (x, y) = (tape.watched(a), tape.watched(b))
            // Each parent has another use, before and after.
            tape.backward(from: (x * 3 + multiply(x, y)) * y, weight: 0.5)
            return [x, y].map { tape.gradient(of: $0).scalars }
        }
        #expect(gradients { product($0, $1) } == gradients { $0 * $1 })
    }

    @Test func aSharedGradientStaysWhatItIs() {
        let tape = Tape()
        let (x, y) = (tape.watched(a), tape.watched(b))
        let sum = tape.operation("sum", [x, y], value: a + b) { [$0, $0] }
        tape.backward(from: sum + x * 5)
        #expect(tape.gradient(of: x).scalars == [6, 6, 6, 6])
        #expect(tape.gradient(of: y).scalars == [1, 1, 1, 1])
    }

    @Test func constantsWantNoGradient() {
        let tape = Tape()
        let y = tape.watched(b)
        tape.backward(from: product(tape.constant(a), y))
        #expect(tape.gradient(of: y).scalars == a.scalars)
        // Without any parent that does, nothing is called; nor in inference.
        for tape in [Tape(), Tape(.inference)] {
            let result = product(tape.constant(a), tape.constant(b)) { Issue.record("went back") }
            #expect(!result.needsGradient && result.value.scalars == (a * b).scalars)
            if tape.mode == .training { tape.backward(from: result) }
        }
    }

    @Test func randomKeysDifferByPlaceStepAndShard() {
        func keys(_ step: Int, _ shard: Int) -> [RandomKey] {
            let tape = Tape(.training, context: StepContext(seed: 1, step: step, shard: shard))
            return [tape.nextRandomKey(), tape.nextRandomKey()]
        }
        #expect(keys(1, 0) == keys(1, 0))
        #expect(Set(keys(1, 0) + keys(1, 1) + keys(2, 0)).count == 6)
    }

    @Test func wrongIndicesAreRefused() throws {
        let tape = Tape()
        let found = tape.checkedIndices(Tensor([0, 3, 4, 2.5]), below: 4, kind: "word")
        #expect(found.scalars == [0, 3, 0, 0])
        let refused = try #require(tape.refused)
        #expect(refused.row == 2 && refused.problem == "word 4.0, expected a whole number in 0 ..< 4")
    }
}
