// Recurrent layers, made from model files, against Keras and PyTorch: outputs, and gradients in all weights and inputs.

import Autograd
import Foundation
import Layers
import Tensors
import Testing

import Models

/// A case of scripts/reference/recurrent.py.
struct RecurrentCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Numbers: Decodable, Sendable {
        let shape: [Int]
        let scalars: [Float]

        var tensor: Tensor { Tensor(scalars).reshaped(shape) }
    }

    let source: String
    let layers: String
    let inputs: Numbers
    let weights: [Numbers]
    let mask: Numbers?
    let slopes: Numbers
    let output: Numbers
    let gradients: [Numbers]

    var testDescription: String { "\(source): \(layers)\(mask == nil ? "" : ", masked")" }

    static let all: [RecurrentCase] = ["keras", "torch"].flatMap { peer in
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
        let file = folder.appending(path: "Reference/recurrent-\(peer).json")
        do {
            return try JSONDecoder().decode([RecurrentCase].self, from: Data(contentsOf: file))
        } catch {
            fatalError("can't read \(file.path): \(error)")
        }
    }
}

@Suite struct RecurrentReferenceTests {
    /// Numbers are of order 1 to 10, and have gone through at most five steps of some 40 operations each.
    private func expectClose(
        _ found: some Collection<Float>, _ expected: [Float], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(found.count == expected.count, "\(what)", sourceLocation: sourceLocation)
        let scale = expected.reduce(1) { max($0, abs($1)) }
        for (index, (a, b)) in zip(found, expected).enumerated() where !(abs(a - b) <= 4e-6 * scale) {
            Issue.record("\(what)[\(index)] is \(a), expected \(b)", sourceLocation: sourceLocation)
            return
        }
    }

    @Test(arguments: RecurrentCase.all) func agreesWithPeers(_ reference: RecurrentCase) throws {
        let model = try ModelFile(text: "layers: [{\(reference.layers)}]").model
        let input = reference.inputs.tensor
        let buffer = try model.makeParameterBuffer(input: input.shape.dropFirst())
        #expect(buffer.parameters.map { $0.value.shape.dimensions } == reference.weights.map(\.shape))
        for (parameter, weights) in zip(buffer.parameters, reference.weights) {
            _ = buffer.values[parameter.range].update(fromContentsOf: weights.scalars)
        }
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, buffer: buffer, gradients: gradients)
        let x = tape.watched(input)
        let output = model(x.masked(reference.mask?.tensor))
        #expect(output.shape.dimensions == reference.output.shape)
        expectClose(output.value.scalars, reference.output.scalars, "output")
        tape.backward(from: output * tape.constant(reference.slopes.tensor))
        for (parameter, expected) in zip(buffer.parameters, reference.gradients) {
            expectClose(gradients[parameter.range], expected.scalars, "gradient of \(parameter.path)")
        }
        expectClose(tape.gradient(of: x).scalars, reference.gradients.last!.scalars, "gradient of the input")
        let inference = Tape(.inference)
        #expect(model(inference.constant(input).masked(reference.mask?.tensor)).value.scalars == output.value.scalars)
    }

    @Test func nestedLayersAreExplained() {
        func problem(_ text: String) -> String {
            do {
                _ = try ModelFile(text: "layers:\n  - \(text)", file: "m.yaml")
                return "made"
            } catch { return error.description }
        }
        #expect(
            problem("bidirectional")
                == "m.yaml:2: layer bidirectional needs the key 'layer': a simple-rnn, lstm or gru that goes forwards, "
                + "such as {lstm: {units: 64}}")
        #expect(
            problem("bidirectional: {layer: {dense: {units: 2}}}")
                == "m.yaml:2: layer of layer bidirectional: expected a simple-rnn, lstm or gru that goes forwards, got "
                + "a mapping")
        #expect(problem("bidirectional: {layer: {gru: {units: 2, go-backwards: true}}}").contains("goes forwards"))
        #expect(
            problem("time-distributed: {layer: {dens: {units: 2}}}").hasPrefix(
                "m.yaml:2: unknown layer 'dens'; did you mean 'dense'?"))
        #expect(
            problem("lstm: {units: 2, activation: glu}").hasPrefix(
                "m.yaml:2: activation of layer lstm: expected one of linear, relu, sigmoid,"))
        #expect(
            problem("gru: {units: 2, dropout: 1}")
                == "m.yaml:2: dropout of layer gru: expected a number, at least 0 and below 1, got '1'")
    }

    @Test func partsAreNamed() throws {
        let text = "layers: [{bidirectional: {layer: {lstm: {units: 2}}}}, {dense: {units: 1}}]"
        let buffer = try ModelFile(text: text).model.makeParameterBuffer(input: [3, 1])
        #expect(
            buffer.parameters.map(\.path) == [
                "bidirectional.forward_lstm.kernel", "bidirectional.forward_lstm.recurrent_kernel",
                "bidirectional.forward_lstm.bias", "bidirectional.backward_lstm.kernel",
                "bidirectional.backward_lstm.recurrent_kernel", "bidirectional.backward_lstm.bias", "dense.kernel",
                "dense.bias",
            ])
    }
}
