// Every layer: the output has the shape that `build` promises, parameters have Keras's names and shapes, and inputs
// that do not fit are refused with a message that names layer and shapes.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct LayerShapeTests {
    private func expectParameters(
        _ layer: any Layer, _ expected: [(String, Shape)], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(layer.parameters.map(\.name) == expected.map(\.0), sourceLocation: sourceLocation)
        #expect(layer.parameters.map(\.shape) == expected.map(\.1), sourceLocation: sourceLocation)
    }

    @Test func dense() throws {
        let layer = Dense(4, activation: .tanh)
        try expectShapes(layer, [7], [4])
        expectParameters(layer, [("kernel", [7, 4]), ("bias", [4])])
        try expectShapes(Dense(4, useBias: false), [5, 7], [5, 4])
        expectShapeError(layer, [6], "kernel", "[7, 4]", "[6, 4]")
        expectShapeError(Dense(4), [], "Dense(4)", "[..., features]", "[]")
    }

    @Test func conv2D() throws {
        let layer = Conv2D(8, kernelSize: 3, activation: .relu)
        try expectShapes(layer, [9, 11, 2], [7, 9, 8])
        expectParameters(layer, [("kernel", [3, 3, 2, 8]), ("bias", [8])])
        try expectShapes(Conv2D(8, kernelSize: 3, strides: 2, padding: .same), [9, 11, 2], [5, 6, 8])
        try expectShapes(Conv2D(8, kernelSize: 3, dilation: 2), [9, 11, 2], [5, 7, 8])
        let grouped = Conv2D(8, kernelSize: 3, groups: 2, useBias: false)
        try expectShapes(grouped, [9, 11, 4], [7, 9, 8])
        expectParameters(grouped, [("kernel", [3, 3, 2, 8])])
        expectShapeError(Conv2D(8, kernelSize: 3), [9, 9], "Conv2D(8)", "[height, width, channels]", "[9, 9]")
        expectShapeError(Conv2D(8, kernelSize: 3), [2, 9, 1], "Conv2D(8)", "3 x 3", "[2, 9, 1]")
        expectShapeError(Conv2D(8, kernelSize: 3, groups: 2), [9, 9, 3], "Conv2D(8)", "3 input channels", "2 groups")
    }

    @Test func maxPooling2D() throws {
        try expectShapes(MaxPooling2D(2), [5, 7, 3], [2, 3, 3])
        try expectShapes(MaxPooling2D(3, strides: 1, padding: .same), [5, 7, 3], [5, 7, 3])
        expectShapeError(MaxPooling2D(2), [5, 7], "MaxPooling2D(2)", "[height, width, channels]", "[5, 7]")
        expectShapeError(MaxPooling2D(3), [2, 7, 1], "MaxPooling2D(3)", "[2, 7, 1]")
    }

    @Test func averagePooling2D() throws {
        try expectShapes(AveragePooling2D(2), [5, 7, 3], [2, 3, 3])
        try expectShapes(AveragePooling2D(3, strides: 2, padding: .same), [5, 7, 3], [3, 4, 3])
        expectShapeError(AveragePooling2D(2), [5, 7], "AveragePooling2D(2)", "[height, width, channels]", "[5, 7]")
        expectShapeError(AveragePooling2D(3), [2, 7, 1], "AveragePooling2D(3)", "[2, 7, 1]")
    }

    @Test func globalAveragePooling2D() throws {
        try expectShapes(GlobalAveragePooling2D(), [5, 7, 3], [3])
        expectShapeError(
            GlobalAveragePooling2D(), [7, 3], "GlobalAveragePooling2D", "[height, width, channels]", "[7, 3]")
    }

    @Test(arguments: ActivationFunction.allCases) func activation(_ function: ActivationFunction) throws {
        try expectShapes(Activation(function), [5, 3], [5, 3])
    }

    @Test func softmaxNeedsAnAxis() {
        expectShapeError(Activation(.softmax), [], "Activation(softmax)", "[..., classes]", "[]")
    }

    @Test func flattenAndReshape() throws {
        try expectShapes(Flatten(), [5, 7, 3], [105])
        try expectShapes(Reshape([7, 15]), [5, 7, 3], [7, 15])
        try expectShapes(Reshape([7, -1, 5]), [5, 7, 3], [7, 3, 5])
        try expectShapes(Reshape([7, -1, 5]), [5, 7, 3], [7, 3, 5], batch: 0)
        expectShapeError(Reshape([7, 7]), [5, 7, 3], "Reshape([7, 7])", "[5, 7, 3]", "105 elements")
        expectShapeError(Reshape([-1, 4]), [5, 7, 3], "Reshape([-1, 4])", "[5, 7, 3]")
    }

    @Test func dropout() throws {
        try expectShapes(Dropout(0.5), [5, 7], [5, 7])
    }

    @Test func batchNormalization() throws {
        let layer = BatchNormalization()
        try expectShapes(layer, [5, 7, 3], [5, 7, 3])
        expectParameters(
            layer, [("gamma", [3]), ("beta", [3]), ("moving_mean", [3]), ("moving_variance", [3])])
        #expect(
            layer.parameters.map(\.role) == [
                .trainable, .trainable, .statistic(momentum: 0.99), .statistic(momentum: 0.99),
            ])
        #expect(layer.epsilon == 1e-3)
        expectShapeError(layer, [5, 7, 4], "gamma", "[3]", "[4]")
        expectShapeError(BatchNormalization(), [], "BatchNormalization", "[..., channels]", "[]")
    }

    @Test func layerNormalization() throws {
        let layer = LayerNormalization()
        try expectShapes(layer, [5, 3], [5, 3])
        expectParameters(layer, [("gamma", [3]), ("beta", [3])])
        expectShapeError(LayerNormalization(), [], "LayerNormalization", "[..., features]", "[]")
    }

    @Test func embedding() throws {
        let layer = Embedding(10, 4)
        try expectShapes(layer, [6], [6, 4])
        expectParameters(layer, [("embeddings", [10, 4])])
        try expectShapes(Embedding(10, 4), [], [4])
        try expectShapes(Embedding(10, 4), [2, 6], [2, 6, 4])
        expectShapeError(Embedding(10, 4), [1, 1, 1, 1, 1], "Embedding(10, 4)", "4 axes", "[1, 1, 1, 1, 1]")
    }

    /// The last shards of a short batch may be empty.
    @Test func emptyBatches() throws {
        let layers: [any Layer] = [
            Conv2D(4, kernelSize: 3), BatchNormalization(), AveragePooling2D(2), MaxPooling2D(2), LayerNormalization(),
            Dropout(0.5), GlobalAveragePooling2D(), Dense(3, activation: .softmax),
        ]
        let model = Sequential(layers)
        let buffer = try model.makeParameterBuffer(input: [11, 11, 2])
        let gradients = FlatBuffer(count: buffer.count)
        let tape = Tape(.training, context: StepContext(fraction: 0), buffer: buffer, gradients: gradients)
        let output = model(tape.constant(.zeros([0, 11, 11, 2])))
        #expect(output.shape == [0, 3])
        tape.backward(from: output)
        #expect(gradients[buffer.all].allSatisfy { $0 == 0 })
    }
}
