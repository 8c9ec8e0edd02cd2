// What the tests of this target share: numbers to compute with, and the check of gradients by differences.

import Autograd
import Foundation
import Layers
import Tensors
import Testing

/// Numbers around 0 that repeat at no shape's period.
func wave(_ shape: Shape, _ phase: Float = 0) -> Tensor {
    Tensor((0..<shape.count).map { sin(Float($0) * 1.3 + phase) * 1.5 }).reshaped(shape.dimensions)
}

/// The layer's output for a batch, in inference.
func infer(_ layer: any Layer, _ input: Tensor) -> Tensor {
    let tape = Tape(.inference)
    return layer(tape.constant(input)).value
}

/// Expects that the output for a batch of `batch` samples has the shape that `build` promised.
func expectShapes(
    _ layer: any Layer, _ input: Shape, _ output: Shape, batch: Int = 3,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let built = try layer.build(input)
    #expect(built == output, sourceLocation: sourceLocation)
    #expect(
        infer(layer, .zeros(input.prepending(batch))).shape == output.prepending(batch), sourceLocation: sourceLocation)
    #expect(try layer.build(input) == output, "built a second time", sourceLocation: sourceLocation)
}

/// Expects a `ShapeError` whose message contains all of `parts`.
func expectShapeError(
    _ layer: any Layer, _ input: Shape, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
) {
    do {
        let output = try layer.build(input)
        Issue.record("built, with output \(output)", sourceLocation: sourceLocation)
    } catch {
        for part in parts {
            #expect(error.description.contains(part), "\(error)", sourceLocation: sourceLocation)
        }
    }
}

/// Compares the gradients in all trainable parameters and in the input with central differences, in training mode.
///
/// The objective is the weighted sum of the outputs. With a step of 0.01 the differences are off by the objective's
/// rounding (a sum of order 10, so 1e-6, over 0.02: 5e-5) and by the third derivative times 0.01^2 / 6, which for the
/// normalisations stays below 1e-3 on these inputs; a wrong term shows at 0.1 and more.
func expectGradients(
    _ layer: any Layer, _ input: Tensor, watchInput: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let tolerance: Float = 2e-3
    let buffer = try layer.makeParameterBuffer(input: input.shape.dropFirst())
    for index in buffer.trainable { buffer.values.pointer[index] += sin(Float(index)) * 0.5 }
    let gradients = FlatBuffer(count: buffer.count)
    func objective(_ input: Tensor) -> (tape: Tape, input: Variable, loss: Variable) {
        let tape = Tape(.training, buffer: buffer, gradients: gradients)
        let x = watchInput ? tape.watched(input) : tape.constant(input)
        let y = layer(x)
        return (tape, x, (y * tape.constant(wave(y.shape, 2))).sum())
    }
    func difference(_ change: (Float) -> Tensor) -> Float {
        let step: Float = 0.01
        let above = objective(change(step)).loss.value.scalar
        return (above - objective(change(-step)).loss.value.scalar) / (2 * step)
    }

    let pass = objective(input)
    pass.tape.backward(from: pass.loss)
    let found = Array(gradients[buffer.trainable])
    for parameter in buffer.parameters where parameter.role == .trainable {
        for index in parameter.range {
            let original = buffer.values.pointer[index]
            let expected = difference { step in
                buffer.values.pointer[index] = original + step
                return input
            }
            buffer.values.pointer[index] = original
            #expect(
                abs(found[index] - expected) <= tolerance * max(1, abs(expected)),
                "\(parameter.path)[\(index - parameter.range.lowerBound)]", sourceLocation: sourceLocation)
        }
    }
    guard watchInput else { return }
    let inputGradient = pass.tape.gradient(of: pass.input).scalars
    for index in 0..<input.count {
        let expected = difference { step in
            var scalars = input.scalars
            scalars[index] += step
            return Tensor(scalars).reshaped(input.shape.dimensions)
        }
        #expect(
            abs(inputGradient[index] - expected) <= tolerance * max(1, abs(expected)), "input[\(index)]",
            sourceLocation: sourceLocation)
    }
}
