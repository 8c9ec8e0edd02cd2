// How a pass records, propagates and lets go: parameters, the finality hook, modes, statistics, dropout keys.

import Tensors
import Testing

import Autograd

struct TapeTests {
    private let kernel = TapeTests.parameter("kernel", [3, 2])
    private let bias = TapeTests.parameter("bias", [2])
    private let unused = TapeTests.parameter("unused", [4])
    private let input = Tensor([1, -2, 3, 0.5, 4, -1]).reshaped([2, 3])

    static func parameter(_ name: String, _ shape: Shape, role: Parameter.Role = .trainable) -> Parameter {
        let parameter = Parameter(name, initializer: .uniform(-1, 1), role: role)
        do { try parameter.declare(shape) } catch { fatalError("\(error)") }
        return parameter
    }

    @Test func aParameterUsedTwiceAddsUp() {
        let buffer = ParameterBuffer([kernel], seed: 1)
        let gradients = FlatBuffer(count: buffer.count)
        // Stale values from an earlier step must not survive.
        gradients[0..<gradients.count].update(repeating: 9)
        let tape = Tape(buffer: buffer, gradients: gradients)
        let (first, second) = (tape.parameter(kernel), tape.parameter(kernel))
        let x = tape.constant(input)
        tape.backward(from: x.dense(first, bias: nil, relu: false) + x.dense(second, bias: nil, relu: false) * 3)
        // d/dk sum(x k) is the column sums of x, for each output.
        #expect(tape.gradient(of: kernel).scalars == [1.5, 1.5, 2, 2, 2, 2].map { $0 * 4 })
        #expect(Array(gradients[kernel.range]) == tape.gradient(of: kernel).scalars)
    }

    @Test func parametersBecomeFinalOnceEachInReverseOrderOfFirstUse() {
        let late = TapeTests.parameter("late", [2])
        let statistic = TapeTests.parameter("statistic", [2], role: .statistic(momentum: 0.9))
        let buffer = ParameterBuffer([kernel, unused, bias, statistic, late], seed: 1)
        let gradients = FlatBuffer(count: buffer.count)
        gradients[0..<gradients.count].update(repeating: 9)
        let tape = Tape(buffer: buffer, gradients: gradients)
        let hidden = tape.constant(input).dense(tape.parameter(kernel), bias: tape.parameter(bias), relu: false)
        // Used first, but the result does not depend on it; and kernel is used again at the very end.
        _ = hidden * tape.parameter(late)
        let output = hidden + tape.parameter(kernel).sum()
        var order: [String] = []
        tape.backward(from: output) { parameter in
            order.append(parameter.path)
            if parameter === kernel { #expect(gradients[kernel.range][0] == 1.5 + 4) }
        }
        #expect(order == ["late", "bias", "kernel", "unused", "statistic"])
        for parameter in [late, unused, statistic] {
            #expect(gradients[parameter.range].allSatisfy { $0 == 0 }, "\(parameter.path)")
        }
        #expect(Array(gradients[bias.range]) == [2, 2])
    }

    @Test func gradientsInTheFlatBufferEqualThoseInTensors() {
        let buffer = ParameterBuffer([kernel, bias, unused], seed: 4)
        let gradients = FlatBuffer(count: buffer.count)
        func pass(_ tape: Tape) -> [[Float]] {
            let x = tape.constant(input)
            let hidden = x.dense(tape.parameter(kernel), bias: tape.parameter(bias), relu: true)
            tape.backward(from: (hidden * tape.parameter(bias)).tanh, weight: 0.25)
            return [kernel, bias, unused].map { tape.gradient(of: $0).scalars }
        }
        let inTensors = pass(Tape())
        #expect(pass(Tape(buffer: buffer, gradients: gradients)) == inTensors)
        // The same again, over what the last pass left behind.
        #expect(pass(Tape(buffer: buffer, gradients: gradients)) == inTensors)
        #expect(inTensors[0].contains { $0 != 0 } && inTensors[2] == [0, 0, 0, 0])
    }

    @Test func aProductAddsAnOnlyContributionToAnotherGradient() {
        let tied = TapeTests.parameter("tied", [3, 2])
        let buffer = ParameterBuffer([kernel, bias, tied], seed: 4)
        let (gradients, sum) = (FlatBuffer(count: buffer.count), FlatBuffer(count: buffer.count))
        func pass(_ tape: Tape) -> [[Float]] {
            let (x, shared) = (tape.constant(input), tape.parameter(tied))
            let hidden = x.dense(tape.parameter(kernel), bias: tape.parameter(bias), relu: true)
            let other = x.dense(shared, bias: nil, relu: false) * x.dense(shared, bias: nil, relu: false)
            tape.backward(from: hidden + other, weight: 0.3)
            return [kernel, bias, tied].map { tape.gradient(of: $0).scalars }
        }
        let alone = pass(Tape())
        for index in 0..<sum.count { sum.pointer[index] = 0.1 * Float(index) }
        let before = Array(sum[0..<sum.count])
        let tape = Tape(
            .training, context: StepContext(), workspace: Workspace(), buffer: buffer, gradients: gradients,
            addingTo: sum)
        let rest = pass(tape)
        #expect(tape.added == [kernel.range])
        #expect(Array(sum[kernel.range]) == zip(before[kernel.range], alone[0]).map { $0 + $1 })
        #expect(
            Array(sum[bias.range]) == Array(before[bias.range]) && Array(sum[tied.range]) == Array(before[tied.range]))
        #expect(rest[1] == alone[1] && rest[2] == alone[2])
    }

    @Test func theWeightIsTheGradientOfEachElement() {
        let tape = Tape()
        let x = tape.watched(input)
        tape.backward(from: x * 2, weight: 0.5)
        #expect(tape.gradient(of: x).scalars == [Float](repeating: 1, count: 6))
        let other = Tape()
        let (y, z) = (other.watched(input), other.watched(input))
        other.backward(from: y)
        #expect(other.gradient(of: z).scalars == [Float](repeating: 0, count: 6))
    }

    /// A pass that nobody goes back through keeps itself alive.
    @Test func aDiscardedPassIsFreed() {
        weak var kept: Tape?
        for discards in [false, true] {
            do {
                let tape = Tape(.training)
                kept = tape
                _ = tape.watched(Tensor([1, 2])).square
                if discards { tape.discard() }
            }
            #expect((kept == nil) == discards)
        }
    }

    @Test func inferenceRecordsNothing() {
        let tape = Tape(.inference)
        let x = tape.watched(input)
        let y = x.dense(tape.parameter(kernel), bias: tape.parameter(bias), relu: true).dropout(rate: 0.5).softmax
        #expect(x.node == nil && y.node == nil)
        #expect(tape.parameter(kernel).node == nil)
        // In training, what depends on no parameter and no watched variable is not recorded either.
        let training = Tape()
        #expect((training.constant(input) * 2).exp.node == nil)
    }

    @Test func theSameLossInTrainingAndInference() {
        let labels = Tensor([1, 0])
        func loss(_ mode: Tape.Mode) -> [Float] {
            // Probabilities so near 0 that clipping them would show.
            let tape = Tape(mode)
            let losses = tape.watched(Tensor([60, 0, 1, 2]).reshaped([2, 2])).softmax.sparseCategoricalCrossentropy(
                labels)
            if mode == .training { tape.backward(from: losses) }  // lets go of the tape
            return losses.value.scalars
        }
        #expect(loss(.inference) == loss(.training))
        #expect(loss(.inference)[0] == 60)
    }

    @Test func statisticsAreWeightedByTheShardsFraction() {
        let statistic = TapeTests.parameter("mean", [2], role: .statistic(momentum: 0.9))
        let buffer = ParameterBuffer([kernel, statistic], seed: 1)
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(context: StepContext(fraction: 0.25), buffer: buffer, gradients: gradients)
        tape.observe(statistic, Tensor([8, -4]))
        var fired: [String] = []
        tape.backward(from: tape.constant(input)) { fired.append($0.path) }
        #expect(Array(gradients[statistic.range]) == [2, -1])
        #expect(fired == ["kernel", "mean"])
        #expect(tape.parameter(statistic).node == nil)
        // Observations are for training alone.
        Tape(.inference, buffer: buffer, gradients: gradients).observe(statistic, Tensor([7, 7]))
        #expect(Array(gradients[statistic.range]) == [2, -1])
    }

    @Test func dropoutDependsOnSeedStepShardAndPlaceAlone() {
        func masks(_ context: StepContext) -> [[Float]] {
            let tape = Tape(context: context)
            let ones = tape.constant(Tensor(repeating: 1, [64]))
            return [ones.dropout(rate: 0.5).value.scalars, ones.dropout(rate: 0.5).value.scalars]
        }
        let base = masks(StepContext(seed: 1, step: 2, shard: 3))
        #expect(masks(StepContext(seed: 1, step: 2, shard: 3, fraction: 0.5)) == base)
        var seen = Set(base)
        for other in [
            StepContext(seed: 2, step: 2, shard: 3), StepContext(seed: 1, step: 3, shard: 3),
            StepContext(seed: 1, step: 2, shard: 4), StepContext(seed: 1 + (1 << 32), step: 2, shard: 3),
        ] {
            seen.formUnion(masks(other))
        }
        #expect(seen.count == 10)
        #expect(base[0].allSatisfy { $0 == 0 || $0 == 2 })
    }

    @Test func misuseIsNamed() async {
        let stranger = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let (known, other) = (TapeTests.parameter("known", [4]), TapeTests.parameter("other", [4]))
            let buffer = ParameterBuffer([known], seed: 1)
            _ = ParameterBuffer([other], seed: 1)
            let tape = Tape(buffer: buffer, gradients: FlatBuffer(count: buffer.count))
            tape.backward(from: tape.parameter(other).square)
        }
        #expect(message(stranger).contains("parameter other does not lie in the parameter buffer"))
        let again = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let tape = Tape()
            let x = tape.watched(Tensor([1, 2]))
            tape.backward(from: x)
            tape.backward(from: x)
        }
        #expect(message(again).contains("this tape has been used"))
        let bias = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let tape = Tape()
            _ = tape.constant(.zeros([2, 3])).dense(
                tape.constant(.zeros([3, 4])), bias: tape.constant(.zeros([3])), relu: false)
        }
        #expect(message(bias).contains("dense: bias [3] does not fit kernel [3, 4]"))
        let loss = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tape().constant(.zeros([2, 3])).squaredError(.zeros([2, 4]))
        }
        #expect(message(loss).contains("mean squared error: predictions have shape [2, 3], targets [2, 4]"))
    }

    private func message(_ result: ExitTest.Result?) -> String {
        String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    }
}
