// Every loss against what Keras computes (scripts/reference/losses.py), and against differences of itself.

import Autograd
import Foundation
import Tensors
import Testing
import Training

/// One loss of given predictions and targets: what comes out for each position, and the gradient of the sum.
struct LossReference: Decodable, Sendable, CustomTestStringConvertible {
    struct Options: Decodable, Sendable {
        let fromLogits: Bool?
        let labelSmoothing: Float?
        let delta: Float?
        let gamma: Float?
        let alpha: Float?
        let beta: Float?
    }

    let title: String
    let name: String
    let options: Options
    let shape: [Int]
    let predictions: [Float]
    let targetShape: [Int]
    let targets: [Float]
    let losses: [Double]
    let lossShape: [Int]
    let gradient: [Double]

    var testDescription: String { title }

    var loss: Loss {
        get throws {
            try Loss.named(
                name, labelSmoothing: options.labelSmoothing, fromLogits: options.fromLogits, delta: options.delta,
                gamma: options.gamma, alpha: options.alpha, beta: options.beta)
        }
    }

    static let all = referenceFile([LossReference].self, "losses.json")
}

/// The contents of a file of values that a script has computed.
func referenceFile<Contents: Decodable>(_ type: Contents.Type, _ name: String) -> Contents {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/\(name)")
    do {
        return try JSONDecoder().decode(type, from: Data(contentsOf: file))
    } catch {
        fatalError("can't read \(file.path): \(error)")
    }
}

@Suite struct LossReferenceTests {
    @Test func everyLossIsThere() {
        #expect(Set(LossReference.all.map(\.name)) == Set(Loss.names))
    }

    @Test(arguments: LossReference.all) func agreesWithKeras(_ reference: LossReference) throws {
        let loss = try reference.loss
        let tape = Tape()
        let x = tape.watched(try Tensor(Shape(reference.shape), reference.predictions))
        let targets = try Tensor(Shape(reference.targetShape), reference.targets)
        let losses = loss.positions(x, targets)
        #expect(losses.shape.dimensions == reference.lossShape)
        expectClose(losses.value.scalars, reference.losses, "losses")
        tape.backward(from: losses)
        #expect(tape.refused == nil)
        expectClose(tape.gradient(of: x).scalars, reference.gradient, "gradient")

        // For each sample the mean over its positions.
        let means = loss(Tape(.inference).constant(x.value), targets)
        let each = reference.losses.count / reference.shape[0]
        expectClose(
            means.value.scalars,
            (0..<reference.shape[0]).map { sample in
                reference.losses[(sample * each)..<((sample + 1) * each)].reduce(0, +) / Double(each)
            }, "of samples")
        #expect(means.shape == [reference.shape[0]])
    }

    /// Along random directions, (f(x + hd) - f(x - hd)) / 2h = gradient . d, unless a kink lies between.
    @Test(arguments: LossReference.all) func agreesWithItsDifferences(_ reference: LossReference) throws {
        let loss = try reference.loss
        let targets = try Tensor(Shape(reference.targetShape), reference.targets)
        func objective(_ x: [Float]) throws -> Double {
            let predictions = Tape(.inference).constant(try Tensor(Shape(reference.shape), x))
            return loss.positions(predictions, targets).value.scalars.reduce(0) { $0 + Double($1) }
        }
        let tape = Tape()
        let x = tape.watched(try Tensor(Shape(reference.shape), reference.predictions))
        tape.backward(from: loss.positions(x, targets))
        let gradient = tape.gradient(of: x).scalars
        let smallest = reference.predictions.map(abs).min() ?? 1
        // Near a probability of 0 the slope changes fast.
        let step = min(0x1p-10, smallest / 32)
        for direction in 0..<4 {
            let signs: [Float] = gradient.indices.map { ($0 * 7 + direction * 5) % 3 == 0 ? -1 : 1 }
            let after = zip(reference.predictions, signs).map { $0 + step * $1 }
            let before = zip(reference.predictions, signs).map { $0 - step * $1 }
            let moved = zip(after, before).map { Double($0) - Double($1) }
            let found = try objective(after) - objective(before)
            let expected = zip(gradient, moved).reduce(0) { $0 + Double($1.0) * $1.1 }
            let size = zip(gradient, moved).reduce(0) { $0 + abs(Double($1.0) * $1.1) }
            let rounding = 4e-7 * reference.losses.reduce(0) { $0 + abs($1) } + 1e-6
            #expect(abs(found - expected) <= 0.01 * size + rounding, "\(found), expected \(expected)")
        }
    }

    /// A softmax is computed from what it was made of, by every loss of classes.
    @Test(arguments: LossReference.all.filter { $0.options.fromLogits == true && !$0.name.hasPrefix("binary") })
    func aSoftmaxIsComputedFromItsLogits(_ reference: LossReference) throws {
        let options = reference.options
        let loss = try Loss.named(
            reference.name, labelSmoothing: options.labelSmoothing, gamma: options.gamma, alpha: options.alpha)
        let logits = Tape(.inference).constant(try Tensor(Shape(reference.shape), reference.predictions))
        let losses = loss.positions(logits.softmax, try Tensor(Shape(reference.targetShape), reference.targets))
        expectClose(losses.value.scalars, reference.losses, "losses")
    }

    @Test func extremesAreFinite() throws {
        for name in Loss.names where name != "poisson" {
            let isClass = name.hasPrefix("sparse")
            for values in [[Float(1e4), -1e4], [-1e4, 1e4], [0, 0], [88.5, -103.9]] {
                let isLogit = name.contains("crossentropy")
                let loss = try Loss.named(name, fromLogits: isLogit ? true : nil)
                let tape = Tape()
                let x = tape.watched(try Tensor([1, 2], values))
                let losses = loss(x, try Tensor(isClass ? [1] : [1, 2], isClass ? [1] : [0, 1]))
                tape.backward(from: losses)
                // A cosine has a sign, and overlaps of what is no probability have, too.
                let isSigned = ["cosine_similarity", "dice", "tversky"].contains(name)
                #expect(losses.value.scalars[0].isFinite, "\(name) of \(values)")
                #expect(isSigned || losses.value.scalars[0] >= 0, "\(name) of \(values)")
                #expect(tape.gradient(of: x).scalars.allSatisfy { $0.isFinite }, "\(name) of \(values)")
            }
        }
    }

    /// 64 units in the last place of the largest value, as for operations.
    private func expectClose(_ found: [Float], _ expected: [Double], _ what: Comment) {
        let tolerance = 64 * Double(Float.ulpOfOne) / 2 * max(1, expected.map(abs).max() ?? 0)
        #expect(found.count == expected.count, what)
        let worst = zip(found, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst <= tolerance, "\(what): off by \(worst), tolerance \(tolerance)")
    }
}
