// Layers put together: names and paths as in Keras, shared layers, models of one's own.

import Autograd
import Layers
import Tensors
import Testing

/// A model with a branch, a part used twice, and a parameter of its own.
private final class TwoTowers: Layer {
    let shared = Dense(3)
    let output = Dense(2)
    let scale = Parameter("scale", initializer: .ones)
    var parameters: [Parameter] { [scale] }
    var children: [(String, any Layer)] { [("shared", shared), ("again", shared), ("output", output)] }

    init() throws { try scale.declare([]) }

    func call(_ input: Variable) -> Variable {
        output(shared(input).tanh + input.tape.parameter(scale) * shared(-input))
    }
}

@Suite struct ModelTests {
    @Test func sequentialNamesItsLayersAsKerasDoes() {
        let model = Sequential([
            Conv2D(2, kernelSize: 3), BatchNormalization(), Activation(.relu), MaxPooling2D(), Conv2D(2, kernelSize: 1),
            AveragePooling2D(), GlobalAveragePooling2D(), Reshape([2]), LayerNormalization(), Dense(3), Dropout(0.5),
            Dense(3), Dense(3),
        ])
        #expect(
            model.names == [
                "conv2d", "batch_normalization", "activation", "max_pooling2d", "conv2d_1", "average_pooling2d",
                "global_average_pooling2d", "reshape", "layer_normalization", "dense", "dropout", "dense_1", "dense_2",
            ])
    }

    @Test func pathsNameLayerAndParameter() throws {
        let model = Sequential([Dense(3), BatchNormalization(), Sequential([Dense(2, useBias: false)])])
        let buffer = try model.makeParameterBuffer(input: [4])
        #expect(
            model.allParameters().map(\.path) == [
                "dense.kernel", "dense.bias", "batch_normalization.gamma", "batch_normalization.beta",
                "batch_normalization.moving_mean", "batch_normalization.moving_variance", "sequential.dense.kernel",
            ])
        // Statistics come after everything trainable.
        #expect(
            buffer.parameters.map(\.path).suffix(2) == [
                "batch_normalization.moving_mean", "batch_normalization.moving_variance",
            ])
        #expect(buffer.trainableScalarCount == 4 * 3 + 3 + 3 + 3 + 3 * 2)
    }

    @Test func sequentialSaysWhichLayerDoesNotFit() {
        let model = Sequential([Conv2D(4, kernelSize: 3), Flatten(), Conv2D(4, kernelSize: 3)])
        expectShapeError(model, [5, 5, 1], "layer conv2d_1", "Conv2D(4)", "[height, width, channels]", "[36]")
    }

    @Test func sizesBeyondReasonAreRefused() {
        let many = Int(Int32.max)
        expectShapeError(
            Sequential([Conv2D(100_000_000, kernelSize: 1), Flatten()]), [28, 28, 1], "layer conv2d",
            "[28, 28, 100000000]", "2^31 - 2 elements")
        expectShapeError(
            Sequential([Dense(many), Dense(many)]), [4], "layer dense", "parameter kernel", "[4, 2147483647]",
            "2^31 - 2 elements")
        // Its product does not fit into 64 bits.
        expectShapeError(
            Conv2D(many, kernelSize: Pair(many), padding: .same), [28, 28, 1], "too large with its padding")
        expectShapeError(Sequential([Flatten()]), [65536, 65536], "input [65536, 65536]", "2^31 - 2 elements")
        expectShapeError(Reshape([many, many, many]), [4], "Reshape", "[4]")
    }

    @Test func aSharedLayerHasOneSetOfParameters() throws {
        let shared = Dense(4, activation: .tanh)
        let model = Sequential([shared, shared])
        #expect(try model.build([4]) == [4])
        #expect(model.allParameters().map(\.path) == ["dense.kernel", "dense.bias"])
        // The gradient is the sum over both uses.
        try expectGradients(model, wave([3, 4]))
    }

    @Test func aModelOfOnesOwn() throws {
        let model = try TwoTowers()
        #expect(try model.build([5]) == [2])
        #expect(
            model.allParameters().map(\.path) == [
                "scale", "shared.kernel", "shared.bias", "output.kernel", "output.bias",
            ])
        #expect(model.typeName == "TwoTowers")
        try expectShapes(model, [5], [2])
        try expectGradients(try TwoTowers(), wave([3, 5]))
    }

    @Test func aModelCanBeCalledWithoutBuilding() {
        let model = Sequential([Embedding(5, 3), LayerNormalization(), BatchNormalization(), Flatten(), Dense(2)])
        #expect(infer(model, Tensor([4, 0]).reshaped([1, 2])).shape == [1, 2])
    }
}
