// Attention and transformer blocks against Keras and PyTorch, forward and gradients: scripts/reference/attention.py.

import Autograd
import Foundation
import Layers
import Tensors
import Testing

/// One layer with given weights: what comes out, and the gradients of `sum(weights * output)`.
struct AttentionCase: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let heads: Int
    let causal: Bool
    let keyDimension: Int?
    let valueDimension: Int?
    let useBias: Bool?
    let normFirst: Bool?
    let shape: [Int]
    let input: [Float]
    let mask: [Float]?
    let parameters: [String: [Float]]
    let weights: [Float]
    let output: [Float]
    let inputGradient: [Float]
    /// What is looked at, where it is another sequence.
    let otherShape: [Int]?
    let other: [Float]?
    let otherMask: [Float]?
    let otherGradient: [Float]?
    let gradients: [String: [Float]]

    var testDescription: String { name }

    var layer: any Layer {
        if let normFirst {
            return TransformerBlock(heads: heads, width: shape[2], causal: causal, normFirst: normFirst)
        }
        return MultiHeadAttention(
            heads: heads, keyDimension: keyDimension!, valueDimension: valueDimension, useBias: useBias!,
            causal: causal)
    }

    private struct Contents: Decodable { let attention, blocks, cross: [AttentionCase] }

    static let all: [AttentionCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/attention.json")
        do {
            let contents = try JSONDecoder().decode(Contents.self, from: Data(contentsOf: file))
            return contents.attention + contents.blocks + contents.cross
        } catch { fatalError("can't read \(file.path): \(error)") }
    }()
}

@Suite struct AttentionReferenceTests {
    /// Sums of some dozens of products of order 1, in floats against doubles.
    private func expectClose(_ found: [Float], _ expected: [Float], _ what: String) {
        #expect(found.count == expected.count, "\(what)")
        for (index, (a, b)) in zip(found, expected).enumerated() where abs(a - b) > 2e-5 * max(1, abs(b)) {
            Issue.record("\(what)[\(index)] is \(a), expected \(b)")
            return
        }
    }

    @Test(arguments: AttentionCase.all) func valuesAndGradients(_ reference: AttentionCase) throws {
        let layer = reference.layer
        let sample = Shape(Array(reference.shape.dropFirst()))
        if let other = reference.otherShape {
            let merge = try #require(layer as? any MergeLayer)
            #expect(try merge.build([sample, Shape(Array(other.dropFirst()))]) == sample)
        }
        let buffer =
            reference.otherShape == nil
            ? try layer.makeParameterBuffer(input: sample) : ParameterBuffer(layer.namedParameters, seed: 0)
        #expect(Set(buffer.parameters.map(\.path)) == Set(reference.parameters.keys))
        for parameter in buffer.parameters {
            _ = buffer.values[parameter.range].update(fromContentsOf: reference.parameters[parameter.path] ?? [])
        }
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, buffer: buffer, gradients: gradients)
        let mask = reference.mask.map { Tensor($0).reshaped(Array(reference.shape.prefix(2))) }
        let input = tape.watched(Tensor(reference.input).reshaped(reference.shape))
        let other = reference.otherShape.map { tape.watched(Tensor(reference.other!).reshaped($0)) }
        let otherMask = reference.otherMask.map { Tensor($0).reshaped(Array(reference.otherShape!.prefix(2))) }
        let output =
            other.flatMap { other in
                (layer as? any MergeLayer).map { $0([input.masked(mask), other.masked(otherMask)]) }
            } ?? layer(input.masked(mask))
        // What is looked at has a mask of its own, which is not the result's.
        #expect(mask == nil ? output.mask?.scalars.contains(0) != true : output.mask?.scalars == mask?.scalars)
        let there = mask.map { tape.constant($0.reshaped($0.shape.dimensions + [1])) }
        let shown = there.map { output * $0 } ?? output
        expectClose(shown.value.scalars, reference.output, "output")
        tape.backward(from: (shown * tape.constant(Tensor(reference.weights).reshaped(shown.shape.dimensions))).sum())
        expectClose(tape.gradient(of: input).scalars, reference.inputGradient, "the input's gradient")
        if let other, let expected = reference.otherGradient {
            expectClose(tape.gradient(of: other).scalars, expected, "the other input's gradient")
        }
        for parameter in buffer.parameters {
            expectClose(
                Array(gradients[parameter.range]), reference.gradients[parameter.path] ?? [], parameter.path)
        }
    }
}

extension Layer {
    /// The parameters of a layer that is built, named by their paths.
    fileprivate var namedParameters: [Parameter] {
        allParameters().map { path, parameter in
            parameter.path = path
            return parameter
        }
    }
}
