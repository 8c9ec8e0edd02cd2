// Graphs in Swift: wiring, names, shared layers, several inputs and outputs, what is refused.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct GraphTests {
    private func message(_ make: () throws(ShapeError) -> Graph) -> String {
        do {
            return "no error, but \(try make().names)"
        } catch {
            return error.description
        }
    }

    @Test func branchesJoin() throws {
        let x = Graph.input([4, 4, 3])
        let y = Conv2D(3, kernelSize: 3, padding: .same)(x)
        let z = Add()([x, Conv2D(3, kernelSize: 1)(y), y])
        let model = try Graph(inputs: [x], outputs: [Flatten()(z)])
        #expect(model.names == ["conv2d", "conv2d_1", "add", "flatten"])
        #expect(model.nodes.map(\.inputs) == [[0], [1], [0, 2, 1], [3]])
        try expectShapes(model, [4, 4, 3], [48])
        try expectGradients(model, wave([2, 4, 4, 3]))
        #expect(model.allParameters().map(\.path).first == "conv2d.kernel")
    }

    @Test func aSharedLayerHasOneSetOfParameters() throws {
        let (x, shared) = (Graph.input([3]), Dense(3, activation: .tanh))
        let y = shared(shared(x), name: "again")
        let model = try Graph(inputs: [x], outputs: [Multiply()([y, shared(Dense(3, activation: .sigmoid)(y))])])
        #expect(model.names == ["dense", "dense_1", "multiply"])
        #expect(model.nodes.map(\.name) == ["dense", "again", "dense_1", "dense[2]", "multiply"])
        #expect(model.allParameters().count == 4)
        try expectGradients(model, wave([3, 3]))
    }

    @Test func sharedStatisticsAreRefused() {
        let (x, shared) = (Graph.input([3]), BatchNormalization())
        #expect(
            message { () throws(ShapeError) in
                try Graph(inputs: [x], outputs: [Add()([shared(x), shared(Dense(3)(x))])])
            }
                == "layer batch_normalization is shared, but has running statistics, which belong to one place: use a layer "
                + "for each")
    }

    @Test func whatDoesNotFitIsNamed() throws {
        let x = Graph.input([6, 6, 3])
        let (left, right) = (Conv2D(4, kernelSize: 3)(x, name: "left"), Conv2D(4, kernelSize: 1)(x, name: "right"))
        #expect(
            message { () throws(ShapeError) in try Graph(inputs: [x], outputs: [Add()([left, right])]) }
                == "layer add: Add: expected inputs of one shape, or with lengths of 1 or axes missing in front that are "
                + "repeated, got [4, 4, 4] and [6, 6, 4] (from left [4, 4, 4], right [6, 6, 4])")
        let other = Graph.input()
        for (outputs, words) in [
            ([Dense(1)(other)], "depends on an input that is not among `inputs`"),
            ([Concatenate(axis: 4)([left, left])], "expected an axis of the samples, 1 ... 3 or -3 ... -1"),
            ([Concatenate(axis: 3)([left, right])], "expected inputs that agree in all other axes"),
            ([Subtract()([left, left, left])], "Subtract: expected two inputs, got 3"),
            ([Add()([left])], "Add: expected two inputs or more, got 1"),
            ([Dot()([left, left])], "Dot: expected two inputs of one or two axes"),
            ([Flatten()(left, name: "left")], "two layers or inputs have the name left"),
            ([], "expected at least one input, one layer and one output"), ([x], "at least one input, one layer"),
        ] as [([GraphValue], String)] {
            let found = message { () throws(ShapeError) in try Graph(inputs: [x], outputs: outputs) }
            #expect(found.contains(words), "\(found)")
        }
        #expect(
            message { () throws(ShapeError) in try Graph(inputs: [x, x], outputs: [left]) }.contains("given twice"))
        #expect(
            message { () throws(ShapeError) in try Graph(inputs: [left], outputs: [right]) }.contains(
                "is the value of a layer"))
        let model = try Graph(inputs: [x], outputs: [left])
        expectShapeError(model, [5, 5, 3], "expected input of shape [6, 6, 3], got [5, 5, 3]")
    }

    @Test func severalInputsAreColumnsOrTheirOwn() throws {
        let (image, word) = (Graph.input([2, 2, 1], name: "image"), Graph.input([1], name: "word"))
        let rows = Flatten()(Embedding(5, 3)(word))
        let model = try Graph(inputs: [image, word], outputs: [Dense(2)(Concatenate()([Flatten()(image), rows]))])
        #expect(model.columnLimits == [nil, nil, nil, nil, 5])
        #expect(model.indexLimit == nil && model.readsIndices)
        try expectShapes(model, [5], [2])
        expectShapeError(model, [6], "expected samples [5], which hold image, word of shapes [2, 2, 1] and [1]")
        _ = try model.makeParameterBuffer(input: [5])
        let together = Tensor([0.5, 1, 1.5, 2, 4, -1, 0, 1, 2, 0]).reshaped([2, 5])
        let tape = Tape(.inference)
        let apart = model([
            tape.constant(Tensor([0.5, 1, 1.5, 2, -1, 0, 1, 2]).reshaped([2, 2, 2, 1])),
            tape.constant(Tensor([4, 0]).reshaped([2, 1])),
        ])
        #expect(infer(model, together).scalars == apart.value.scalars)
    }

    @Test func severalOutputsAreOneRow() throws {
        let x = Graph.input([3])
        let (a, b) = (Dense(2)(x), Reshape([2, 2])(Dense(4)(x)))
        let model = try Graph(inputs: [x], outputs: [a, b, a])
        try expectShapes(model, [3], [8])
        try expectGradients(model, wave([2, 3]))
        let tape = Tape(.inference)
        let outputs = model.computeOutputs([tape.constant(wave([2, 3]))])
        #expect(outputs.map(\.shape) == [[2, 2], [2, 2, 2], [2, 2]])
    }

    @Test func positionsFollowFromTheLayers() throws {
        func positions(_ make: (GraphValue) -> GraphValue) throws -> PositionUse {
            let x = Graph.input([4, 3])
            return try Graph(inputs: [x], outputs: [make(x)]).positions
        }
        #expect(try positions { Add()([Dense(3)($0), $0]) } == .sequence)
        #expect(try positions { Add()([Flatten()($0), Dense(12)(Flatten()($0))]) } == .fixed)
    }

    @Test func aWordInputHasItsLayersLimit() throws {
        let x = Graph.input([4])
        let model = try Graph(inputs: [x], outputs: [Add()([Embedding(9, 2)(x), Embedding(7, 2)(Reshape([4])(x))])])
        #expect(model.indexLimit == 7)
    }

    @Test func masksAreJoined() {
        let tape = Tape(.inference)
        func value(_ mask: [Float]?) -> Variable {
            tape.constant(wave([2, 2, 3])).masked(mask.map { Tensor($0).reshaped([2, 2]) })
        }
        let (first, second, none) = (value([1, 1, 1, 0]), value([1, 0, 1, 1]), value(nil))
        #expect(Add()([first, second]).mask?.scalars == [1, 0, 1, 0])
        #expect(Maximum()([none, second]).mask?.scalars == [1, 0, 1, 1])
        #expect(Average()([none, none]).mask == nil)
        #expect(Concatenate()([first, none, second]).mask?.scalars == [1, 0, 1, 0])
        #expect(Concatenate(axis: 1)([first, none]).mask?.scalars == [1, 1, 1, 1, 1, 0, 1, 1])
    }

    /// A normalisation, the sum and ReLU in one kernel have the bits of the three.
    @Test(arguments: [true, false]) func fusedNeighboursHaveThePlainBits(_ isTraining: Bool) throws {
        final class Plain: Layer {
            let (convolution, normalization) = (Conv2D(5, kernelSize: 3, padding: .same), BatchNormalization())
            var children: [(String, any Layer)] { [("conv2d", convolution), ("batch_normalization", normalization)] }

            func build(_ input: Shape) throws(ShapeError) -> Shape {
                try normalization.build(convolution.build(input))
            }

            func call(_ input: Variable) -> Variable {
                let tape = input.tape
                let x = convolution(input)
                let (gamma, beta) = (normalization.parameters[0], normalization.parameters[1])
                let axes = [0, 1, 2]
                let mean = tape.mode == .training ? x.mean(axes: axes) : tape.parameter(normalization.parameters[2])
                let centered = x - mean
                let variance =
                    tape.mode == .training
                    ? centered.square.mean(axes: axes) : tape.parameter(normalization.parameters[3])
                let scaled = centered / (variance + 1e-3).sqrt * tape.parameter(gamma) + tape.parameter(beta)
                return (scaled + input).relu
            }
        }
        let x = Graph.input([7, 6, 5])
        let sum = Add()([BatchNormalization()(Conv2D(5, kernelSize: 3, padding: .same)(x)), x])
        let fused = try Graph(inputs: [x], outputs: [Activation(.relu)(sum)])
        func run(_ layer: any Layer) throws -> [UInt32] {
            let buffer = try layer.makeParameterBuffer(input: [7, 6, 5], seed: 3)
            for index in buffer.trainable { buffer.values.pointer[index] += Float(index % 7) * 0.1 }
            let gradients = FlatBuffer(count: buffer.count)
            let tape = Tape(
                isTraining ? .training : .inference, buffer: buffer, gradients: isTraining ? gradients : nil)
            let input = tape.watched(wave([3, 7, 6, 5]))
            let output = layer(input)
            var all = output.value.scalars
            if isTraining {
                tape.backward(from: output * tape.constant(wave(output.shape, 2)))
                all += tape.gradient(of: input).scalars + Array(gradients[buffer.trainable])
            }
            return all.map(\.bitPattern)
        }
        #expect(try run(fused) == run(Plain()))
    }
}
