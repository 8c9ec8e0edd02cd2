// Graphs of model files against Keras: values, and gradients also of shared and tied layers. The numbers were
// written by scripts/reference/graphs.py.

import Autograd
import Foundation
import Layers
import Models
import Tensors
import Testing

/// The committed numbers.
private struct Reference: Decodable {
    struct Array: Decodable {
        let shape: [Int]
        let scalars: [Float]
        var tensor: Tensor { Tensor(scalars).reshaped(shape) }
    }

    struct Case: Decodable {
        let name: String
        let text: String
        let input, weights, output: Array
        let inputGradient: Array?
        let parameters, gradients: [String: Array]
    }

    let cases: [Case]

    /// Of layers of several inputs, by scripts/reference/inputs.py.
    static func readInputs() throws -> [Case] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/inputs.json")
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    }

    static func read() throws -> Reference {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/graphs.json")
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
    }
}

extension ParameterBuffer {
    /// Gives every parameter the values under its path; expects that there are no others.
    fileprivate func set(_ arrays: [String: Reference.Array]) {
        #expect(Set(parameters.map(\.path)) == Set(arrays.keys))
        for parameter in parameters {
            guard let array = arrays[parameter.path] else { continue }
            #expect(parameter.value.shape.dimensions == array.shape, "\(parameter.path)")
            _ = values[parameter.range].update(fromContentsOf: array.scalars)
        }
    }
}

@Suite struct GraphReferenceTests {
    /// To 2e-5 of the largest: sums of some hundred products of order 1.
    private func expectClose(_ found: [Float], _ expected: [Float], _ what: String) {
        #expect(found.count == expected.count, "\(what)")
        let size = expected.reduce(1) { max($0, abs($1)) }
        let worst = zip(found, expected).map { abs($0 - $1) }.max() ?? 0
        #expect(worst <= 2e-5 * size, "\(what): off by \(worst) of \(size)")
    }

    @Test func valuesAndGradientsAreKeras() throws {
        let cases = try Reference.read().cases + Reference.readInputs()
        #expect(cases.count > 40)
        for reference in cases {
            let model = try ModelFile(text: reference.text).model
            let input = reference.input.tensor
            let buffer = try model.makeParameterBuffer(input: input.shape.dropFirst())
            buffer.set(reference.parameters)
            let gradients = FlatBuffer(count: buffer.count)
            let tape = Tape(.training, buffer: buffer, gradients: gradients)
            let x = reference.inputGradient == nil ? tape.constant(input) : tape.watched(input)
            let output = model(x)
            #expect(output.shape.dimensions == reference.output.shape, "\(reference.name)")
            #expect(try model.build(input.shape.dropFirst()) == output.shape.dropFirst(), "\(reference.name)")
            expectClose(output.value.scalars, reference.output.scalars, "\(reference.name): output")
            tape.backward(from: output * tape.constant(reference.weights.tensor))
            if let expected = reference.inputGradient {
                expectClose(tape.gradient(of: x).scalars, expected.scalars, "\(reference.name): input")
            }
            for parameter in buffer.parameters where parameter.role == .trainable {
                let expected = try #require(reference.gradients[parameter.path])
                expectClose(Array(gradients[parameter.range]), expected.scalars, "\(reference.name): \(parameter.path)")
            }
        }
    }
}
