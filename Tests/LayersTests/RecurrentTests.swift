// Recurrent layers: gradients by differences, masks, dropout, first weights. Values of Keras and PyTorch are compared in
// ModelsTests.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct RecurrentTests {
    static let cells = ["SimpleRNN", "LSTM", "GRU", "GRU, reset before"]

    private func make(
        _ cell: String, _ units: Int, returnSequences: Bool = false, goBackwards: Bool = false, dropout: Float = 0,
        recurrentDropout: Float = 0, activation: ActivationFunction = .tanh
    ) -> any RecurrentLayer {
        switch cell {
        case "SimpleRNN":
            SimpleRNN(
                units, returnSequences: returnSequences, goBackwards: goBackwards, activation: activation,
                dropout: dropout, recurrentDropout: recurrentDropout)
        case "LSTM":
            LSTM(
                units, returnSequences: returnSequences, goBackwards: goBackwards, activation: activation,
                dropout: dropout, recurrentDropout: recurrentDropout)
        default:
            GRU(
                units, returnSequences: returnSequences, goBackwards: goBackwards, activation: activation,
                resetAfter: cell == "GRU", dropout: dropout, recurrentDropout: recurrentDropout)
        }
    }

    @Test(arguments: cells) func gradientsAreThoseOfDifferences(_ cell: String) throws {
        for (units, steps, features, batch) in [(1, 1, 1, 1), (3, 4, 2, 2)] {
            let input = wave([batch, steps, features])
            try expectGradients(make(cell, units), input)
            try expectGradients(make(cell, units, returnSequences: true, goBackwards: true), input)
            // The same factors in every pass: its key is the first of the step.
            try expectGradients(make(cell, units, dropout: 0.4, recurrentDropout: 0.4), input)
            try expectGradients(make(cell, units, dropout: 0.4, recurrentDropout: 0.4, activation: .mish), input)
            try expectGradients(Bidirectional(make(cell, units, returnSequences: true), mergeMode: .mul), input)
        }
        try expectGradients(TimeDistributed(Dense(3, activation: .tanh)), wave([2, 3, 2]))
    }

    @Test func shapes() throws {
        for cell in Self.cells {
            try expectShapes(make(cell, 17), [5, 3], [17])
            try expectShapes(make(cell, 2, returnSequences: true), [5, 3], [5, 2])
            try expectShapes(Bidirectional(make(cell, 2, returnSequences: true)), [5, 3], [5, 4])
            try expectShapes(Bidirectional(make(cell, 2), mergeMode: .ave), [5, 3], [2])
        }
        try expectShapes(TimeDistributed(Conv2D(2, kernelSize: 3)), [4, 7, 6, 1], [4, 5, 4, 2])
        expectShapeError(LSTM(3), [5], "LSTM(3): expected input [steps, features], got [5]")
        expectShapeError(GRU(0), [5, 2], "GRU: units must be positive, got 0")
        #expect(
            throws: ShapeError(
                "LSTM(3): expected a sequence, or a sequence and 2 of shape [3] to begin with, got [5, 2] and [3]")
        ) {
            try LSTM(3).build([[5, 2], [3]])
        }
        expectShapeError(LSTM(2, recurrentDropout: 1), [5, 2], "`recurrentDropout` must be in 0 ..< 1, got 1")
        expectShapeError(Bidirectional(LSTM(2, goBackwards: true)), [5, 2], "goes forwards")
        expectShapeError(Bidirectional(LSTM(2), backwardLayer: LSTM(2)), [5, 2], "a backward layer with `goBackwards`")
        let other = GRU(3, goBackwards: true)
        expectShapeError(Bidirectional(LSTM(2), backwardLayer: other, mergeMode: .sum), [5, 2], "got [2] and [3]")
        expectShapeError(Masking(), [5], "expected input [positions, features]")
        expectShapeError(TimeDistributed(Dense(2)), [], "expected input [positions, sample...]")
    }

    /// Outputs at real steps, gradients of parameters, and of real inputs, for sequences of these lengths.
    private func pass(_ layer: any Layer, _ lengths: [Int], steps: Int, seed: UInt64 = 3) throws -> [[UInt32]] {
        let features = 3
        let buffer = try layer.makeParameterBuffer(input: [steps, features], seed: seed)
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, context: StepContext(seed: 9), buffer: buffer, gradients: gradients)
        var scalars = [Float](repeating: 0, count: lengths.count * steps * features)
        var mask = [Float](repeating: 0, count: lengths.count * steps)
        for (sample, length) in lengths.enumerated() {
            let numbers = wave([length, features], Float(sample)).scalars
            for t in 0..<length {
                mask[sample * steps + t] = 1
                for k in 0..<features { scalars[(sample * steps + t) * features + k] = numbers[t * features + k] }
            }
        }
        let x = tape.watched(Tensor(scalars).reshaped([lengths.count, steps, features]))
        let output = layer(x.masked(Tensor(mask).reshaped([lengths.count, steps])))
        var found: [[UInt32]] = []
        var slopes = output.value
        if output.shape.rank == 3 {
            let kept = try #require(output.mask)
            slopes = slopes * kept.reshaped(kept.shape.dimensions + [1])
            for (index, row) in kept.scalars.enumerated() where row != 0 {
                let width = output.shape[2]
                found.append(output.value.scalars[(index * width)..<((index + 1) * width)].map(\.bitPattern))
            }
        } else {
            found.append(output.value.scalars.map(\.bitPattern))
        }
        tape.backward(from: output * tape.constant(slopes))
        found.append(gradients[0..<buffer.count].map(\.bitPattern))
        let slope = tape.gradient(of: x).scalars
        for (sample, length) in lengths.enumerated() {
            let first = sample * steps * features
            found.append(slope[first..<(first + length * features)].map(\.bitPattern))
        }
        return found
    }

    @Test(arguments: cells) func longerPaddingChangesNoBit(_ cell: String) throws {
        // 60 samples of up to 7 steps are more than one chain of a product.
        let lengths = (0..<60).map { ($0 * 5) % 8 }
        for sequences in [false, true] {
            for backwards in [false, true] {
                let layers: [any Layer] = [
                    make(cell, 5, returnSequences: sequences, goBackwards: backwards),
                    make(cell, 3, returnSequences: sequences, dropout: 0.3, recurrentDropout: 0.3),
                    make(
                        cell, 3, returnSequences: sequences, goBackwards: backwards, recurrentDropout: 0.3,
                        activation: .softsign),
                    Bidirectional(make(cell, 4, returnSequences: sequences)),
                    Sequential([
                        Bidirectional(make(cell, 4, returnSequences: true)),
                        TimeDistributed(Dense(3, activation: .tanh)), make(cell, 4, returnSequences: sequences),
                    ]),
                ]
                for layer in layers {
                    let found = try pass(layer, lengths, steps: 7)
                    #expect(try pass(layer, lengths, steps: 12) == found)
                    #expect(try pass(layer, lengths, steps: 27) == found)
                }
            }
        }
    }

    @Test(arguments: cells) func aPaddedSequenceEndsInItsLastRealState(_ cell: String) throws {
        let layer = make(cell, 4, returnSequences: true)
        let buffer = try layer.makeParameterBuffer(input: [5, 2], seed: 1)
        let input = wave([3, 5, 2])
        let mask = Tensor([1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]).reshaped([3, 5])
        let tape = Tape(.inference, buffer: buffer)
        let whole = layer(tape.constant(input)).value.scalars
        let masked = layer(tape.constant(input).masked(mask)).value.scalars
        #expect(masked[0..<20] == whole[0..<20])
        #expect(masked[20..<28] == whole[20..<28])
        for t in 2..<5 { #expect(Array(masked[(20 + t * 4)..<(24 + t * 4)]) == Array(whole[24..<28])) }
        #expect(masked[40..<60].allSatisfy { $0 == 0 }, "an empty sequence stays in the initial state")
    }

    @Test func aSequenceBackwardsIsMaskedInItsOwnOrder() {
        let tape = Tape(.inference)
        let mask = Tensor([1, 1, 0, 1, 0, 0]).reshaped([2, 3])
        let input = tape.constant(wave([2, 3, 2])).masked(mask)
        #expect(LSTM(2, returnSequences: true, goBackwards: true)(input).mask?.scalars == [0, 1, 1, 0, 0, 1])
        #expect(LSTM(2, returnSequences: true)(input).mask?.scalars == mask.scalars)
        #expect(Bidirectional(LSTM(2, returnSequences: true))(input).mask?.scalars == mask.scalars)
        #expect(TimeDistributed(Dense(2))(input).mask?.scalars == mask.scalars)
        #expect(LSTM(2)(input).mask == nil)
        #expect(LSTM(2).positions == .reduced && LSTM(2, returnSequences: true).positions == .sequence)
        #expect(Bidirectional(GRU(2)).positions == .reduced)
    }

    @Test func maskingFindsPositions() {
        let tape = Tape(.inference)
        let input = Tensor([-1, -1, -1, 2, 3, -1, .nan, -1]).reshaped([1, 4, 2])
        let output = Masking(maskValue: -1)(tape.constant(input))
        #expect(output.mask?.scalars == [0, 1, 1, 1])
        #expect(output.value.scalars[0..<4] == [0, 0, -1, 2])
        let earlier = Tensor([1, 0, 1, 1]).reshaped([1, 4])
        #expect(Masking(maskValue: -1)(tape.constant(input).masked(earlier)).mask?.scalars == [0, 0, 1, 1])
    }

    /// With a kernel of zeros and a recurrent kernel of ones, a step adds up the units that are not dropped.
    @Test func dropoutIsOneMaskASequence() throws {
        let layer = SimpleRNN(
            40, returnSequences: true, activation: .linear, dropout: 0.5, recurrentDropout: 0.5,
            kernelInitializer: .ones, recurrentInitializer: .zeros)
        let buffer = try layer.makeParameterBuffer(input: [6, 40])
        func train(step: Int, shard: Int) -> [Float] {
            let context = StepContext(seed: 3, step: step, shard: shard)
            let tape = Tape(.training, context: context, buffer: buffer)
            return layer(tape.constant(Tensor(repeating: 1, [2, 6, 40]))).value.scalars
        }
        let output = train(step: 1, shard: 0)
        let sums = (0..<12).map { output[$0 * 40] }
        #expect(Set(sums[0..<6]).count == 1 && Set(sums[6..<12]).count == 1, "\(sums)")
        #expect(sums[0] > 10 && sums[0] < 70 && sums[0].truncatingRemainder(dividingBy: 2) == 0, "\(sums[0])")
        #expect(train(step: 1, shard: 0) == output)
        #expect(train(step: 1, shard: 1) != output && train(step: 2, shard: 0) != output)
        // Now a state of ones goes on through the identity: each unit doubles where it is not dropped.
        buffer.values[layer.parameters[0].range].update(repeating: 0)
        buffer.values[layer.parameters[2].range].update(repeating: 1)
        for unit in 0..<40 { buffer.values.pointer[layer.parameters[1].range.lowerBound + unit * 41] = 1 }
        let states = train(step: 1, shard: 0)
        for unit in 0..<40 {
            let path = (0..<6).map { states[$0 * 40 + unit] }
            #expect(path == [1, 1, 1, 1, 1, 1] || path == [1, 3, 7, 15, 31, 63], "\(path)")
        }
        #expect(Set(states[200..<240]).count == 2)
        let inference = Tape(.inference, buffer: buffer)
        #expect(
            layer(inference.constant(Tensor(repeating: 1, [1, 6, 40]))).value.scalars.suffix(40).allSatisfy { $0 == 6 })
    }

    @Test func firstWeights() throws {
        let layer = LSTM(5, biasInitializer: .constant(3))
        let buffer = try layer.makeParameterBuffer(input: [4, 3], seed: 2)
        #expect(
            Array(buffer.values[layer.parameters[2].range])
                == [Float](repeating: 3, count: 5) + [Float](repeating: 1, count: 5) + [Float](repeating: 3, count: 10))
        let plain = LSTM(5, unitForgetBias: false)
        let second = try plain.makeParameterBuffer(input: [4, 3])
        #expect(second.values[plain.parameters[2].range].allSatisfy { $0 == 0 })
    }

    @Test(arguments: [[1, 1], [7, 7], [17, 68], [40, 9], [2, 3, 5]]) func orthogonalMatrices(_ lengths: [Int]) throws {
        let columns = lengths.last!, rows = lengths.dropLast().reduce(1, *)
        final class Holder: Layer {
            let weight = Parameter("weight", initializer: .orthogonal)
            let shape: Shape
            init(_ shape: Shape) { self.shape = shape }
            var parameters: [Parameter] { [weight] }
            func build(_ input: Shape) throws(ShapeError) -> Shape {
                try weight.declare(shape)
                return input
            }
            func call(_ input: Variable) -> Variable { input }
        }
        func values(_ seed: UInt64) throws -> Tensor {
            let holder = Holder(Shape(lengths))
            let buffer = try holder.makeParameterBuffer(input: [1], seed: seed)
            return Tensor(Array(buffer.values[holder.weight.range])).reshaped([rows, columns])
        }
        let q = try values(1)
        let product = rows >= columns ? q.transposed([1, 0]).matmul(q) : q.matmul(q.transposed([1, 0]))
        let count = min(rows, columns)
        for (index, value) in product.scalars.enumerated() {
            #expect(abs(value - (index % (count + 1) == 0 ? 1 : 0)) < 1e-6, "[\(index)] is \(value)")
        }
        #expect(try values(1).scalars == q.scalars)
        if rows * columns > 1 { #expect(try values(2).scalars != q.scalars) }
    }
}
