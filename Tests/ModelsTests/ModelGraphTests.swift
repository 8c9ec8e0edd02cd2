// Graphs in model files: names, connections, ties, containers, layers of a program's own, and what is refused.

import Autograd
import Layers
import Models
import Tensors
import Testing

@Suite struct ModelGraphTests {
    private func graph(_ text: String) throws -> Graph { try #require(ModelFile(text: text).model as? Graph) }

    @Test func connectionsAreNamed() throws {
        let model = try graph(
            """
            layers:
              - dense: {units: 4, name: a}
              - dense: {units: 4, inputs: input}
              - add: {inputs: [a, dense]}
              - multiply: {inputs: [add, a], name: product}
              - dense: {units: 2}
            """)
        #expect(model.names == ["a", "dense", "add", "product", "dense_1"])
        #expect(model.nodes.map(\.inputs) == [[0], [0], [1, 2], [3, 1], [4]])
        #expect(try model.build([3] as Shape) == [2])
    }

    /// Checkpoints of files without graphs keep their paths.
    @Test func layersInARowStaySequential() throws {
        let model = try ModelFile(
            text: """
                layers:
                  - repeat: {times: 2, layers: [dense: {units: 4}, activation: {function: relu}]}
                  - dense: {units: 2}
                """
        ).model
        #expect((model as? Sequential)?.names == ["dense", "activation", "dense_1", "activation_1", "dense_2"])
    }

    @Test func containersAreWrittenOut() throws {
        let model = try graph(
            """
            layers:
              - residual: [dense: {units: 3}, activation: {function: relu}]
              - residual: {name: wide, layers: [dense: {units: 6}], shortcut: [dense: {units: 6, use-bias: false}]}
              - parallel:
                  branches:
                    - [dense: {units: 2}]
                    - []
                  merge: {concatenate: {axis: 1}}
              - repeat:
                  times: 2
                  name: twice
                  layers:
                    - dense: {units: 8, name: inner}
                    - add: {inputs: [inner, wide-input]}
            """.replacing("wide-input", with: "concatenate"))
        #expect(
            model.nodes.map(\.name) == [
                "dense", "activation", "add", "dense_1", "dense_2", "wide", "dense_3", "concatenate", "inner", "add_1",
                "inner_1", "add_2",
            ])
        #expect(model.nodes[2].inputs == [2, 0] && model.nodes[5].inputs == [4, 5])
        #expect(
            model.nodes[7].inputs == [7, 6] && model.nodes[9].inputs == [9, 8] && model.nodes[11].inputs == [11, 8])
        #expect(try model.build([3] as Shape) == [8])
    }

    @Test func severalInputsAndOutputs() throws {
        let model = try graph(
            """
            inputs: {image: [2, 2, 1], age: 1}
            outputs: [left, right]
            layers:
              - flatten: {inputs: image}
              - concatenate: {inputs: [flatten, age]}
              - dense: {units: 3, name: left}
              - dense: {units: 2, name: right, inputs: concatenate}
            """)
        #expect(try model.build([5] as Shape) == [5])
        #expect(model.inputs.map(\.name) == ["image", "age"])
    }

    @Test func layersOfAProgramHaveNames() throws {
        final class Doubled: Layer {
            let times: Float
            init(_ times: Float) { self.times = times }
            func call(_ input: Variable) -> Variable { input * times }
        }
        let layers = LayerRegistry.standard.adding("doubled", keys: ["times"]) { (options) throws(ModelFileError) in
            Doubled(try options.number("times", default: 2, expected: "a number") { _ in true })
        }
        let model = try ModelFile(text: "layers: [doubled: {times: 3}, residual: [doubled]]", layers: layers).model
        let tape = Tape(.inference)
        #expect(model(tape.constant(Tensor([1, -2]).reshaped([1, 2]))).value.scalars == [9, -18])
        // Also within the options of other layers.
        let inner = try ModelFile(text: "layers: [time-distributed: {layer: {doubled: {times: 3}}}]", layers: layers)
            .model
        #expect(inner(tape.constant(Tensor([1, -2]).reshaped([1, 2, 1]))).value.scalars == [3, -6])
        do {
            _ = try ModelFile(text: "layers: [doubled: {time: 3}]", layers: layers)
            Issue.record("an unknown key was taken")
        } catch {
            #expect(error.description.hasPrefix("model:1: unknown key 'time' of layer doubled; did you mean 'times'?"))
        }
    }

    @Test func attentionTakesTwoInputs() throws {
        let model = try ModelFile(
            text: """
                inputs: {question: [3, 4], text: [5, 2]}
                layers:
                  - multi-head-attention: {heads: 2, key-dimension: 3, inputs: [question, text]}
                  - flatten
                """
        ).model
        let buffer = try model.makeParameterBuffer(input: [22])
        #expect(try model.build([22]) == [12])
        let shapes = Dictionary(uniqueKeysWithValues: buffer.parameters.map { ($0.path, $0.shape) })
        #expect(shapes["multi_head_attention.query.kernel"] == [4, 2, 3])
        #expect(shapes["multi_head_attention.key.kernel"] == [2, 2, 3])
        #expect(shapes["multi_head_attention.attention_output.kernel"] == [2, 3, 4])
        let four = try ModelFile(
            text:
                "inputs: {a: [2, 2]}\nlayers:\n  - multi-head-attention: {heads: 1, key-dimension: 1, inputs: [a, a, a, a]}"
        ).model
        #expect(throws: ShapeError.self) { try four.build([2, 2]) }
    }

    static let mistakes: [(text: String, message: String)] = [
        (
            "layers:\n  - dense: {units: 2, name: a}\n  - add: {inputs: [a, b]}\n  - dense: {units: 2, name: b}",
            "m.yaml:3: no layer above has the name 'b': layers take inputs, or values of layers above them"
        ),
        ("layers:\n  - add: {inputs: [input, add]}", "m.yaml:2: no layer above has the name 'add'"),
        ("layers:\n  - dense: {units: 2}\n  - add", "m.yaml:3: layer add takes two inputs or more"),
        (
            "layers:\n  - dense: {units: 2}\n  - dense: {units: 2, inputs: [input, dense]}",
            "m.yaml:3: layer dense takes one input, got 2; join them first, with add or concatenate"
        ),
        (
            "layers:\n  - dense: {units: 2, name: a}\n  - dense: {units: 2, name: a}",
            "m.yaml:3: two layers or inputs have the name 'a'"
        ),
        (
            "layers:\n  - dense: {units: 2}\n  - dense: {units: 3, inputs: input}",
            "m.yaml:2: no layer takes the value of 'dense', and it is not the model's output"
        ),
        ("inputs: {a: 2, b: 2}\nlayers:\n  - dense: {units: 2, inputs: a}", "m.yaml:1: no layer takes the input 'b'"),
        (
            "inputs: {a: 2, b: 2}\nlayers:\n  - dense: {units: 2}",
            "m.yaml:3: layer dense: say which of the model's inputs"
        ),
        ("inputs: [a]\nlayers: [flatten]", "m.yaml:1: inputs: expected names with the shapes of their samples"),
        (
            "layers:\n  - dense: {units: 2}\n  - conv2d: {tied-to: dense}",
            "m.yaml:3: layer conv2d can't be tied to 'dense', a Dense"
        ),
        (
            "layers:\n  - dense: {units: 2}\n  - dense: {units: 2, tied-to: dense}",
            "m.yaml:3: layer dense is tied to 'dense', the same layer again: it has no options of its own"
        ),
        ("layers:\n  - dense: {tied-to: input}", "m.yaml:2: tied-to of layer dense: expected the name of a layer"),
        (
            "layers:\n  - batch-normalization\n  - batch-normalization: {tied-to: batch_normalization}",
            "m.yaml: layer batch_normalization is shared, but has running statistics"
        ),
        ("layers:\n  - residual", "m.yaml:2: residual: layers: expected a list of at least one layer"),
        (
            "layers:\n  - residual: {layer: [flatten]}",
            "m.yaml:2: unknown key 'layer' of residual; did you mean 'layers'?"
        ),
        ("layers:\n  - parallel: {branches: [[flatten]]}", "m.yaml:2: parallel: expected two branches or more"),
        (
            "layers:\n  - parallel: {branches: [[flatten], []], merge: sum}", "m.yaml:2: parallel: 'sum' is no merge"
        ),
        ("layers:\n  - repeat: {times: 0, layers: [flatten]}", "m.yaml:2: repeat: expected times, a whole number of 1"),
        ("layers:\n  - dense: {units: 2, name: a.b}", "m.yaml:2: name of layer dense: expected a word without dots"),
        ("layers:\n  - concatenate: {axis: 0}", "m.yaml:2: axis of layer concatenate: expected an axis of the samples"),
    ]

    @Test(arguments: mistakes) func mistakesAreExplained(text: String, message: String) {
        do {
            _ = try ModelFile(text: text, file: "m.yaml")
            Issue.record("no error for \(text)")
        } catch {
            #expect(error.description.hasPrefix(message), "\(error)")
        }
    }

    @Test func shapesThatDoNotFitAreToldWithTheirLine() throws {
        let text = "layers:\n  - dense: {units: 2, name: a}\n  - dense: {units: 3}\n  - add: {inputs: [a, dense]}"
        let model = try ModelFile(text: text, file: "m.yaml").model
        do {
            _ = try model.build([4])
            Issue.record("built")
        } catch {
            #expect(error.description.hasPrefix("m.yaml:4: layer add: Add: expected inputs of one shape"), "\(error)")
            #expect(error.description.hasSuffix("(from a [2], dense [3])"), "\(error)")
        }
    }

    // MARK: Residual networks

    @Test(arguments: [(FittedModel.resnet20, 272_474), (.resnet32, 466_906), (.resnet56, 855_770)])
    func residualNetworksHaveTheirSize(_ model: FittedModel, _ count: Int) throws {
        let network = try ModelFile(text: model.text(.samples([32, 32, 3]), .classes(10))).model
        let buffer = try network.makeParameterBuffer(input: [32, 32, 3])
        #expect(buffer.trainableScalarCount == count)
        #expect(network.allLayers().count(where: { $0.layer is Conv2D }) == Int(model.rawValue.suffix(2))! - 1 + 2)
    }

    @Test func residualNetworksFitAnyPicture() throws {
        for (output, shape) in [(.classes(7), [7]), (.binary, [1]), (.values(3), [3])]
            as [(AutomaticModel.Output, Shape)]
        {
            let network = try ModelFile(text: FittedModel.resnet20.text(.samples([16, 21, 1]), output)).model
            #expect(try network.build([16, 21, 1]) == shape)
        }
        for (side, classes) in [(8, 3), (32, 10), (9, 2)] {
            let file = try FittedModel.resnet9.text(.samples([side, side, 3]), .classes(classes))
            let network = try ModelFile(text: file).model
            #expect(try network.build([side, side, 3]) == [classes])
            let buffer = try network.makeParameterBuffer(input: [side, side, 3])
            #expect(buffer.trainableScalarCount == 411_664 + 129 * classes)
        }
        let text = try FittedModel.resnet20.text(.samples([32, 32, 3]), .classes(10))
        #expect(try ModelDescription("resnet20") == .file(text: text))
    }
}
