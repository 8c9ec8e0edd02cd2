// Every layer of a model file against Keras 3 or PyTorch: outputs, gradients, and the shapes that `build` promises. The
// values are those of Reference/layers.json, written by scripts/reference/layers.py.

import Autograd
import Foundation
import Layers
import Models
import Tensors
import Testing

struct LayerCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Array: Decodable, Sendable {
        let shape: [Int]
        let scalars: [Float]

        var tensor: Tensor { Tensor(scalars).reshaped(shape) }
    }

    /// The layer's entry in a model file.
    let layer: String
    let training: Bool
    let input: Array
    let mask: Array?
    let parameters: [String: Array]
    let weights: Array
    let output: Array
    /// Of `sum(weights * output)`, by parameter, and in the `input` where that is no row number.
    let gradients: [String: Array]

    var testDescription: String { "\(layer)\(training ? ", training" : "")\(mask == nil ? "" : ", masked")" }

    static let all: [LayerCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/layers.json")
        do {
            return try JSONDecoder().decode([LayerCase].self, from: Data(contentsOf: file))
        } catch {
            fatalError("can't read \(file.path): \(error)")
        }
    }()

    var model: any Layer {
        get throws { try ModelFile(text: "layers:\n  - \(layer)\n").model }
    }
}

@Suite struct LayerReferenceTests {
    @Test func thereAreValues() {
        let seen = Set(LayerCase.all.map { String($0.layer.prefix { $0 != ":" }) })
        #expect(seen.isSubset(of: LayerKind.all.map(\.name)))
        #expect(seen.count > 35 && LayerCase.all.count > 120)
    }

    /// A few roundings of numbers of order 1 to 10, in sums of at most 100 terms.
    @Test(arguments: LayerCase.all) func agreesWithItsPeer(_ reference: LayerCase) throws {
        let model = try reference.model
        let input = reference.input.tensor
        let buffer = try model.makeParameterBuffer(input: input.shape.dropFirst())
        #expect(Set(buffer.parameters.map(\.name)) == Set(reference.parameters.keys))
        for parameter in buffer.parameters {
            let given = try #require(reference.parameters[parameter.name])
            #expect(parameter.value.shape.dimensions == given.shape, "\(parameter.path)")
            _ = buffer.values[parameter.range].update(fromContentsOf: given.scalars)
        }
        let gradients = FlatBuffer(count: buffer.count)
        // A layer's inference has no way back, so that of frozen statistics stands for it.
        for parameter in buffer.parameters where parameter.role != .trainable && !reference.training {
            parameter.isFrozen = true
        }
        let tape = Tape(.training, buffer: buffer, gradients: gradients)
        let hasInputGradient = reference.gradients["input"] != nil
        let x = hasInputGradient ? tape.watched(input) : tape.constant(input)
        let y = model(x.masked(reference.mask?.tensor))
        #expect(y.shape.dimensions == reference.output.shape)
        #expect(try model.build(input.shape.dropFirst()) == y.shape.dropFirst(), "the promised shape")
        expectClose(y.value.scalars, reference.output.scalars, "output")
        tape.backward(from: (y * tape.constant(reference.weights.tensor)).sum())
        for (name, expected) in reference.gradients {
            if name == "input" {
                expectClose(tape.gradient(of: x).scalars, expected.scalars, "input's gradient")
            } else {
                let parameter = try #require(buffer.parameters.first { $0.name == name })
                expectClose(Array(gradients[parameter.range]), expected.scalars, "\(name)'s gradient")
            }
        }
        guard !reference.training else { return }
        let inference = Tape(.inference)
        let alone = model(inference.constant(input).masked(reference.mask?.tensor))
        expectClose(alone.value.scalars, reference.output.scalars, "inference")
    }

    private func expectClose(_ found: [Float], _ expected: [Float], _ what: Comment) {
        #expect(found.count == expected.count, what)
        let size = max(1, expected.map { abs($0) }.max() ?? 0)
        let worst = zip(found, expected).map { $0 == $1 ? 0 : abs($0 - $1) }.max() ?? 0
        #expect(worst <= 2e-5 * size, "\(what): off by \(worst) of \(size)")
    }
}
