// Updates against NumPy's, and the promise that cutting a range changes nothing.

import Autograd
import Foundation
import Testing

import Optimizers

/// A buffer that holds `scalars`.
private func makeBuffer(_ scalars: [Float]) -> FlatBuffer {
    let buffer = FlatBuffer(count: scalars.count)
    _ = buffer[0..<scalars.count].update(fromContentsOf: scalars)
    return buffer
}

private func bits(_ buffer: FlatBuffer) -> [UInt32] { buffer[0..<buffer.count].map(\.bitPattern) }

/// Numbers of several magnitudes and both signs.
private func wave(_ count: Int, _ frequency: Float) -> [Float] {
    (0..<count).map { sin(Float($0) * frequency + 1) * Float($0 % 7) }
}

@Suite struct OptimizerTests {
    static let names = OptimizerReference.settings.keys.sorted()

    // Parameters are of order 1 and rounded to 6e-8 a few times a step. The larger part is that 1 - 0.999 is off by
    // 1.3e-5 of its value in single precision, which enters v as is, and parameters times the rate of 0.1.
    static let tolerance: Float = 2e-5

    private func expectClose(_ found: some Collection<Float>, _ expected: [Float], _ what: Comment) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) {
            #expect(abs(a - b) <= Self.tolerance * max(1, abs(b)), what)
        }
    }

    @Test(arguments: names) func updatesAgreeWithNumPy(name: String) throws {
        let reference: OptimizerReference = try loadReference("optimizers")
        let optimizer = OptimizerReference.settings[name]!
        let expected = try #require(reference.cases[name])
        let values = makeBuffer(reference.start)
        let state = optimizer.makeState(count: values.count)
        for (index, row) in reference.gradients.enumerated() {
            let gradients = makeBuffer(row)
            let norm = GradientNorm(trainable: 0..<row.count)
            let sums = norm.blockSums(of: gradients, 0..<row.count)
            optimizer.update(
                0..<values.count, values: values, gradients: gradients, state: state,
                learningRate: optimizer.learningRate.rate(at: index), step: index + 1,
                gradientScale: optimizer.gradientScale(norm: norm.norm(fromBlockSums: sums)))
            expectClose(values[0..<values.count], expected.parameters[index], "parameters after step \(index + 1)")
            #expect(bits(gradients) == bits(makeBuffer(row)), "clipping changed the gradients")
        }
        #expect(state.names.sorted() == expected.state.keys.sorted())
        for (name, buffer) in zip(state.names, state.buffers) {
            expectClose(buffer[0..<buffer.count], expected.state[name]!, "\(name) after the last step")
        }
    }

    @Test func everyReferenceCaseIsTested() throws {
        let reference: OptimizerReference = try loadReference("optimizers")
        #expect(reference.cases.keys.sorted() == Self.names)
    }

    /// The contents of all buffers after three steps on the ranges that `cuts` make of `first ..< last`.
    private func run(_ optimizer: Optimizer, count: Int, cuts: [Int]) -> [[UInt32]] {
        let values = makeBuffer(wave(count, 0.3))
        let state = optimizer.makeState(count: count)
        for step in 1...3 {
            let gradients = makeBuffer(wave(count, 0.7 * Float(step)))
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                optimizer.update(
                    start..<end, values: values, gradients: gradients, state: state, learningRate: 0.05, step: step,
                    gradientScale: optimizer.clipNorm == nil ? 1 : 0.37)
            }
        }
        return ([values] + state.buffers).map(bits)
    }

    @Test(arguments: names) func cuttingARangeChangesNoBit(name: String) {
        let optimizer = OptimizerReference.settings[name]!
        let whole = run(optimizer, count: 83, cuts: [0, 83])
        for cut in 0...83 {
            #expect(run(optimizer, count: 83, cuts: [0, cut, 83]) == whole, "cut at \(cut)")
        }
        // Longer than the block that is clipped at a time.
        let long = run(optimizer, count: 5003, cuts: [0, 5003])
        for cuts in [[0, 2047, 5003], [0, 16, 2048, 2049, 4999, 5003], [0, 2503, 5003]] {
            #expect(run(optimizer, count: 5003, cuts: cuts) == long, "cuts at \(cuts)")
        }
    }

    @Test(arguments: names) func nothingOutsideTheRangeChanges(name: String) {
        let optimizer = OptimizerReference.settings[name]!
        let untouched = run(optimizer, count: 83, cuts: [])
        let part = run(optimizer, count: 83, cuts: [21, 70])
        for (before, after) in zip(untouched, part) {
            #expect(before[..<21] == after[..<21])
            #expect(before[70...] == after[70...])
            #expect(before[21..<70] != after[21..<70])
        }
    }

    /// Where the first step is left out, the second finds an average of the first weights, rather than of zeros.
    @Test func theAverageBeginsWithTheFirstWeights() {
        var optimizer = Optimizer.sgd(learningRate: 1.0)
        optimizer.emaMomentum = 0.75
        let values = makeBuffer([1, 2, 3])
        let state = optimizer.makeState(count: 3)
        optimizer.beginAverage(0..<3, values, state)
        optimizer.update(
            0..<3, values: values, gradients: makeBuffer([4, 0, 0]), state: state, learningRate: 1, step: 2)
        let average = state.average
        withExtendedLifetime(average) { #expect(average.map { Array($0[0..<3]) } == [0, 2, 3]) }
    }

    @Test func namesAndStates() {
        #expect(Optimizer.sgd().name == "sgd")
        #expect(Optimizer.sgd().stateNames == [])
        #expect(Optimizer.sgd(momentum: 0.9).stateNames == ["velocity"])
        #expect(Optimizer.adam().name == "adam")
        #expect(Optimizer.adam().stateNames == ["m", "v"])
        #expect(Optimizer.adamW().name == "adamw")
        #expect(Optimizer.adamW().weightDecay == 0.004)
        #expect(Optimizer.rmsprop().name == "rmsprop")
        #expect(Optimizer.rmsprop().stateNames == ["mean_square"])
        #expect(Optimizer.rmsprop(momentum: 0.5).stateNames == ["mean_square", "velocity"])
        #expect(Optimizer.adagrad().name == "adagrad" && Optimizer.adagrad().stateNames == ["accumulator"])
        #expect(Optimizer.adadelta().stateNames == ["mean_square", "mean_square_step"])
        #expect(Optimizer.nadam().name == "nadam" && Optimizer.nadam().stateNames == ["m", "v"])
        let accumulator = Optimizer.adagrad().makeState(count: 3).buffers[0]
        withExtendedLifetime(accumulator) { #expect(Array(accumulator[0..<3]) == [0.1, 0.1, 0.1]) }
        let state = Optimizer.adam().makeState(count: 5)
        #expect(state.buffers.map(\.count) == [5, 5])
        #expect(state.step == 0)
    }

    @Test(arguments: names) func settingsSurviveEncoding(name: String) throws {
        let optimizer = OptimizerReference.settings[name]!
        let data = try JSONEncoder().encode(optimizer)
        #expect(try JSONDecoder().decode(Optimizer.self, from: data) == optimizer)
    }

    @Test func defectsAreNamed() {
        for optimizer in OptimizerReference.settings.values { #expect(optimizer.defect == nil) }
        #expect(Optimizer.sgd(momentum: 1).defect == "momentum must be in 0 ..< 1, got 1.0")
        #expect(Optimizer.adam(beta2: -0.5).defect == "beta2 must be in 0 ..< 1, got -0.5")
        #expect(Optimizer.adam(epsilon: 0).defect == "epsilon must be positive, got 0.0")
        #expect(Optimizer.rmsprop(rho: .nan).defect == "rho must be in 0 ..< 1, got nan")
        #expect(Optimizer.adamW(weightDecay: -1).defect == "weightDecay must be 0 or more, got -1.0")
        #expect(Optimizer.sgd(learningRate: -0.1).defect == "the learning rate must be 0 or more, got -0.1")
        var clipped = Optimizer.adam()
        clipped.clipNorm = 0
        #expect(clipped.defect == "clipNorm must be positive, got 0.0")
    }

    @Test func gradientsAreScaledDownButNeverUp() {
        var optimizer = Optimizer.sgd()
        #expect(optimizer.gradientScale(norm: 100) == 1)
        optimizer.clipNorm = 2
        #expect(optimizer.gradientScale(norm: 8) == 0.25)
        #expect(optimizer.gradientScale(norm: 1.9) == 1)
    }
}

/// Averages of what every step left, by hand.
@Suite struct MovingAverageTests {
    @Test(arguments: [[0, 7], [0, 3, 7]]) func averageFollowsTheParameters(cuts: [Int]) {
        var optimizer = Optimizer.sgd(learningRate: 0.5)
        optimizer.emaMomentum = 0.75
        #expect(optimizer.stateNames == ["average"] && optimizer.defect == nil)
        let values = makeBuffer([1, -2, 3, 0.5, 0, 8, -1])
        let state = optimizer.makeState(count: 7)
        var expected: [Float] = []
        for step in 1...4 {
            let gradients = makeBuffer((0..<7).map { Float($0 * step) - 3 })
            for (start, end) in zip(cuts, cuts.dropFirst()) {
                optimizer.update(
                    start..<end, values: values, gradients: gradients, state: state, learningRate: 0.5, step: step)
            }
            let now = Array(values[0..<7])
            // All of these are exact.
            expected = step == 1 ? now : zip(expected, now).map { 0.75 * $0 + 0.25 * $1 }
            #expect(Array(state.average![0..<7]) == expected)
        }
        optimizer.emaMomentum = 1
        #expect(optimizer.defect == "emaMomentum must be in 0 ..< 1, got 1.0")
    }
}
