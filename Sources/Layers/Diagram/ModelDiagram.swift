// A model as boxes and arrows: what `summary` lists and `ModelDrawing` draws.

import Autograd
import Tensors

/// The parts of a model with their shapes and connections.
struct ModelDiagram {
    struct Part {
        let name: String
        let type: String
        /// Of an output sample; nil where a model's own code wires its parts.
        let output: Shape?
        /// Scalars; nil where another part has them already.
        let parameters: Int?
        /// The parts it takes, by their place; nil where that is unknown.
        let inputs: [Int]?
    }

    let parts: [Part]
    /// Whether connections are more than from each part to the next.
    let isGraph: Bool

    /// Builds `model`. Inputs are parts of a graph, which has several ways from them, and not of others.
    init(_ model: any Layer, input: Shape) throws(ShapeError) {
        let output = try model.build(input)
        if let graph = model as? Graph {
            let shapes = try graph.allShapes(graph.parts(of: input))
            var parts = zip(graph.inputs, shapes).map { given, shape in
                Part(name: given.name, type: "Input", output: shape, parameters: 0, inputs: [])
            }
            for (node, shape) in zip(graph.nodes, shapes.dropFirst(graph.inputs.count)) {
                let layer = graph.layers[node.layer]
                parts.append(
                    Part(
                        name: node.name, type: layer.typeName, output: shape,
                        parameters: node.isRepeated ? nil : layer.scalarCount, inputs: node.inputs))
            }
            (self.parts, isGraph) = (parts, true)
        } else if let sequential = model as? Sequential {
            var shape = input
            var parts: [Part] = []
            for (name, layer) in sequential.children {
                shape = try layer.build(shape)
                parts.append(
                    Part(
                        name: name, type: layer.typeName, output: shape, parameters: layer.scalarCount,
                        inputs: parts.isEmpty ? [] : [parts.count - 1]))
            }
            (self.parts, isGraph) = (parts, false)
        } else {
            let children = model.children.map { name, layer in
                Part(name: name, type: layer.typeName, output: nil, parameters: layer.scalarCount, inputs: nil)
            }
            let whole = Part(
                name: Sequential.snakeCase(model.typeName), type: model.typeName, output: output,
                parameters: model.scalarCount, inputs: [])
            (parts, isGraph) = (children.isEmpty ? [whole] : children, false)
        }
    }
}

extension ModelDiagram.Part {
    /// `(None, 26, 26, 32)`, as Keras writes it.
    var shapeText: String {
        guard let output else { return "?" }
        let lengths = ["None"] + output.dimensions.map(String.init)
        return "(\(lengths.joined(separator: ", "))\(lengths.count == 1 ? "," : ""))"
    }

    var parameterText: String { parameters.map(grouped) ?? "shared" }
}

extension Layer {
    /// The scalars of the layer and its parts.
    var scalarCount: Int { allParameters().map(\.parameter).scalarCount }
}

extension [Parameter] {
    var scalarCount: Int { reduce(0) { $0 + ($1.shape?.count ?? 0) } }
}

/// 693962 -> `693,962`
func grouped(_ number: Int) -> String {
    var digits = Array(String(number))
    for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
    return String(digits)
}
