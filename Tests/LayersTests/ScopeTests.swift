// Whose time a profile counts: every layer's own, in both directions, however the model is put together.

import Autograd
import Layers
import Tensors
import Testing

/// A branch beside two layers, one of them within a layer of its own kind.
private final class Branching: Layer {
    let first = Dense(8, activation: .relu)
    let inner = Inner()
    var children: [(String, any Layer)] { [("first", first), ("inner", inner)] }
    func call(_ input: Variable) -> Variable {
        let hidden = first(input)
        return hidden + inner(hidden)
    }

    final class Inner: Layer {
        let dense = Dense(8)
        var children: [(String, any Layer)] { [("dense", dense)] }
        func call(_ input: Variable) -> Variable { dense(input) }
    }
}

struct ScopeTests {
    /// Operations of products by account, forward and backward.
    private func operations(_ model: any Layer, _ owners: [any Layer], input: Shape) throws -> [[Int]] {
        let timeline = Timeline(owners: owners, tracedSteps: 0..<1, spanCapacity: 100)
        timeline.step = 0
        let workspace = Workspace(timeline: timeline)
        let parameters = try model.makeParameterBuffer(input: input)
        let tape = Tape(
            .training, workspace: workspace, buffer: parameters, gradients: FlatBuffer(count: parameters.count))
        let output = model(tape.constant(Tensor(repeating: 1, input.prepending(4), in: workspace)))
        tape.backward(from: output)
        let spans = timeline.spans
        for owner in 1...owners.count {
            #expect(spans.contains { $0.activity == .forward(owner) }, "account \(owner)")
            #expect(spans.contains { $0.activity == .backward(owner) }, "account \(owner)")
        }
        return (0...owners.count).map { [.forward($0), .backward($0)].map(timeline.operations) }
    }

    @Test func sequentialLayersHaveAccounts() throws {
        let layers: [any Layer] = [
            Conv2D(4, kernelSize: 3), MaxPooling2D(2), Flatten(), Dense(5, activation: .softmax),
        ]
        let counts = try operations(Sequential(layers), layers, input: [8, 8, 1])
        let convolution = 2 * (4 * 6 * 6 * 4) * 9
        let dense = 2 * 4 * 36 * 5
        // The first layer's input needs no gradient.
        #expect(counts == [[0, 0], [convolution, convolution], [0, 0], [0, 0], [dense, 2 * dense]])
    }

    @Test func partsOfModelsOfOnesOwnHaveAccounts() throws {
        let model = Branching()
        let owners: [any Layer] = [model, model.first, model.inner, model.inner.dense]
        let counts = try operations(model, [owners[0], owners[1], owners[3]], input: [6])
        let (first, inner) = (2 * 4 * 6 * 8, 2 * 4 * 8 * 8)
        #expect(counts == [[0, 0], [0, 0], [first, first], [inner, 2 * inner]])
    }
}
