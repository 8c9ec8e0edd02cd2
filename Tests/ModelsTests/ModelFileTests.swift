// Models in YAML: every layer with every option, and a message for everything that can be wrong.

import Autograd
import Layers
import Tensors
import Testing

import Models

@Suite struct ModelFileTests {
    private func makeModel(_ text: String) throws -> Sequential {
        try #require(ModelFile(text: text).model as? Sequential)
    }

    @Test func aConvolutionalModel() throws {
        let file = try ModelFile(
            text: """
                name: my-cnn
                layers:
                  - conv2d: {filters: 32, kernel-size: 3, activation: relu}
                  - max-pooling2d: {pool-size: 2}
                  - flatten
                  - dropout: {rate: 0.25}
                  - dense: {units: 128, activation: relu}
                  - dense: {units: 10, activation: softmax}
                """)
        #expect(file.name == "my-cnn")
        #expect(
            (file.model as? Sequential)?.names == ["conv2d", "max_pooling2d", "flatten", "dropout", "dense", "dense_1"])
        let buffer = try file.model.makeParameterBuffer(input: [28, 28, 1])
        #expect(buffer.trainableScalarCount == 693_962)
    }

    @Test func defaultsAreTheLayersOwn() throws {
        let model = try makeModel(
            """
            layers:
              - conv2d: {filters: 4, kernel-size: 3}
              - max-pooling2d
              - average-pooling2d: {}
              - batch-normalization:
              - layer-normalization
              - dense: {units: 2}
              - embedding: {input-dimension: 5, output-dimension: 3}
            """)
        let convolution = try #require(model.layers[0] as? Conv2D)
        #expect(convolution.options == Conv2D(4, kernelSize: 3).options)
        #expect(convolution.activation == .linear)
        #expect(convolution.bias != nil)
        #expect(convolution.kernel.initializer == .glorotUniform)
        #expect((model.layers[1] as? MaxPooling2D)?.options == MaxPooling2D().options)
        #expect((model.layers[2] as? AveragePooling2D)?.options == AveragePooling2D().options)
        let normalization = try #require(model.layers[3] as? BatchNormalization)
        #expect(normalization.movingMean.role == BatchNormalization().movingMean.role)
        #expect(normalization.epsilon == BatchNormalization().epsilon)
        #expect((model.layers[4] as? LayerNormalization)?.epsilon == LayerNormalization().epsilon)
        let dense = try #require(model.layers[5] as? Dense)
        #expect(dense.activation == .linear && dense.bias != nil && dense.kernel.initializer == .glorotUniform)
        #expect((model.layers[6] as? Embedding)?.embeddings.initializer == .uniform(-0.05, 0.05))
    }

    @Test func everyOptionIsRead() throws {
        let model = try makeModel(
            """
            layers:
              - conv2d: {filters: 4, kernel-size: 5, strides: 2, padding: same, groups: 2, activation: silu,
                         use-bias: false, kernel-initializer: he-normal, bias-initializer: ones}
              - conv2d: {filters: 4, kernel-size: 5, dilation: 3, bias-initializer: ones}
              - max-pooling2d: {pool-size: 3, strides: 1, padding: same}
              - average-pooling2d: {pool-size: 3, strides: 1, padding: same}
              - batch-normalization: {momentum: 0.9, epsilon: 1e-5}
              - layer-normalization: {epsilon: 1e-6}
              - activation: {function: gelu}
              - dropout: {rate: 0}
              - reshape: {target-shape: [-1, 4]}
              - dense: {units: 7, activation: tanh, use-bias: true, kernel-initializer: he-uniform,
                        bias-initializer: uniform}
              - embedding: {input-dimension: 5, output-dimension: 3, embeddings-initializer: zeros}
              - global-average-pooling2d
            """)
        let first = try #require(model.layers[0] as? Conv2D)
        #expect(first.filters == 4 && first.kernelSize == 5 && first.activation == .silu && first.bias == nil)
        #expect(first.options == ConvolutionOptions(strides: 2, padding: .same, dilation: 1, groups: 2))
        #expect(first.kernel.initializer == .heNormal)
        let second = try #require(model.layers[1] as? Conv2D)
        #expect(second.options == ConvolutionOptions(dilation: 3))
        #expect(second.bias?.initializer == .ones)
        let pooling = PoolingOptions(window: 3, strides: 1, padding: .same)
        #expect((model.layers[2] as? MaxPooling2D)?.options == pooling)
        #expect((model.layers[3] as? AveragePooling2D)?.options == pooling)
        let normalization = try #require(model.layers[4] as? BatchNormalization)
        #expect(normalization.movingVariance.role == .statistic(momentum: 0.9))
        #expect(normalization.epsilon == 1e-5)
        #expect((model.layers[5] as? LayerNormalization)?.epsilon == 1e-6)
        #expect((model.layers[6] as? Activation)?.function == .gelu)
        #expect((model.layers[7] as? Dropout)?.rate == 0)
        #expect((model.layers[8] as? Reshape)?.target == [-1, 4])
        let dense = try #require(model.layers[9] as? Dense)
        #expect(dense.units == 7 && dense.activation == .tanh && dense.kernel.initializer == .heUniform)
        #expect(dense.bias?.initializer == .uniform(-0.05, 0.05))
        let embedding = try #require(model.layers[10] as? Embedding)
        #expect(embedding.inputDimension == 5 && embedding.outputDimension == 3)
        #expect(embedding.embeddings.initializer == .zeros)
        #expect(model.layers[11] is GlobalAveragePooling2D)
    }

    @Test func penaltiesAndConstraints() throws {
        let model = try makeModel(
            """
            layers:
              - column-embedding: {numeric: 1, categories: [5, 3], dimensions: [2, 4], embeddings-initializer: zeros,
                                   embeddings-regularizer: {l2: 0.5}}
              - column-embedding: {categories: [5, 3], dimensions: 4}
              - dense: {units: 7, kernel-regularizer: {l1: 0.01, l2: 0.02}, bias-regularizer: {l1: 0.03},
                        kernel-constraint: {max-norm: 3}}
              - conv2d: {filters: 4, kernel-size: 5, kernel-regularizer: {l2: 1e-4}, bias-regularizer: {l2: 0},
                         kernel-constraint: {max-norm: 0.5}}
              - embedding: {input-dimension: 5, output-dimension: 3, embeddings-regularizer: {l1: 1}}
              - dense: {units: 1, kernel-constraint: non-negative, kernel-initializer: {constant: -0.5}}
              - dense: {units: 1, kernel-constraint: unit-norm, kernel-initializer: {normal: 0.05}}
              - dense: {units: 1, kernel-constraint: {min-norm: 0.5, max-norm: 2, rate: 0.25}}
            """)
        let constraints: [Constraint] = [.nonNegative, .unitNorm, .minMaxNorm(0.5, 2, rate: 0.25)]
        #expect(model.layers[5...].map { ($0 as? Dense)?.kernel.constraint } == constraints)
        let initializers: [Initializer] = [.constant(-0.5), .normal(0.05), .glorotUniform]
        #expect(model.layers[5...].map { ($0 as? Dense)?.kernel.initializer } == initializers)
        let columns = try #require(model.layers[0] as? ColumnEmbedding)
        #expect(columns.numeric == 1 && columns.categories == [5, 3] && columns.dimensions == [2, 4])
        #expect(columns.embeddings.allSatisfy { $0.initializer == .zeros && $0.regularizer == .l2(0.5) })
        let others = try #require(model.layers[1] as? ColumnEmbedding)
        #expect(others.numeric == 0 && others.dimensions == [4, 4])
        #expect(others.embeddings[0].initializer == .uniform(-0.05, 0.05) && others.embeddings[0].regularizer == nil)
        let dense = try #require(model.layers[2] as? Dense)
        #expect(dense.kernel.regularizer == .l1l2(0.01, 0.02) && dense.kernel.constraint == .maxNorm(3))
        #expect(dense.bias?.regularizer == .l1(0.03))
        let convolution = try #require(model.layers[3] as? Conv2D)
        #expect(convolution.kernel.regularizer == .l2(1e-4) && convolution.kernel.constraint == .maxNorm(0.5))
        #expect(convolution.bias?.regularizer == .l2(0))
        #expect((model.layers[4] as? Embedding)?.embeddings.regularizer == .l1(1))
    }

    private static let functions = "one of " + ActivationFunction.allCases.map(\.rawValue).joined(separator: ", ")
    private static let knownLayers = (LayerKind.all.map(\.name) + ["parallel", "repeat", "residual"]).sorted()
        .joined(separator: ", ")

    /// A text, and what the message must be.
    static let mistakes: [(text: String, message: String)] = [
        ("", "m.yaml: the file is empty; expected the keys name and layers"),
        ("- flatten: {}", "m.yaml:1: expected a mapping with the keys name and layers, got a list"),
        ("name: x", "m.yaml:1: the key 'layers' is missing: a list of layers"),
        ("name: [a]\nlayers: [flatten]", "m.yaml:1: name: expected a word, got [a]"),
        (
            "inputs: {a.b: [12]}\nlayers: [flatten]",
            "m.yaml:1: inputs: expected a word without dots, slashes and line ends as the name of each, got 'a.b'"
        ),
        (
            "layers:\n  - dense: {units: 3, name: a/b}",
            "m.yaml:2: name of layer dense: expected a word without dots, slashes and line ends, got 'a/b'"
        ),
        (
            "layers:\n  - dense: {units: 3, name: \"a\\nb\"}",
            "m.yaml:2: name of layer dense: expected a word without dots, slashes and line ends, got 'a\nb'"
        ),
        ("layers: []", "m.yaml:1: layers: expected a list of at least one layer, got []"),
        (
            "name: x\nlayer: [flatten]",
            "m.yaml:2: unknown key 'layer'; did you mean 'layers'?\n  known keys: name, inputs, layers, outputs"
        ),
        (
            "layers:\n  - flatten\n  - dense: {units: 3",
            "m.yaml:4: not YAML: did not find expected ',' or '}' while parsing a flow mapping that begins on line 3"
        ),
        (
            "layers:\n  - flatten\n  - conv3d: {filters: 3}",
            "m.yaml:3: unknown layer 'conv3d'; did you mean 'conv1d'?\n  known layers: "
                + knownLayers
        ),
        (
            "layers:\n  - transformer",
            "m.yaml:2: unknown layer 'transformer'\n  known layers: "
                + knownLayers
        ),
        (
            "layers:\n  - dense:\n      units: 3\n      activate: relu",
            "m.yaml:4: unknown key 'activate' of layer dense; did you mean 'activation'?\n"
                + "  known keys of dense: units, activation, use-bias, kernel-initializer, bias-initializer, "
                + "kernel-regularizer, bias-regularizer, kernel-constraint"
        ),
        ("layers:\n  - flatten: {axis: 1}", "m.yaml:2: unknown key 'axis' of layer flatten; it takes none"),
        ("layers:\n  - dense", "m.yaml:2: layer dense needs the key 'units': a whole number, 1 or more"),
        ("layers:\n  - dropout: {}", "m.yaml:2: layer dropout needs the key 'rate': a number, at least 0 and below 1"),
        (
            "layers:\n  - activation",
            "m.yaml:2: layer activation needs the key 'function': \(functions)"
        ),
        (
            "layers:\n  - dense: {units: ten}",
            "m.yaml:2: units of layer dense: expected a whole number, 1 or more, got 'ten'"
        ),
        (
            "layers:\n  - dense: {units: 0}",
            "m.yaml:2: units of layer dense: expected a whole number, 1 or more, got '0'"
        ),
        (
            "layers:\n  - dense: {units: 2.5}",
            "m.yaml:2: units of layer dense: expected a whole number, 1 or more, got '2.5'"
        ),
        (
            "layers:\n  - dropout:\n      rate: 1",
            "m.yaml:3: rate of layer dropout: expected a number, at least 0 and below 1, got '1'"
        ),
        (
            "layers:\n  - dense: {units: 2, activation: rellu}",
            "m.yaml:2: activation of layer dense: expected \(functions), got 'rellu'"
        ),
        (
            "layers:\n  - dense: {units: 2, use-bias: 3}",
            "m.yaml:2: use-bias of layer dense: expected true or false, got '3'"
        ),
        (
            "layers:\n  - dense: {units: 2, kernel-initializer: {a: 1}}",
            "m.yaml:2: kernel-initializer of layer dense: expected one of zeros, ones, uniform, glorot-uniform, "
                + "he-uniform, he-normal, orthogonal, or {constant: 0.1} or {normal: 0.05}, got a mapping"
        ),
        (
            "layers:\n  - reshape: {target-shape: [2, 0]}",
            "m.yaml:2: target-shape of layer reshape: expected a list of one to five lengths, positive or one of them "
                + "-1, such as [7, 7, -1], got [2, 0]"
        ),
        (
            "layers:\n  - dense: {units: 2, kernel-regularizer: l2}",
            "m.yaml:2: kernel-regularizer of layer dense: expected factors of 0 or more, such as {l2: 0.01} or "
                + "{l1: 0.001, l2: 0.01}, got 'l2'"
        ),
        (
            "layers:\n  - dense: {units: 2, bias-regularizer: {l3: 1}}",
            "m.yaml:2: bias-regularizer of layer dense: expected factors of 0 or more, such as {l2: 0.01} or "
                + "{l1: 0.001, l2: 0.01}, got a mapping"
        ),
        (
            "layers:\n  - dense: {units: 2, kernel-constraint: {max-norm: 0}}",
            "m.yaml:2: kernel-constraint of layer dense: expected non-negative, unit-norm, {max-norm: 3} or "
                + "{min-norm: 0.5, max-norm: 1, rate: 1}, with positive limits and a rate of at most 1, "
                + "got a mapping"
        ),
        (
            "layers:\n  - column-embedding: {numeric: 1, categories: 3, dimensions: 1}",
            "m.yaml:2: categories of layer column-embedding: expected a list of whole numbers, 1 or more, such as "
                + "[5, 12], got '3'"
        ),
        (
            "layers:\n  - column-embedding: {categories: [3, 4], dimensions: [1]}",
            "m.yaml:2: dimensions of layer column-embedding: expected one whole number, 1 or more, or a list of 2, "
                + "got [1]"
        ),
        ("layers:\n  - dense: 10", "m.yaml:2: layer dense: expected its options as {key: value, ...}, got '10'"),
        (
            "layers:\n  - conv2d: {filters: 2, kernel-size: [3, 0]}",
            "m.yaml:2: kernel-size of layer conv2d: expected a whole number, 1 or more, or two for rows and columns, such "
                + "as [3, 5], got [3, 0]"
        ),
        (
            "layers:\n  - conv2d: {filters: 2, kernel-size: 3, padding: full}",
            "m.yaml:2: padding of layer conv2d: expected valid, same, or how many zeros: a number, [rows, columns] or "
                + "[[top, bottom], [left, right]], got 'full'"
        ),
        (
            "layers:\n  - max-pooling1d: {padding: causal}",
            "m.yaml:2: padding of layer max-pooling1d: expected valid, same, or how many zeros: a number or "
                + "[before, after], got 'causal'"
        ),
        (
            "layers:\n  - layer-normalization: {axis: [1, 0]}",
            "m.yaml:2: axis of layer layer-normalization: expected an axis of a sample, 1 the first and -1 the last, or a "
                + "list of them, got [1, 0]"
        ),
        (
            "layers:\n  - glu: {axis: [1, 2]}",
            "m.yaml:2: axis of layer glu: expected one axis, such as 1 or -1, got [1, 2]"
        ),
        (
            "layers:\n  - normalization: {mean: 0, variance: -1}",
            "m.yaml:2: variance of layer normalization: expected a number of 0 or more, or a list of one for each channel, "
                + "got '-1'"
        ),
        (
            "layers:\n  - {flatten: , dense: {units: 1}}",
            "m.yaml:2: expected a layer, such as flatten or dense: {units: 10}, got a mapping"
        ),
        (
            "layers:\n\t- flatten",
            "m.yaml:2: not YAML: found character that cannot start any token while scanning for the next token that begins on line 2"
        ),
        (
            "layers:\n  - dense: {units: 1, units: 2}",
            "m.yaml:2: a mapping has a key twice: 'units'"
        ),
    ]

    @Test(arguments: mistakes) func mistakesAreExplained(text: String, message: String) {
        #expect {
            try ModelFile(text: text, file: "m.yaml")
        } throws: { error in
            #expect((error as? ModelFileError)?.description == message)
            return true
        }
    }

    /// A key in the list that no layer reads would be accepted and ignored.
    @Test func everyKnownKeyIsChecked() {
        let required = [
            "filters": "1", "kernel-size": "1", "units": "1", "rate": "0", "input-dimension": "1",
            "output-dimension": "1", "function": "relu", "target-shape": "[1]",
            "categories": "[1]", "dimensions": "1", "layer": "{lstm: {units: 1}}", "dims": "[1]", "n": "1",
            "scale": "1",
            "stddev": "1", "mean": "1", "variance": "1",
        ]
        for kind in LayerKind.all {
            for key in kind.keys {
                var options = required.filter { kind.keys.contains($0.key) }
                if kind.name != "rescaling" { options["scale"] = nil }  // elsewhere a flag
                options[key] = "{}"
                let text = options.map { "\($0): \($1)" }.sorted().joined(separator: ", ")
                #expect(throws: ModelFileError.self, "\(key) of \(kind.name)") {
                    try ModelFile(text: "layers: [{\(kind.name): {\(text)}}]")
                }
            }
        }
    }

    /// What no memory holds is an error, whichever option asks for it.
    @Test(arguments: [
        ("up-sampling1d: {size: 2147483647}", [20, 6]), ("up-sampling2d: {size: 2147483647}", [8, 8, 2]),
        ("zero-padding1d: {padding: 2147483647}", [20, 6]), ("zero-padding2d: {padding: 2147483647}", [8, 8, 2]),
        ("conv2d: {filters: 1, kernel-size: 1, padding: 2147483647}", [8, 8, 2]),
        ("conv2d-transpose: {filters: 1, kernel-size: 1, strides: 2147483647}", [8, 8, 2]),
        ("conv2d-transpose: {filters: 1, kernel-size: 2, dilation: 2147483647}", [8, 8, 2]),
        ("depthwise-conv2d: {kernel-size: 1, depth-multiplier: 2147483647}", [8, 8, 2]),
        ("separable-conv2d: {filters: 3, kernel-size: 1, depth-multiplier: 2147483647}", [8, 8, 2]),
        ("conv2d: {filters: 1, kernel-size: 2, dilation: 2147483647, padding: same}", [8, 8, 2]),
        ("conv1d: {filters: 1, kernel-size: 3, dilation: 2147483647, padding: causal}", [20, 6]),
        ("lstm: {units: 600000000}", [20, 6]), ("gru: {units: 800000000}", [20, 6]),
        ("transformer-block: {heads: 1, width: 6, multiplier: 2147483647}", [20, 6]),
        ("column-embedding: {numeric: 2147483647, categories: [2], dimensions: [2]}", [12]),
        ("repeat-vector: {n: 2147483647}", [1]), ("dense: {units: 2147483647}", [1]),
    ]) func hugeNumbersAreRefused(line: String, input: [Int]) throws {
        let model = try makeModel("layers:\n  - \(line)")
        #expect(throws: ShapeError.self) { try model.build(Shape(input)) }
    }

    @Test func repeatsWithinRepeatsAreBounded() {
        let text = "layers: [{repeat: {times: 1000, layers: [{repeat: {times: 1000, layers: [flatten]}}]}}]"
        #expect { try ModelFile(text: text) } throws: { "\($0)".contains("expected at most 10000 layers") }
    }
}
